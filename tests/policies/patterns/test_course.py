"""The course of a team: what holds for every pattern and every log that can come of answers."""

import copy
from collections.abc import Callable, Mapping
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.contracts.answers import Refusal, Task
from policies.contracts.table import judge
from policies.decision.table import DECISIONS
from policies.patterns.course import advance
from policies.patterns.stages import Finish, Stage
from policies.plain import is_plain
from policies.run.stop import Stop
from policies.team.team import PatternName, Team
from tests.policies.patterns.courses import (
    ANSWERS,
    FACTS,
    LEA,
    SEQUENCE,
    Log,
    Said,
    answered_well,
    closed,
    played,
    policy_of,
    team_of,
)

STAGED: tuple[PatternName, ...] = tuple(name for name in get_args(PatternName) if name != "rounds")
REASONS = ("llm_timeout", "llm_empty", "invalid_output:ann", "no_quorum")
WORDS = st.sampled_from(("Go.", "go.", "Stop.", "> TASK_COMPLETE", "All said.\nTASK_COMPLETE"))
STEP = st.fixed_dictionaries({"agent": st.sampled_from(SEQUENCE), "task": st.text("ab", min_size=1, max_size=8)})


def _plan(draw: st.DrawFn, task: Task) -> dict[str, Any]:
    offered = draw(st.lists(STEP, min_size=1, max_size=5, unique_by=lambda step: (step["agent"], step["task"])))
    before = [draw(st.lists(st.integers(1, place), unique=True)) if place else [] for place in range(len(offered))]
    return {"steps": [{**step, "dependencies": each} for step, each in zip(offered, before, strict=True)]}


def _assignments(draw: st.DrawFn, task: Task) -> dict[str, Any]:
    named = draw(st.lists(st.sampled_from(task.choices), min_size=1, max_size=4, unique=bool(task.asks["once"])))
    return {"assignments": [{"to": name, "subtask": "Look."} for name in named]}


def _named(draw: st.DrawFn, task: Task) -> str | None:
    return draw(st.sampled_from((None, *task.choices)))


MADE: dict[str, Callable[[st.DrawFn, Task], Mapping[str, Any]]] = {
    "output": lambda draw, task: {"text": draw(WORDS)},
    "plan": _plan,
    "assignments": _assignments,
    "position": lambda draw, task: {"position": draw(WORDS), "argument": "Since."},
    "verdict": lambda draw, task: {**ANSWERS["verdict"], "winner": _named(draw, task), "decision": draw(WORDS)},
    "note": lambda draw, task: {"content": draw(WORDS), "adds": draw(st.sampled_from(("", "More."))), "artifacts": []},
    "turn": lambda draw, task: {"text": draw(WORDS), "next": _named(draw, task)},
    "proposal": lambda draw, task: ANSWERS["proposal"],
    "ballot": lambda draw, task: {"vote": draw(st.sampled_from(("approve", "reject", "abstain"))), "reason": "Since."},
}


@st.composite
def courses(draw: st.DrawFn) -> tuple[Team, Log, Any]:
    """Return a team, a course of valid answers and absences to its end, and that end."""
    team = draw(st.sampled_from(TEAMS))
    log: Log = []
    while isinstance(follows := advance(team, log, FACTS), Stage):
        said: list[Said] = [_said(draw, task, team) for task in follows.tasks]
        log.append(closed(follows, *_borne(draw, follows, said)))
        assert len(log) <= most_stages(team), f"{team.pattern} goes on and on"
    return team, log, follows


def _said(draw: st.DrawFn, task: Task, team: Team) -> Said:
    answer = judge(MADE[task.contract](draw, task), task, team)
    assert not isinstance(answer, Refusal), answer
    return answer.answer


def _borne(draw: st.DrawFn, stage: Stage, said: list[Said]) -> list[Said]:
    """Return the answers with some of them missing, as far as the stage bears it."""
    if stage.tolerance == "none":
        return said
    absent = draw(st.sets(st.integers(0, len(said) - 1)))
    if stage.tolerance == "some" and len(absent) == len(said):
        absent = absent - {0}
    return [draw(st.sampled_from(REASONS)) if place in absent else one for place, one in enumerate(said)]


