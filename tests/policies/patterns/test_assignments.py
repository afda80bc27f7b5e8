"""Assignments: what a manager and a leader give to whom, and what comes back."""

from typing import Any

import pytest

from policies.contracts.answers import Task
from policies.patterns.course import advance
from policies.patterns.stages import Finish, Stage
from policies.team.team import PatternName, Team
from tests.policies.patterns.courses import (
    ANN,
    BOB,
    CID,
    FACTS,
    LEA,
    SEQUENCE,
    Said,
    closed,
    extended,
    finished,
    opened,
    raw_team,
    team_of,
)

PATTERNS: tuple[PatternName, ...] = ("manager", "hierarchy")
GIVEN = [{"to": CID, "subtask": "Ask."}, {"to": ANN, "subtask": "Look."}]
ASSIGNED = {"assignments": GIVEN}
MANDATES = {name: f"{name.capitalize()}: Speak for {name}." for name in SEQUENCE}


def done(text: str) -> Said:
    return {"text": text}


@pytest.mark.parametrize(("pattern", "once"), [("manager", False), ("hierarchy", True)])
def test_the_lead_assigns_first_and_learns_whom_it_can_name(pattern: PatternName, once: bool) -> None:
    team = team_of(pattern, options={"max_steps": 7})
    asks = {"agents": MANDATES, "once": once, "max_assignments": 7}
    assert opened(team, []) == Stage("assignments", (Task("assignments", LEA, "assignments", asks, SEQUENCE),))


@pytest.mark.parametrize(
    ("pattern", "label", "tolerance"), [("manager", "workers", "none"), ("hierarchy", "teams", "some")]
)
def test_those_named_work_in_the_order_of_the_assignments_each_on_its_own_subtask(
    pattern: PatternName, label: str, tolerance: Any
) -> None:
    team = team_of(pattern)
    tasks = (
        Task("assignment_1", CID, "output", {"subtask": "Ask."}),
        Task("assignment_2", ANN, "output", {"subtask": "Look."}),
    )
    assert opened(team, extended(team, [ASSIGNED])) == Stage(label, tasks, tolerance)


def test_the_results_of_workers_stand_in_the_order_of_the_assignments() -> None:
    end = finished(team := team_of("manager"), extended(team, [ASSIGNED], [done("Asked."), done("Seen.")]))
    assert end == Finish(
        (
            {"agent": CID, "subtask": "Ask.", "text": "Asked."},
            {"agent": ANN, "subtask": "Look.", "text": "Seen."},
        ),
        details={"assignments": GIVEN, "missing": []},
    )


def test_a_worker_may_have_several_subtasks_at_once() -> None:
    twice = [{"to": ANN, "subtask": "Look."}, {"to": ANN, "subtask": "Look again."}]
    team = team_of("manager")
    log = extended(team, [{"assignments": twice}])
    assert [(task.seat, task.role) for task in opened(team, log).tasks] == [
        ("assignment_1", ANN),
        ("assignment_2", ANN),
    ]
    end = finished(team, [*log, closed(opened(team, log), done("1"), done("2"))])
    assert [(each["subtask"], each["text"]) for each in end.results] == [("Look.", "1"), ("Look again.", "2")]


@pytest.mark.parametrize(
    ("said", "answered", "missing"),
    [
        (["1", "2"], [CID, ANN], [(BOB, "not_assigned")]),
        (["llm_timeout", "2"], [ANN], [(BOB, "not_assigned"), (CID, "llm_timeout")]),
        (["1", "no_quorum"], [CID], [(ANN, "no_quorum"), (BOB, "not_assigned")]),
        (["llm_empty", "no_quorum"], [], [(ANN, "no_quorum"), (BOB, "not_assigned"), (CID, "llm_empty")]),
    ],
)
def test_every_team_answered_or_is_reported_missing_in_sequence_order(
    said: list[str], answered: list[str], missing: list[tuple[str, str]]
) -> None:
    team = team_of("hierarchy")
    end = finished(team, extended(team, [ASSIGNED], [done(each) if each in "12" else each for each in said]))
    assert [each["agent"] for each in end.results] == answered
    assert end.details["missing"] == [{"agent": agent, "reason": reason} for agent, reason in missing]
    assert end.details["assignments"] == GIVEN
    assert end.answer is None


def test_a_decision_of_a_team_stands_in_its_result() -> None:
    team: Team = team_of("hierarchy")
    end = finished(team, extended(team, [ASSIGNED], [{"text": "Yes.", "decision": "go"}, done("Seen.")]))
    assert (end.results[0]["decision"], end.decision) == ("go", None)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_lead_that_assigned_nothing_is_asked_again(pattern: PatternName) -> None:
    team = team_of(pattern)
    absent = closed(opened(team, []), "llm_timeout")
    assert advance(team, [absent], FACTS) == opened(team, [])


def test_roles_outside_of_the_sequence_are_not_offered() -> None:
    roles = raw_team("manager")["roles"]
    team = team_of("manager", (ANN, BOB), roles=roles)
    (task,) = opened(team, []).tasks
    assert ([*task.asks["agents"]], task.choices) == ([ANN, BOB], (ANN, BOB))
