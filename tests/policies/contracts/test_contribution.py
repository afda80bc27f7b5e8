"""The contribution contract: every check in the order of its table, what is accepted, and what is kept of a refusal."""

import json
import math
from typing import Any

import pytest

from policies.contracts.answers import Refusal
from policies.contracts.contribution import Contribution
from policies.contracts.reading import read_json
from policies.plain import is_plain, shown
from policies.team.access import Access
from policies.team.fields import STANCES
from tests.contributions import accept

ASKED = "risk_analyst"
KNOWN = frozenset({"demand_analyst", "finance_analyst", "risk_analyst", "legal_analyst"})
ACCESS = Access(known=KNOWN, enabled=KNOWN - {"legal_analyst"})

GOOD: dict[str, Any] = {
    "agent": ASKED,
    "stance": "caution",
    "summary": "Chargebacks are near the limit.",
    "confidence": 0.75,
    "actions": ["Review open chargeback alerts"],
}
MISSING = object()

# The rows of the contract after `not_object`, in their order: (check, the reason's detail, field, values that fail it).
ROWS: tuple[tuple[str, str, str, tuple[Any, ...]], ...] = (
    ("missing_keys", "", "summary", (MISSING,)),
    ("agent", "", "agent", (None, "", " \t\n", 7, True, ["risk_analyst"], {"name": "risk_analyst"}, "\x00")),
    ("agent_not_allowed", ":legal_analyst", "agent", ("legal_analyst", " legal_analyst\n")),
    ("stance", "", "stance", (None, "", " ", "GO", "approve", "go!", "g\x00o", 1, True, ["go"], {"go": 1})),
    ("summary", "", "summary", (None, "", " \n", 4, ["Fine."], {"text": "Fine."}, "x" * 4_001, "\x00")),
    ("confidence_type", "", "confidence", (None, True, False, "0.9", "", [0.9], {"value": 0.9})),
    ("confidence_range", "", "confidence", (-0.001, 1.001, -1, 2, 10**400, -(10**400), math.inf, -math.inf, math.nan)),
    ("actions", "", "actions", (None, [], "Wait.", {}, {"0": "Wait."}, 3, ["Wait."] * 51)),
    ("action_item", "", "actions", ([""], [" "], [None], [3], [["Wait."]], ["Wait.", ""], ["x" * 501], ["\x00"])),
    ("agent_mismatch", ":risk_analyst", "agent", ("finance_analyst", " demand_analyst ")),
)
CHECKS = [check for check, *_ in ROWS]


def proposal(**changes: Any) -> dict[str, Any]:
    return {key: value for key, value in {**GOOD, **changes}.items() if value is not MISSING}


def refusal(raw: object) -> Refusal:
    said = accept(raw, ASKED, ACCESS)
    assert isinstance(said, Refusal)
    return said


def reason(raw: object) -> str:
    return refusal(raw).reason


def accepted(raw: object) -> Contribution:
    said = accept(raw, ASKED, ACCESS)
    assert isinstance(said, Contribution), said.reason
    return said


def full_reason(check: str, detail: str) -> str:
    return f"invalid_contribution:{check}{detail}"


FAILING = [
    pytest.param(field, value, full_reason(check, detail), id=f"{check}-{number}")
    for check, detail, field, values in ROWS
    for number, value in enumerate(values)
]


@pytest.mark.parametrize(("field", "value", "expected"), FAILING)
def test_each_check_has_its_own_reason(field: str, value: Any, expected: str) -> None:
    assert reason(proposal(**{field: value})) == expected


@pytest.mark.parametrize("key", GOOD)
def test_each_of_the_five_keys_is_needed(key: str) -> None:
    assert reason(proposal(**{key: MISSING})) == "invalid_contribution:missing_keys"


@pytest.mark.parametrize(
    "raw", [None, True, 0, 1.5, "[]", '"go"', "null", "7", "NaN", [], [GOOD], ("go",), {"go"}, b"{}"]
)
def test_what_is_no_object_is_refused_first(raw: object) -> None:
    assert reason(raw) == "invalid_contribution:not_object"


@pytest.mark.parametrize("first", range(len(ROWS)), ids=CHECKS)
def test_a_proposal_that_fails_several_checks_gets_the_first(first: int) -> None:
    changes: dict[str, Any] = {}
    for _, _, field, values in reversed(ROWS[first:]):
        changes[field] = values[0]

    assert reason(proposal(**changes)) == full_reason(*ROWS[first][:2])


