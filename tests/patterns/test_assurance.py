"""The record of every pattern: tampering is found, a replay gives the same, another policy decides it again."""

import asyncio
import copy
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from graph.assurance.replay import rules_named, verdicts
from graph.assurance.rerun import differing, rerun
from graph.opening import open_runner
from graph.report.dossier.explanation import explanation_of
from nodes.agreement import find_disagreement
from nodes.fingerprint import fingerprint
from policies.assurance.audit import find_break
from policies.assurance.past import Verdict
from policies.team.team import Team
from tests.harness import settings_at
from tests.hostile.command import Captured
from tests.hostile.command import refused as said_no
from tests.patterns.stage import (
    Lines,
    assignments,
    ballot,
    go_on,
    note,
    output,
    parsed,
    plan,
    play,
    position,
    proposed,
    raw_team,
    refused,
    team_of,
    turn,
    verdict,
)
from tests.runs.stage import state_of
from tests.scripted_server import Answer, forever, says, text

pytestmark = pytest.mark.slow

BROKEN = text("no JSON")
SYNTHESIS = text("All in all.")
INNER = raw_team("rounds", "risk", "legal", budget={"max_messages": 8})


def within(pattern: str, *sequence: str, **changes: Any) -> Team:
    """A team in which a rounds team answers for the role `council`."""
    return parsed(
        raw_team(pattern, *sequence, "council", roles={"council": {"team": INNER}}, facts={"x": 1}, **changes)
    )


COURSES: dict[str, tuple[Team, Lines]] = {
    "orchestrator": (
        team_of("orchestrator", "writer", "coder"),
        {
            "planner": [BROKEN, plan(("writer", "Draft."), ("coder", "Code.", 1))],
            "writer": output("A draft."),
            "coder": output("The code."),
            "brief": SYNTHESIS,
        },
    ),
    "pipeline": (
        within("pipeline", "writer"),
        {"writer": [BROKEN, output("A draft.")], "risk": says("go"), "legal": says("go"), "brief": SYNTHESIS},
    ),
    "parallel": (
        team_of("parallel", "writer", "coder"),
        {"writer": output("One."), "coder": output("Two."), "brief": SYNTHESIS},
    ),
    "debate": (
        team_of("debate", "writer", "coder"),
        {
            "writer": forever(position("Yes.")),
            "coder": [position("No."), position("Maybe."), position("Maybe.")],
            "judge": verdict("writer"),
        },
    ),
    "manager": (
        team_of("manager", "writer", "coder"),
        {
            "boss": assignments(("coder", "Code."), ("writer", "Draft.")),
            "writer": output("One."),
            "coder": output("Two."),
            "brief": SYNTHESIS,
        },
    ),
    "workspace": (
        team_of("workspace", "writer", "coder"),
        {"writer": [note("One."), note("One, again.")], "coder": [note("Two."), note("Two.")], "brief": SYNTHESIS},
    ),
    "conversation": (
        team_of("conversation", "writer", "coder"),
        {"writer": turn("Ready?"), "coder": turn("Yes.\nTASK_COMPLETE"), "brief": SYNTHESIS},
    ),
    "vote": (
        team_of("vote", "writer", "coder", "tester", policy="quorum"),
        {"chair": proposed(), "writer": ballot("approve"), "coder": ballot("approve"), "tester": ballot("reject")},
    ),
}


@pytest.mark.parametrize("pattern", COURSES)
def test_the_record_of_a_pattern_holds_and_a_replay_of_it_gives_the_same(pattern: str, tmp_path: Path) -> None:
    team, script = COURSES[pattern]
    record = play(tmp_path, team, script).record
    assert record["status"] == "ok", record["stop_reason"]
    state = state_of(settings_at(tmp_path))

    assert find_break(state["events"], fingerprint) is None
    assert find_disagreement("t", state) is None
    assert differing(record, asyncio.run(rerun("t", state))) == []


@pytest.mark.parametrize("pattern", COURSES)
def test_an_answer_changed_in_the_stages_alone_is_found(pattern: str, tmp_path: Path) -> None:
    team, script = COURSES[pattern]
    play(tmp_path, team, script)
    state = copy.deepcopy(state_of(settings_at(tmp_path)))

    for stage in state["stages"]:
        for entry in stage["entries"]:
            kept = entry["answer"]
            entry["answer"] = {**kept, "text": "Something else."}
            found = find_disagreement("t", state)
            assert found is not None
            assert found.message == "has a `stages` that differs from the thread's"
            entry["answer"] = kept
    assert find_disagreement("t", state) is None


