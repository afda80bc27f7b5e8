"""Repairs: only the seat whose proposal broke the contract is asked again, told why, for one message each."""

from pathlib import Path
from typing import Any

import pytest

from tests.harness import settings_at, without_times
from tests.runs.expected import NO_OBJECT, SAID, accepted, round_of, stopped, success, usage
from tests.runs.stage import (
    AT_ONCE,
    BACKWARDS,
    BRIEF,
    DEMAND,
    FINANCE,
    RISK,
    go_on,
    play,
    rounds,
    script,
    state_of,
)
from tests.scripted_server import says, status, text

pytestmark = pytest.mark.slow

ALL_GO = [round_of(1, dict.fromkeys((DEMAND, FINANCE, RISK), "go"), [], "go")]
BROKEN = [says("maybe"), text("I would say go."), says("go", confidence=7), says("go")]
FAILED = [
    "invalid_contribution:stance",
    f"invalid_contribution:missing_keys ({NO_OBJECT})",
    "invalid_contribution:confidence_range",
]
"""What a repair is told."""
EMPTY = "invalid_contribution:missing_keys (missing: agent, stance, summary, confidence, actions)"
REASONS = [f"invalid_contribution:{check}" for check in ("stance", "missing_keys", "confidence_range")]
RAWS: list[Any] = [
    {"agent": FINANCE, "stance": "maybe", "summary": "Fine.", "confidence": 0.9, "actions": ["Go on."]},
    "I would say go.",
    {"agent": FINANCE, "stance": "go", "summary": "Fine.", "confidence": 7, "actions": ["Go on."]},
]


@pytest.mark.parametrize("repairs", [0, 1, 2])
def test_with_n_repairs_the_proposal_after_them_stops_the_run(tmp_path: Path, repairs: int) -> None:
    played = play(tmp_path, script(finance_analyst=BROKEN), f"max_repairs={repairs}")
    assert played.team is not None
    calls = 3 + repairs
    assert without_times(played.record) == stopped(
        played.team,
        REASONS[repairs],
        usage(calls, calls),
        resumable=True,
        phase="round_1:finance_analyst",
        trace=accepted(DEMAND, RISK),
        raw=RAWS[repairs],
        cause=NO_OBJECT if repairs == 1 else None,
    )
    assert played.asked == {DEMAND: 1, FINANCE: 1 + repairs, RISK: 1}


@pytest.mark.parametrize("broken", [1, 2, 3])
def test_a_repaired_seat_counts_like_any_other(tmp_path: Path, broken: int) -> None:
    played = play(tmp_path, script(finance_analyst=BROKEN[3 - broken :]), "max_repairs=3")
    assert played.team is not None
    used = usage(4 + broken, 4 + broken)
    trace = [*accepted(DEMAND, RISK, FINANCE), {"round": 1, "conflicts": [], "decision": "go"}]
    assert without_times(played.record) == success(played.team, ALL_GO, used, BRIEF, trace)
    assert played.asked == {DEMAND: 1, FINANCE: 1 + broken, RISK: 1, "brief": 1}


def test_without_a_word_in_the_team_file_one_repair_is_granted(tmp_path: Path) -> None:
    assert play(tmp_path, script(risk_analyst=[BROKEN[0], says("go")])).record["status"] == "ok"
    stopped_run = play(tmp_path, script(risk_analyst=[BROKEN[0], BROKEN[0]]), thread="t2")
    assert stopped_run.record["stop_reason"] == REASONS[0]


def test_a_repair_is_the_same_question_and_the_check_that_failed_last(tmp_path: Path) -> None:
    played = play(tmp_path, script(finance_analyst=BROKEN), "max_repairs=3")
    first, *repairs = played.seen(FINANCE, 1)
    assert "repair" not in first
    assert repairs == [{**first, "repair": {"failed_check": failed}} for failed in FAILED]
    assert not [user for role in (DEMAND, RISK) for user in played.seen(role, 1) if "repair" in user]


def test_repairs_are_granted_per_seat_and_round(tmp_path: Path) -> None:
    lines = rounds(("go", "caution", "caution"), ("go", "go", "go"))
    for number, stance in ((1, "caution"), (2, "go")):
        lines[(FINANCE, number)] = [text("{}"), says(stance)]
        lines[(RISK, number)] = [text("[]"), says(stance)]
    played = play(tmp_path, lines, "max_repairs=1")
    assert (played.record["final_decision"], played.record["rounds_used"]) == ("go", 2)
    assert played.asked == {DEMAND: 2, FINANCE: 4, RISK: 4, "brief": 1}
    assert [user.get("repair") for user in played.seen(FINANCE, 2)] == [
        None,
        {"failed_check": EMPTY},
    ]


def test_two_roles_are_repaired_together_and_the_first_in_sequence_that_fails_again_stops_the_run(
    tmp_path: Path,
) -> None:
    lines = script(demand_analyst=[text("{}"), text("[]")], finance_analyst=[says("maybe"), says("never")])
    played = play(tmp_path, lines, BACKWARDS)
    assert played.team is not None
    assert without_times(played.record) == stopped(
        played.team,
        REASONS[0],
        usage(5, 5),
        resumable=True,
        phase="round_1:finance_analyst",
        trace=accepted(RISK),
        raw=RAWS[0] | {"stance": "never"},
    )


