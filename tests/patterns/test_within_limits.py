"""Limits of teams within, what a vote needs to pass, and what is kept of a course that was set aside or mended."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from graph.problems import UsageError
from policies.decision.table import DECISIONS
from tests.harness import settings_at
from tests.patterns.stage import (
    answer,
    answering,
    assignments,
    ballot,
    go_on,
    output,
    plan,
    play,
    proposed,
    refused,
    team_of,
)
from tests.runs.stage import state_of
from tests.scripted_server import forever, says, text

pytestmark = pytest.mark.slow

YES, NO, ABSTAIN = "approve", "reject", "abstain"
SYNTHESIS = text("All in all.")


@pytest.mark.parametrize("policy", ["majority", "unanimous", "quorum", "launch", "classic", "median"])
@pytest.mark.parametrize(
    "votes",
    [(ABSTAIN, ABSTAIN, ABSTAIN), (NO, ABSTAIN, ABSTAIN), (YES, NO, ABSTAIN), (NO, YES, NO), (ABSTAIN, NO, NO)],
)
def test_nothing_passes_without_more_that_approve_than_reject(
    votes: tuple[str, ...], policy: str, tmp_path: Path
) -> None:
    team = team_of("vote", "ann", "bob", "cid", policy=policy)
    ballots = dict(zip(("ann", "bob", "cid"), map(ballot, votes), strict=True))

    record = play(tmp_path, team, {"chair": proposed(), **ballots}).record

    assert record.get("final_decision") in (None, "no_go")
    assert record["stop_reason"] == ("success" if record.get("final_decision") in DECISIONS else "no_quorum")


def test_what_passes_under_a_table_of_votes_passes_with_enough_that_approve(tmp_path: Path) -> None:
    team = team_of("vote", "ann", "bob", "cid", policy="majority")
    script = {"chair": proposed(), "ann": ballot(YES), "bob": ballot(ABSTAIN), "cid": ballot(ABSTAIN)}

    assert play(tmp_path, team, script).record["final_decision"] == "go_with_caution"


# --- limits of a team within -----------------------------------------------------------------------------------------

FRAIL: dict[str, Any] = {
    "name": "frail",
    "rules": [
        {"when": "round == 4 && block > 0", "then": "go"},
        {"when": "go == team", "then": "go"},
        {"when": "block == team", "then": "no_go"},
    ],
    "otherwise": "next_round",
}
"""A table that is monotone as long as there is no fourth round."""


def test_limits_under_which_a_team_within_is_not_proved_are_refused_before_anything_is_kept(tmp_path: Path) -> None:
    council = answering("rounds", "risk", "legal", goal="Is it sound?", policy=FRAIL)
    team = team_of("pipeline", "council", roles={"council": council})
    script = {"risk": forever(says("block")), "legal": forever(says("go"))}
    stopped = play(tmp_path, team, script).record
    assert stopped["stop_reason"] == "max_rounds_reached"

    with pytest.raises(UsageError, match="`frail` is not monotone"):
        go_on(tmp_path, budget={"max_rounds": 5})

    assert state_of(settings_at(tmp_path))["limits"]["max_rounds"] == 3
    assert go_on(tmp_path).record["stop_reason"] == "max_rounds_reached"


def test_a_team_that_comes_to_a_limit_of_its_own_is_missing_and_ends_no_hierarchy(tmp_path: Path) -> None:
    small = answering("parallel", "ann", "bob", goal="Look.", budget={"max_messages": 1})
    whole = answering("parallel", "cid", goal="Ask.", options={"synthesis": False})
    team = team_of("hierarchy", "small", "whole", roles={"small": small, "whole": whole}, budget={"max_messages": 60})
    given = assignments(("small", "Look."), ("whole", "Ask."))
    script = {"boss": given, "ann": output("A."), "bob": output("B."), "cid": output("C."), "brief": SYNTHESIS}

    record = play(tmp_path, team, script).record

    assert record["status"] == "ok"
    assert record["details"]["missing"] == [{"agent": "small", "reason": "max_messages"}]
    assert record["absent"] == [{"round": 2, "role": "small", "seat": "assignment_1", "reason": "max_messages"}]
    (failed,) = [event for event in state_of(settings_at(tmp_path))["events"] if event["event"] == "failed"]
    assert (failed["reason"], failed["own_limit"]) == ("max_messages", True)


def test_where_the_run_itself_has_no_message_left_it_stops(tmp_path: Path) -> None:
    whole = answering("parallel", "ann", "bob", goal="Ask.", options={"synthesis": False})
    team = team_of("hierarchy", "whole", roles={"whole": whole}, budget={"max_messages": 2})
    script = {"boss": assignments(("whole", "Ask.")), "ann": output("A."), "bob": output("B."), "brief": SYNTHESIS}

    record = play(tmp_path, team, script).record

    assert (record["stop_reason"], record["phase"]) == ("max_messages", "assignment_1:whole")
    assert not any(event.get("own_limit") for event in state_of(settings_at(tmp_path))["events"])


# --- what is stored, told and set aside ------------------------------------------------------------------------------


def _stored(home: Path) -> int:
    settings = settings_at(home)
    with closing(sqlite3.connect(settings.database)) as database:
        (found,) = database.execute("select sum(length(checkpoint)) from checkpoints").fetchone()
    return int(found)


def test_checkpoints_grow_with_the_steps_of_a_plan_and_not_with_their_square(tmp_path: Path) -> None:
    sizes = []
    for count in (10, 40):
        steps = [("writer", f"Step {number}.", *([number - 1] if number > 1 else [])) for number in range(1, count + 1)]
        team = team_of("orchestrator", "writer", options={"max_steps": 40}, budget={"max_messages": 90})
        script = {"planner": plan(*steps), "writer": forever(output("Long. " * 300)), "brief": SYNTHESIS}
        assert play(tmp_path / str(count), team, script).record["status"] == "ok"
        sizes.append(_stored(tmp_path / str(count)))

    assert sizes[1] / sizes[0] < 6


def test_a_failed_step_that_was_made_good_is_absent_no_more(tmp_path: Path) -> None:
    team = team_of("orchestrator", "writer", "coder", options={"max_replans": 0})
    script = {"planner": plan(("writer", "Draft."), ("coder", "Code.")), "writer": output("A."), "coder": refused(503)}
    stopped = play(tmp_path, team, script).record
    assert [each["seat"] for each in stopped["absent"]] == ["step_2"]

    record = go_on(tmp_path, {"coder": output("B."), "brief": SYNTHESIS}).record

    assert (record["status"], record["absent"], record["rounds_used"]) == ("ok", [], 3)


def test_a_lead_may_name_those_alone_that_may_speak(tmp_path: Path) -> None:
    team = team_of("orchestrator", "writer", "coder", roles={"coder": {"enabled": False}}, max_repairs=0)

    played = play(tmp_path, team, {"planner": plan(("writer", "Draft."), ("coder", "Code."))})

    assert played.record["stop_reason"] == "invalid_plan:step_2:unknown_agent:coder"
    assert played.asked == {"planner": 1}
    assert played.tasks("planner")[0]["choices"] == ["writer"]


def test_messages_of_a_course_that_was_set_aside_reach_nobody(tmp_path: Path) -> None:
    team = team_of("debate", "ann", "bob", messages={}, budget={"max_rounds": 1})
    asks = answer(position="Yes.", argument="So.", messages=[{"to": "bob", "kind": "question", "content": "Why?"}])
    script = {"ann": asks, "bob": refused(503)}
    assert play(tmp_path, team, script).record["stop_reason"] == "llm_error:503"
    silent = forever(answer(position="Yes.", argument="So."))

    played = go_on(
        tmp_path,
        {"ann": silent, "bob": silent, "judge": answer(winner="ann", decision=None, reasons=["So."], confidence=1)},
        facts={"orders": 1},
        accept_changes=True,
    )

    assert played.record["status"] == "ok"
    assert not any("inbox" in call.user for call in played.calls("bob"))
    state = state_of(settings_at(tmp_path))
    assert [message["id"] for message in state["messages"]] == state["withdrawn"] == ["m1"]