PAIRS = [
    pytest.param(earlier, later, id=f"{earlier[0]}-before-{later[0]}")
    for index, earlier in enumerate(ROWS)
    for later in ROWS[index + 1 :]
    if earlier[2] != later[2]
]


@pytest.mark.parametrize(("earlier", "later"), PAIRS)
def test_of_two_failed_checks_the_earlier_row_names_the_reason(earlier: Any, later: Any) -> None:
    raw = proposal(**{later[2]: later[3][0], earlier[2]: earlier[3][0]})

    assert reason(raw) == full_reason(earlier[0], earlier[1])


def test_a_role_that_may_not_speak_is_refused_before_it_is_compared_with_the_role_asked() -> None:
    assert reason(proposal(agent="stranger")) == "invalid_contribution:agent_not_allowed:stranger"
    assert reason(proposal(agent="legal_analyst")) == "invalid_contribution:agent_not_allowed:legal_analyst"


def test_the_mismatch_names_the_role_that_was_asked() -> None:
    said = accept(proposal(agent="demand_analyst"), "finance_analyst", ACCESS)

    assert isinstance(said, Refusal)
    assert said.reason == "invalid_contribution:agent_mismatch:finance_analyst"


def test_a_name_with_a_nul_character_is_not_the_name_without_it() -> None:
    assert reason(proposal(agent="risk\x00_analyst")).startswith("invalid_contribution:agent_not_allowed")


def test_a_long_name_is_cut_in_the_reason_and_made_plain() -> None:
    assert reason(proposal(agent="x" * 5_000)) == f"invalid_contribution:agent_not_allowed:{'x' * 100}"
    assert reason(proposal(agent="\ud800nobody")) == "invalid_contribution:agent_not_allowed:\ufffdnobody"


@pytest.mark.parametrize("stance", STANCES)
def test_every_stance_is_accepted_with_blanks_around_it(stance: str) -> None:
    assert accepted(proposal(stance=f" {stance}\n")).stance == stance


def test_strings_are_trimmed() -> None:
    raw = proposal(agent=f"  {ASKED}\t", stance="go ", summary="\n Fine. ", actions=[" Watch. ", "Wait.\n"])

    assert accepted(raw) == Contribution(ASKED, "go", "Fine.", 0.75, ("Watch.", "Wait."))


@pytest.mark.parametrize(
    ("given", "kept"),
    [(0, 0.0), (1, 1.0), (-0.0, 0.0), (0.5, 0.5), (0.12345, 0.123), (0.6789, 0.679), (0.9996, 1.0), (5e-324, 0.0)],
)
def test_the_confidence_is_kept_with_three_decimals(given: float, kept: float) -> None:
    confidence = accepted(proposal(confidence=given)).confidence

    assert repr(confidence) == repr(kept)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 50])
def test_the_first_three_actions_are_kept(count: int) -> None:
    actions = [f"Step {number}" for number in range(count)]

    assert accepted(proposal(actions=actions)).actions == tuple(actions[:3])


def test_an_action_beyond_the_third_is_checked_too() -> None:
    assert reason(proposal(actions=["a", "b", "c", " "])) == "invalid_contribution:action_item"


def test_unknown_keys_are_ignored() -> None:
    assert accepted(proposal(note="I agree.", stances=["block"], Agent=7)) == accepted(GOOD)


def test_the_caps_are_reached_but_not_passed_blanks_around_not_counted() -> None:
    at_the_cap = accepted(proposal(summary=f" {'x' * 4_000} ", actions=[f"{'y' * 500}\n"]))

    assert len(at_the_cap.summary) == 4_000
    assert len(at_the_cap.actions[0]) == 500


def test_text_is_kept_without_nul_and_lone_surrogates() -> None:
    said = accepted(proposal(summary="\x00All\ud800 well.", actions=["Watch\x00."]))

    assert said.summary == "All\ufffd well."
    assert said.actions == ("Watch.",)


def test_json_text_is_read_as_the_value_it_holds() -> None:
    assert accepted(json.dumps(GOOD)) == accepted(GOOD)
    assert accepted(f"\n {json.dumps(GOOD)} \n") == accepted(GOOD)


@pytest.mark.parametrize("text", ["", " ", "I would say go.", f"Here: ```\n{json.dumps(GOOD)}\n```", "{", "{'a': 1}"])
def test_text_that_is_no_json_counts_as_an_object_without_keys(text: str) -> None:
    assert reason(text) == "invalid_contribution:missing_keys"