def test_of_two_roles_to_be_repaired_the_one_without_repairs_left_stops_the_run(tmp_path: Path) -> None:
    lines = script(risk_analyst=[text("{}"), text("{}")], demand_analyst=[status(401), text("{}"), says("go")])
    first = play(tmp_path, lines)
    assert (first.record["stop_reason"], first.asked[RISK]) == ("llm_auth", 1)
    second = go_on(tmp_path, {DEMAND: [text("{}"), says("go")], RISK: [text("{}"), text("{}")]})
    assert (second.record["stop_reason"], second.record["phase"]) == (REASONS[1], "round_1:risk_analyst")
    assert second.asked == {DEMAND: 2, RISK: 2}


@pytest.mark.parametrize(
    ("messages", "reason", "asked"),
    [
        (3, "max_messages", {DEMAND: 1, FINANCE: 1, RISK: 1}),
        (4, "max_messages", {DEMAND: 1, FINANCE: 2, RISK: 1}),
        (5, "success", {DEMAND: 1, FINANCE: 3, RISK: 1, "brief": 1}),
    ],
)
def test_each_attempt_costs_one_message_and_the_one_too_many_is_never_made(
    tmp_path: Path, messages: int, reason: str, asked: dict[str, int]
) -> None:
    lines = script(finance_analyst=[*BROKEN[:2], says("go")])
    played = play(tmp_path, lines, "max_repairs=2", f"budget.max_messages={messages}")
    assert played.record["stop_reason"] == reason
    assert played.asked == asked
    if reason == "max_messages":
        assert played.record["phase"] == "round_1:finance_analyst"
        assert "raw_contribution" not in played.record


def test_messages_run_out_at_the_second_of_two_repairs_in_sequence_order(tmp_path: Path) -> None:
    lines = script(finance_analyst=[text("{}"), says("go")], demand_analyst=[text("{}"), says("go")])
    played = play(tmp_path, lines, BACKWARDS, "budget.max_messages=4")
    assert (played.record["stop_reason"], played.record["phase"]) == ("max_messages", "round_1:demand_analyst")
    assert played.asked == {DEMAND: 1, FINANCE: 2, RISK: 1}
    resumed = go_on(tmp_path, {DEMAND: says("go"), "brief": text(BRIEF)}, budget={"max_messages": 5})
    assert resumed.record["status"] == "ok"
    assert resumed.asked == {DEMAND: 1, "brief": 1}
    assert resumed.seen(DEMAND, 1)[0]["repair"] == {"failed_check": EMPTY}


def test_a_repair_that_gets_no_answer_stops_with_the_provider_s_reason_and_is_repaired_after_the_resume(
    tmp_path: Path,
) -> None:
    lines = script(risk_analyst=[BROKEN[0], *[status(500, headers=AT_ONCE)] * 3])
    played = play(tmp_path, lines)
    assert played.team is not None
    assert without_times(played.record) == stopped(
        played.team,
        "llm_error:500",
        usage(6, 3),
        resumable=True,
        phase="round_1:risk_analyst",
        trace=accepted(DEMAND, FINANCE),
        cause=f"{played.server.base_url}: {SAID[500]}",
    )
    resumed = go_on(tmp_path, {RISK: says("go"), "brief": text(BRIEF)})
    assert without_times(resumed.record) == success(played.team, ALL_GO, usage(8, 5), BRIEF)
    assert resumed.seen(RISK, 1)[0]["repair"] == {"failed_check": REASONS[0]}


def test_a_resume_grants_the_repairs_anew_and_asks_the_seat_that_lacks_an_answer_alone(tmp_path: Path) -> None:
    first = play(tmp_path, script(finance_analyst=BROKEN[:2]))
    assert first.team is not None
    assert (first.record["stop_reason"], first.record["resumable"]) == (REASONS[1], True)
    second = go_on(tmp_path, {FINANCE: [BROKEN[0], BROKEN[1]]})
    assert (second.record["stop_reason"], second.asked) == (REASONS[1], {FINANCE: 2})
    assert second.seen(FINANCE, 1)[0]["repair"] == {"failed_check": FAILED[1]}
    third = go_on(tmp_path, {FINANCE: [BROKEN[0], says("go")], "brief": text(BRIEF)})
    trace = [*accepted(DEMAND, RISK, FINANCE), {"round": 1, "conflicts": [], "decision": "go"}]
    assert without_times(third.record) == success(first.team, ALL_GO, usage(9, 9), BRIEF, trace)


def test_a_filled_seat_forgets_what_it_broke(tmp_path: Path) -> None:
    play(tmp_path, script(finance_analyst=[BROKEN[0], says("go")], risk_analyst=status(401)))
    seats = state_of(settings_at(tmp_path))["seats"]
    assert [(seat["role"], seat["accepted"] is not None, seat["refusal"]) for seat in seats] == [
        (DEMAND, True, None),
        (FINANCE, False, seats[1]["refusal"]),
        (RISK, False, None),
    ]
    resumed = go_on(tmp_path, {RISK: says("go"), FINANCE: says("go"), "brief": text(BRIEF)})
    assert resumed.record["final_decision"] == "go"
