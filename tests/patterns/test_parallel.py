"""Parallel in whole runs: one task for all at once, merged or side by side, in the order of the roles."""

from pathlib import Path
from typing import Any

import pytest

from policies.team.team import Team
from tests.harness import without_times
from tests.patterns.stage import (
    GOAL,
    MODEL,
    Plain,
    go_on,
    output,
    play,
    refused,
    seat,
    stopped,
    success,
    team_of,
    usage,
)
from tests.scripted_server import delayed, forever, hangs, status, text

pytestmark = pytest.mark.slow

ROLES = ("writer", "coder", "analyst")
"""Against the order of the alphabet, so that who sorts by name is found out."""

LINES: Plain = {**{role: output(f"The {role} says so.") for role in ROLES}, "brief": text("All agree.")}
RESULTS = [{"agent": role, "text": f"The {role} says so."} for role in ROLES]
TOLD = [seat(1, "answers", role, {"text": f"The {role} says so."}) for role in ROLES]
COUNTING = "quorum"
"""The shipped policy under which absences count."""


def parallel(**changes: Any) -> Team:
    return team_of("parallel", *ROLES, **changes)


def test_all_roles_get_the_same_task_and_a_synthesis_merges_what_they_say(tmp_path: Path) -> None:
    played = play(tmp_path, parallel(), LINES)
    expected = success(played.team, "All agree.", TOLD, usage(4), details={"missing": []})
    assert without_times(played.record) == expected
    assert played.asked == {**dict.fromkeys(ROLES, 1), "brief": 1}
    assert [played.tasks(role) for role in ROLES] == [[{}]] * 3
    told = [{key: played.calls(role)[0].user[key] for key in ("goal", "round", "shared_context")} for role in ROLES]
    assert told == [told[0]] * 3
    [synthesis] = played.calls("brief")
    assert synthesis.user == {"goal": GOAL, "results": RESULTS, "missing": []}


def test_results_stand_side_by_side_where_no_synthesis_is_wanted(tmp_path: Path) -> None:
    played = play(tmp_path, parallel(options={"synthesis": False}), {role: LINES[role] for role in ROLES})
    answer = "writer: The writer says so.\n\ncoder: The coder says so.\n\nanalyst: The analyst says so."
    assert without_times(played.record) == success(played.team, answer, TOLD, usage(3), details={"missing": []})
    assert played.asked == dict.fromkeys(ROLES, 1)


def test_the_synthesis_has_a_model_of_its_own(tmp_path: Path) -> None:
    team = parallel(roles={"coder": {"model": "small-1"}}, brief={"model": "fine-1"})
    played = play(tmp_path, team, LINES)
    models = {call.role: call.body["model"] for call in played.server.calls}
    assert models == {"writer": MODEL, "coder": "small-1", "analyst": MODEL, "brief": "fine-1"}
    system = played.calls("brief")[0].body["messages"][0]["content"]
    assert "You write for the whole team." in system


@pytest.mark.slow
@pytest.mark.parametrize("late", [(0.9, 0.6, 0.3), (0.3, 0.6, 0.9), (0.6, 0.9, 0.3)])
def test_all_calls_are_in_flight_together_and_results_come_in_the_order_of_the_roles(
    tmp_path: Path, late: tuple[float, ...]
) -> None:
    lines = {role: delayed(LINES[role], seconds) for role, seconds in zip(ROLES, late, strict=True)}
    played = play(tmp_path, parallel(), {**lines, "brief": LINES["brief"]})
    assert played.most_at_once == 3
    assert sorted(len(each.beside) for each in played.floor.arrivals) == [0, 0, 1, 2]
    [synthesis] = played.arrivals("brief")
    assert {*synthesis.after} == {*ROLES}
    assert synthesis.call.user["results"] == RESULTS
    assert (played.record["outputs"], [line.get("seat") for line in played.record["trace"]]) == (TOLD, [*ROLES, None])