def test_a_team_within_that_stopped_and_went_on_is_replayed_from_its_own_record(tmp_path: Path) -> None:
    team = within("pipeline", "writer")
    stopped = play(tmp_path, team, {"writer": output("A draft."), "risk": says("go"), "legal": refused(503)}).record
    assert stopped["stop_reason"] == "llm_error:503"
    record = go_on(tmp_path, {"legal": says("go"), "brief": SYNTHESIS}).record
    assert record["final_decision"] == "go"
    state = state_of(settings_at(tmp_path))

    again = asyncio.run(rerun("t", state))

    assert find_disagreement("t", state) is None
    assert differing(record, again) == []


def _ballots(*votes: str) -> dict[str, Answer]:
    return dict(zip(("writer", "coder", "tester"), map(ballot, votes), strict=True))


def _ask(home: Path, policy: str) -> list[Verdict]:
    async def gather(found: AsyncIterator[Verdict | None]) -> list[Verdict]:
        return [each async for each in found if each is not None]

    async def main() -> list[Verdict]:
        async with open_runner(settings_at(home)) as runner:
            return await gather(verdicts(runner.threads, rules_named(policy)))

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("votes", "policy", "expected"),
    [
        (("approve", "approve", "reject"), "unanimous", ("flipped", "go", "no_quorum")),
        (("approve", "approve", "reject"), "majority", ("same", "go", "go")),
        (("reject", "reject", "approve"), "majority", ("same", "no_go", "no_go")),
        (("approve", "reject", "reject"), "unanimous", ("flipped", "no_go", "no_quorum")),
    ],
)
def test_a_vote_is_decided_again_under_another_policy(
    votes: tuple[str, ...], policy: str, expected: tuple[str, str, str], tmp_path: Path
) -> None:
    team = team_of("vote", "writer", "coder", "tester", policy="quorum")
    play(tmp_path, team, {"chair": proposed(), **_ballots(*votes)})

    (verdict_on_it,) = _ask(tmp_path, policy)

    assert (verdict_on_it.answer, verdict_on_it.was, verdict_on_it.now) == expected


def test_ballots_that_decided_nothing_may_decide_under_another_policy(tmp_path: Path) -> None:
    team = team_of("vote", "writer", "coder", "tester", policy="unanimous")
    record = play(tmp_path, team, {"chair": proposed(), **_ballots("approve", "approve", "reject")}).record
    assert record["stop_reason"] == "no_quorum"

    (again,) = _ask(tmp_path, "majority")
    (same,) = _ask(tmp_path, "unanimous")

    assert (again.answer, again.was, again.now) == ("flipped", "no_quorum", "go")
    assert (same.answer, same.now) == ("same", "no_quorum")


def test_runs_that_no_policy_decides_are_left_out_of_what_if(tmp_path: Path) -> None:
    play(tmp_path, *COURSES["parallel"])

    assert _ask(tmp_path, "majority") == []


def test_a_vote_is_explained_and_a_pattern_without_a_vote_is_not(tmp_path: Path) -> None:
    play(tmp_path, *COURSES["vote"], thread="voted")
    play(tmp_path, *COURSES["parallel"], thread="merged")
    settings = settings_at(tmp_path)

    why = explanation_of("voted", state_of(settings, "voted"))

    assert isinstance(why, dict)
    assert why["final"] == "go"
    assert why["casts"] == {"writer": "go", "coder": "go", "tester": "block"}
    assert explanation_of("merged", state_of(settings, "merged")) is None


DEEP = raw_team("pipeline", "council", roles={"council": {"team": INNER}})


@pytest.mark.parametrize(
    ("team", "script", "sentence"),
    [
        (*COURSES["parallel"], "no policy decides its pattern `parallel`"),
        (
            *COURSES["pipeline"],
            "no policy decides its pattern `pipeline`; within it the team `a_rounds` decided go, "
            "as `accord show t` shows",
        ),
        (
            parsed(raw_team("parallel", "writer", "board", roles={"board": {"team": DEEP}}, facts={"x": 1})),
            {**COURSES["pipeline"][1], "brief": forever(SYNTHESIS), "writer": output("A draft.")},
            "no policy decides its pattern `parallel`; within it the team `a_rounds` decided go, "
            "as `accord show t` shows",
        ),
        (
            within("pipeline", "writer"),
            {"writer": output("A draft."), "risk": refused(401), "legal": says("go")},
            "no policy decides its pattern `pipeline`",
        ),
    ],
)
def test_why_says_that_no_policy_decides_a_pattern_and_names_the_teams_within_that_decided(
    team: Team, script: Lines, sentence: str, accord_home: Path, capsys: Captured
) -> None:
    play(accord_home, team, script)

    assert said_no(capsys, "why", "t") == [f"the thread `t` has nothing to explain: {sentence}"]