@pytest.mark.parametrize("text", ["", "Go.", "{", f"{json.dumps(GOOD)} {json.dumps(GOOD)}", f"{json.dumps(GOOD)} Go."])
def test_a_refusal_says_where_no_single_json_object_was_found_and_keeps_the_text(text: str) -> None:
    said = refusal(text)

    assert (said.because, said.raw) == ("no single JSON object was found", text)


def test_a_refusal_says_which_keys_are_missing_in_their_order() -> None:
    assert refusal({}).because == "missing: agent, stance, summary, confidence, actions"
    assert refusal(proposal(stance=MISSING, actions=MISSING)).because == "missing: stance, actions"
    assert refusal(proposal(stance="maybe")).because is None


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" * 301, "9" * 5_000, "-1"], ids=shown
)
def test_numbers_in_text_that_are_no_probability_are_out_of_range(number: str) -> None:
    text = json.dumps(GOOD).replace("0.75", number)

    assert reason(text) == "invalid_contribution:confidence_range"


def test_text_nested_too_deep_to_be_read_counts_as_an_object_without_keys() -> None:
    assert read_json("[" * 100_000) == {}
    assert reason('{"agent":' * 100_000) == "invalid_contribution:missing_keys"


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ({"agent": ASKED}, {"agent": ASKED}),
        ('{"agent": "risk_analyst"}', {"agent": ASKED}),
        ("{ }", {}),
        ("{}", {}),
        ("[1, 2]", [1, 2]),
        ("null", None),
        ("I would say go.", "I would say go."),
        ("x" * 2_001, "x" * 2_000),
        ("\x00\ud800go", "\ufffdgo"),
        ('{"n": NaN}', '{"n": NaN}'),
        ({"n": math.nan}, "{'n': nan}"),
        ({"n": 2**53}, "{'n': 9007199254740992}"),
        ({"text": "y" * 17_000}, f"{{'text': '{'y' * 17_000}'}}"[:2_000]),
    ],
    ids=shown,
)
def test_a_refusal_keeps_the_parsed_proposal_if_it_can_be_stored_else_its_first_characters(
    raw: object, kept: object
) -> None:
    assert refusal(raw).raw == kept


def test_a_value_too_large_or_too_deep_to_be_written_is_refused_like_any_other() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]

    for raw in ({"x": deep}, deep, {**GOOD, "confidence": 10**5_000}, [10**5_000]):
        assert is_plain(refusal(raw).raw)
    assert accepted({**GOOD, "note": deep}) == accepted(GOOD)


@pytest.mark.parametrize(
    ("offered", "kept"),
    [
        ([], ()),
        (None, ()),
        (["risk.rate", " risk.alerts\n"], ("risk.rate", "risk.alerts")),
        (["x" * 200], ("x" * 200,)),
        (["risk\x00.rate"], ("risk.rate",)),
        (["a"] * 50, ("a",) * 50),
        ("risk.rate", None),
        ({"path": "risk.rate"}, None),
        (7, None),
        (False, None),
        (["risk.rate", 7], None),
        (["risk.rate", " "], None),
        ([["risk.rate"]], None),
        (["x" * 201], None),
        (["a"] * 51, None),
    ],
    ids=shown,
)
def test_evidence_is_kept_as_paths_or_noted_as_none_that_can_be_used_and_never_refused(
    offered: Any, kept: tuple[str, ...] | None
) -> None:
    assert accepted(proposal(evidence=offered)).evidence == kept


def test_without_a_word_about_evidence_there_is_none() -> None:
    assert accepted(GOOD).evidence == ()


def test_who_speaks_may_be_left_out_where_the_team_is_lenient_and_nothing_else_may() -> None:
    unsigned = json.dumps(proposal(agent=MISSING))
    said = accept(unsigned, ASKED, ACCESS, lenient=True)
    assert said == accepted(json.dumps(GOOD))
    for wrong, failed, because in (
        (proposal(agent=None), "agent", None),
        (proposal(agent="finance_analyst"), "agent_mismatch:risk_analyst", None),
        (proposal(agent=MISSING, stance=MISSING), "missing_keys", "missing: stance"),
        ("I would say go.", "missing_keys", "no single JSON object was found"),
        ([], "not_object", None),
    ):
        refused = accept(wrong, ASKED, ACCESS, lenient=True)
        assert refused == Refusal(f"invalid_contribution:{failed}", wrong, because=because)
