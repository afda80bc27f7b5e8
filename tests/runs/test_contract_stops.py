"""A proposal that breaks the contract, with no repairs left, stops the run with the check and what was said."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness import without_times
from tests.runs.expected import NO_OBJECT, accepted, stopped, usage
from tests.runs.stage import BACKWARDS, DEMAND, FINANCE, RISK, play, script
from tests.scripted_server import Answer, says, text

pytestmark = pytest.mark.slow

PLAIN = {"agent": RISK, "stance": "go", "summary": "Fine.", "confidence": 0.9, "actions": ["Go on."]}
NAN = '{"agent": "risk_analyst", "stance": "go", "summary": "Fine.", "confidence": NaN, "actions": ["Go on."]}'
HUGE = NAN.replace("NaN", "1e999")
DEEP = '{"agent":' + "[" * 100_000
LONG_TEXT = "I would say go. " * 200

# The check, the answer, and the proposal as the record shows it.
BROKEN: list[tuple[str, Answer, Any]] = [
    ("not_object", text('["go"]'), ["go"]),
    ("not_object", text('"go"'), "go"),
    ("not_object", text("null"), None),
    ("missing_keys", text("{}"), {}),
    ("missing_keys", text("I would say go."), "I would say go."),
    ("missing_keys", text(LONG_TEXT), LONG_TEXT[:2000]),
    ("missing_keys", text(DEEP), DEEP[:2000]),
    ("missing_keys", text(f"So:\n{json.dumps(PLAIN)}"), f"So:\n{json.dumps(PLAIN)}"),
    ("missing_keys", text(json.dumps(PLAIN) * 2), json.dumps(PLAIN) * 2),
    *(
        ("missing_keys", text(json.dumps(rest)), rest)
        for key in PLAIN
        for rest in [{name: value for name, value in PLAIN.items() if name != key}]
    ),
    ("agent", says("go", agent=" \n"), {**PLAIN, "agent": " \n"}),
    ("agent", says("go", agent=7), {**PLAIN, "agent": 7}),
    ("agent_not_allowed:stranger", says("go", agent=" stranger "), {**PLAIN, "agent": " stranger "}),
    ("agent_not_allowed:legal_analyst", says("go", agent="legal_analyst"), {**PLAIN, "agent": "legal_analyst"}),
    ("stance", says("GO"), {**PLAIN, "stance": "GO"}),
    ("stance", says(None), {**PLAIN, "stance": None}),
    ("summary", says("go", "  "), {**PLAIN, "summary": "  "}),
    ("summary", says("go", ["Fine."]), {**PLAIN, "summary": ["Fine."]}),
    ("summary", says("go", "x" * 4001), {**PLAIN, "summary": "x" * 4001}),
    ("confidence_type", says("go", confidence=True), {**PLAIN, "confidence": True}),
    ("confidence_type", says("go", confidence="0.9"), {**PLAIN, "confidence": "0.9"}),
    ("confidence_range", says("go", confidence=1.0001), {**PLAIN, "confidence": 1.0001}),
    ("confidence_range", says("go", confidence=-0.0001), {**PLAIN, "confidence": -0.0001}),
    ("confidence_range", text(NAN), NAN),
    ("confidence_range", text(HUGE), HUGE),
    ("actions", says("go", actions=[]), {**PLAIN, "actions": []}),
    ("actions", says("go", actions="Go on."), {**PLAIN, "actions": "Go on."}),
    ("actions", says("go", actions=["Go on."] * 51), {**PLAIN, "actions": ["Go on."] * 51}),
    ("action_item", says("go", actions=["Go on.", " "]), {**PLAIN, "actions": ["Go on.", " "]}),
    ("action_item", says("go", actions=["Go on.", 7]), {**PLAIN, "actions": ["Go on.", 7]}),
    ("action_item", says("go", actions=["x" * 501]), {**PLAIN, "actions": ["x" * 501]}),
    ("agent_mismatch:risk_analyst", says("go", agent=DEMAND), {**PLAIN, "agent": DEMAND}),
]


@pytest.mark.parametrize(("check", "answer", "raw"), BROKEN, ids=[f"{n}-{case[0]}" for n, case in enumerate(BROKEN)])
def test_a_broken_proposal_stops_the_run_and_is_shown(tmp_path: Path, check: str, answer: Answer, raw: Any) -> None:
    played = play(tmp_path, script(risk_analyst=answer), "max_repairs=0")
    assert played.team is not None
    expected = stopped(
        played.team,
        f"invalid_contribution:{check}",
        usage(3, 3),
        resumable=True,
        phase="round_1:risk_analyst",
        trace=accepted(DEMAND, FINANCE),
        raw=raw,
        cause=_cause(check, raw),
    )
    assert without_times(played.record) == expected
    assert played.asked == {DEMAND: 1, FINANCE: 1, RISK: 1}


def _cause(check: str, raw: Any) -> str | None:
    """What the check alone does not tell."""
    missing = [key for key in PLAIN if isinstance(raw, dict) and key not in raw]
    told = f"missing: {', '.join(missing)}" if missing else NO_OBJECT
    return told if check == "missing_keys" else None


def test_every_check_of_the_contract_stops_a_run_above() -> None:
    assert {check.partition(":")[0] for check, _, _ in BROKEN} == {
        "not_object",
        "missing_keys",
        "agent",
        "agent_not_allowed",
        "stance",
        "summary",
        "confidence_type",
        "confidence_range",
        "actions",
        "action_item",
        "agent_mismatch",
    }


def test_what_is_within_the_limits_is_accepted_trimmed_rounded_and_cut_to_three_actions(tmp_path: Path) -> None:
    answer = says(" go ", f" {'x' * 4000} ", 0.98765, ["a", " b ", "c", "d"], agent=f" {RISK} ", evidence={"a": 1})
    record = play(tmp_path, script(risk_analyst=answer), "max_repairs=0").record
    assert record["history"][0]["contributions"][2] == {
        "agent": RISK,
        "stance": "go",
        "summary": "x" * 4000,
        "confidence": 0.988,
        "actions": ["a", "b", "c"],
    }
    assert record["trace"][2] == {"round": 1, "agent": RISK, "stance": "go", "confidence": 0.988, "accepted": True}


def test_who_comes_after_a_broken_proposal_in_sequence_order_is_kept(tmp_path: Path) -> None:
    played = play(tmp_path, script(finance_analyst=says("maybe")), "max_repairs=0", BACKWARDS)
    assert played.team is not None
    assert without_times(played.record) == stopped(
        played.team,
        "invalid_contribution:stance",
        usage(3, 3),
        resumable=True,
        phase="round_1:finance_analyst",
        trace=accepted(RISK, DEMAND),
        raw={**PLAIN, "agent": FINANCE, "stance": "maybe"},
    )


def test_a_contract_stop_in_a_later_round_keeps_the_rounds_before_it(tmp_path: Path) -> None:
    lines = script("caution") | {(DEMAND, 2): text("[]")}
    record = play(tmp_path, lines, "max_repairs=0").record
    assert (record["stop_reason"], record["phase"]) == ("invalid_contribution:not_object", "round_2:demand_analyst")
    assert [entry["round"] for entry in record["history"]] == [1]
    assert record["outcome"] == {"vote": "next_round", "row": "otherwise", "guards": [], "final": None}


def test_a_team_that_is_lenient_takes_an_unsigned_contribution_as_said_by_who_was_asked(tmp_path: Path) -> None:
    unsigned = {key: value for key, value in PLAIN.items() if key != "agent"}
    played = play(tmp_path, script(risk_analyst=text(json.dumps(unsigned))), "lenient_agent=true", "max_repairs=0")
    assert played.record["history"][0]["contributions"][2] == PLAIN