def test_a_role_that_breaks_its_contract_stops_the_run_after_its_repair(tmp_path: Path) -> None:
    played = play(tmp_path, parallel(), LINES | {"coder": forever(output(" "))})
    told = [{"round": 1, "seat": role, "agent": role, "contract": "output", "accepted": True} for role in ROLES]
    kept = [line for line in told if line["seat"] != "coder"]  # the analyst was accepted while the coder was asked anew
    expected = stopped(
        played.team,
        "invalid_output:coder",
        "answers:coder",
        [],
        usage(4),
        resumable=True,
        raw_contribution={"text": " "},
        trace=kept,
    )
    assert without_times(played.record) == expected
    assert played.asked == {"writer": 1, "coder": 2, "analyst": 1}
    assert [call.user.get("repair") for call in played.calls("coder")] == [
        None,
        {"failed_check": "invalid_output:coder:text"},
    ]


FAILURES = {
    "503": (refused(503), "llm_error:503", 3),
    "429": (refused(429), "llm_rate_limited", 3),
    "timeout": (forever(hangs(9)), "llm_timeout", 3),
    "no text": (text(" "), "llm_empty", 1),
    "no object": (forever(text("So be it.")), "invalid_output:coder", 2),
}


@pytest.mark.slow
@pytest.mark.parametrize(("said", "reason", "calls"), FAILURES.values(), ids=FAILURES.keys())
def test_a_role_that_fails_is_absent_and_told_missing_where_the_policy_counts_absences(
    tmp_path: Path, said: Any, reason: str, calls: int
) -> None:
    played = play(tmp_path, parallel(policy=COUNTING), LINES | {"coder": said}, timeout_seconds=1.0)
    assert played.asked == {"writer": 1, "coder": calls, "analyst": 1, "brief": 1}
    missing = [{"agent": "coder", "reason": reason}]
    assert (played.record["status"], played.record["details"]) == ("ok", {"missing": missing})
    assert played.record["absent"] == [{"round": 1, "role": "coder", "reason": reason}]
    assert played.record["outputs"][1] == seat(1, "answers", "coder", None, absent=reason)
    [synthesis] = played.calls("brief")
    assert synthesis.user == {"goal": GOAL, "results": [RESULTS[0], RESULTS[2]], "missing": missing}


@pytest.mark.parametrize(("code", "reason"), [(401, "llm_auth"), (403, "llm_auth"), (400, "llm_error:400")])
def test_what_no_other_role_can_make_up_for_stops_the_run_although_absences_count(
    tmp_path: Path, code: int, reason: str
) -> None:
    played = play(tmp_path, parallel(policy=COUNTING), LINES | {"coder": status(code)})
    assert (played.record["stop_reason"], played.record["phase"]) == (reason, "answers:coder")
    assert played.asked == dict.fromkeys(ROLES, 1)
    later = go_on(tmp_path, {"coder": LINES["coder"], "brief": LINES["brief"]})
    assert (later.record["status"], later.asked) == ("ok", {"coder": 1, "brief": 1})
    assert later.record["outputs"] == TOLD


def test_where_every_role_is_absent_the_run_stops_and_can_go_on(tmp_path: Path) -> None:
    played = play(tmp_path, parallel(policy=COUNTING), {role: refused(503) for role in ROLES})
    assert (played.record["stop_reason"], played.record["phase"]) == ("llm_error:503", "answers:writer")
    assert (played.record["outputs"], played.record["resumable"]) == ([], True)
    later = go_on(tmp_path, LINES)
    assert (later.record["status"], later.record["outputs"]) == ("ok", TOLD)
    assert later.asked == {**dict.fromkeys(ROLES, 1), "brief": 1}


def test_where_absences_do_not_count_the_run_stops_and_keeps_what_the_others_said(tmp_path: Path) -> None:
    played = play(tmp_path, parallel(), LINES | {"writer": refused(503)})
    assert (played.record["stop_reason"], played.record["phase"]) == ("llm_error:503", "answers:writer")
    assert [line["seat"] for line in played.record["trace"]] == ["coder", "analyst"]
    later = go_on(tmp_path, {"writer": LINES["writer"], "brief": LINES["brief"]})
    assert (later.asked, later.record["outputs"]) == ({"writer": 1, "brief": 1}, TOLD)