def most_stages(team: Team) -> int:
    """Return how many stages the pattern may come to, worked out from what the specification allows."""
    rounds, options = team.budget.max_rounds, team.options
    return {
        "orchestrator": (1 + options.max_replans) * (1 + options.max_steps),
        "pipeline": len(team.sequence),
        "parallel": 1,
        "debate": 1 + rounds + 1,
        "hierarchy": 2,
        "manager": 2,
        "workspace": rounds,
        "conversation": options.max_turns,
        "vote": 2,
    }[team.pattern]


VARIED: dict[str, list[dict[str, Any]]] = {
    "orchestrator": [{"max_steps": 5, "max_replans": replans} for replans in (0, 1, 2)],
    "conversation": [{"max_turns": 6, "speakers": speakers} for speakers in ("named", "round_robin")],
    "parallel": [{"synthesis": False}],
    "workspace": [{"synthesis": False}],
}
TABLE = policy_of(
    [{"when": "go > block", "then": "go"}, {"when": "block > go", "then": "no_go"}], otherwise="next_round"
)
TEAMS = [
    team_of(pattern, policy={**TABLE, "on_absent": absent}, options=options, budget={"max_rounds": rounds})
    for pattern in STAGED
    for absent in ("stop", "count")
    for options in ({}, *VARIED.get(pattern, ()))
    for rounds in ((1, 2, 3) if pattern in ("debate", "workspace") else (3,))
]


@given(courses())
def test_every_course_comes_to_an_end_that_the_state_can_hold(course: tuple[Team, Log, Any]) -> None:
    team, _, end = course
    if isinstance(end, Stop):
        kinds = {"orchestrator": "step_failed", "conversation": "max_turns_reached", "vote": "no_quorum"}
        assert Stop.parse(end.reason).kind == kinds[team.pattern]
        return
    assert isinstance(end, Finish)
    assert is_plain([dict(each) for each in end.results])
    assert is_plain(dict(end.details))
    assert end.answer is None or end.answer.strip()
    assert (end.decision in DECISIONS) == (team.pattern == "vote")
    assert all(each["agent"] in SEQUENCE and each["text"] for each in end.results)


@given(courses())
def test_each_stage_asks_known_roles_each_seat_once_and_shows_nobody_what_is_said_in_it(
    course: tuple[Team, Log, Any],
) -> None:
    team, log, _ = course
    for number in range(len(log)):
        stage = advance(team, log[:number], FACTS)
        assert isinstance(stage, Stage)
        assert stage.tasks
        assert len({task.seat for task in stage.tasks}) == len(stage.tasks)
        assert {task.role for task in stage.tasks} <= {*SEQUENCE, LEA}
        assert (LEA in {task.role for task in stage.tasks}) <= (len(stage.tasks) == 1)
        assert all(is_plain(dict(task.asks)) for task in stage.tasks)


@given(courses())
def test_what_follows_depends_on_the_log_alone_and_changes_nothing_in_it(course: tuple[Team, Log, Any]) -> None:
    team, log, end = course
    before = copy.deepcopy(log)
    for number in range(len(log) + 1):
        assert advance(team, log[:number], FACTS) == advance(team, copy.deepcopy(log[:number]), dict(FACTS))
    assert advance(team, tuple(log), FACTS) == end
    assert log == before


@pytest.mark.parametrize(
    ("pattern", "labels"),
    [
        ("orchestrator", ["plan", "steps"]),
        ("pipeline", ["ann", "bob", "cid"]),
        ("parallel", ["answers"]),
        ("debate", ["opening", "reply_1", "verdict"]),
        ("hierarchy", ["assignments", "teams"]),
        ("manager", ["assignments", "workers"]),
        ("workspace", ["iteration_1", "iteration_2", "iteration_3"]),
        ("conversation", [f"turn_{number}" for number in range(1, 11)]),
        ("vote", ["proposal", "ballots"]),
    ],
)
def test_every_pattern_has_its_course(pattern: PatternName, labels: list[str]) -> None:
    log, _ = played(team_of(pattern), answered_well)
    assert [stage.label for stage in log] == labels


@pytest.mark.parametrize("pattern", STAGED)
def test_facts_steer_nothing_but_the_guards_of_a_vote(pattern: PatternName) -> None:
    team = team_of(pattern)
    log, end = played(team, answered_well)
    assert advance(team, log, {}) == advance(team, log, {"note": "TASK_COMPLETE"}) == end
