"""Guards: which comparisons hold, what holds because it cannot be compared, and what a cap leaves of an outcome."""

from typing import Any

import pytest
from pydantic import ValidationError

from policies.guards import COMPARISONS, MISSING, Cap, Finding, Guard, cap_of, capped, examine, value_at
from policies.table import OUTCOMES

FACTS: dict[str, Any] = {
    "risk": {"rate": 0.03, "alerts": 4, "open": True, "region": "US", "none": None, "list": [1]},
    "limits": {"rate": 0.03, "alerts": 5, "region": "US", "open": False, "word": "many"},
}


def guard(fact: str = "risk.rate", cap: str = "no_go", **comparison: Any) -> Guard:
    return Guard.model_validate({"name": "limit", "fact": fact, "cap": cap, **comparison})


def found(fact: str, facts: dict[str, Any] = FACTS, **comparison: Any) -> Finding:
    (finding,) = examine([guard(fact, **comparison)], facts)
    return finding


# --- comparisons ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comparison", "below", "at", "above"),
    [
        ("at_least", False, True, True),
        ("above", False, False, True),
        ("at_most", True, True, False),
        ("below", True, False, False),
        ("equals", False, True, False),
    ],
)
def test_a_comparison_holds_on_its_side_of_the_limit(comparison: str, below: bool, at: bool, above: bool) -> None:
    holds = [found("risk.alerts", **dict[str, Any]({comparison: limit})).tripped for limit in (5, 4, 3)]
    by_path = [
        found("n", {"n": number, "limits": {"n": 4}}, **{comparison: "limits.n"}).tripped for number in (3, 4.0, 4.5)
    ]

    assert holds == by_path == [below, at, above]


def test_every_comparison_is_one_of_five() -> None:
    assert COMPARISONS == ("at_least", "above", "at_most", "below", "equals")


@pytest.mark.parametrize(
    ("fact", "limit", "holds"),
    [
        ("risk.region", "US", True),
        ("risk.region", "EU", False),
        ("risk.region", "limits.region", True),
        ("risk.region", "v1.2", False),
        ("risk.open", True, True),
        ("risk.open", False, False),
        ("risk.open", "limits.open", False),
        ("risk.alerts", 4.0, True),
        ("risk.alerts", "limits.alerts", False),
    ],
)
def test_equals_compares_text_booleans_and_numbers_with_a_literal_or_a_path(fact: str, limit: Any, holds: bool) -> None:
    finding = found(fact, equals=limit)

    assert (finding.tripped, finding.fault) == (holds, None)


def test_a_finding_keeps_the_two_values_it_compared() -> None:
    by_path = found("risk.rate", at_least="limits.rate")

    assert (by_path.value, by_path.limit, by_path.tripped, by_path.fault) == (0.03, 0.03, True, None)
    assert (found("risk.alerts", above=9).limit, found("risk.alerts", above=9).tripped) == (9, False)
    assert [each.guard.name for each in examine([guard(above=1), guard(below=1)], FACTS)] == ["limit"] * 2
    assert examine([], FACTS) == ()


# --- it fails closed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "comparison", "fault"),
    [
        ("risk.lost", {"above": 1}, "`risk.lost` is missing"),
        ("lost.rate", {"above": 1}, "`lost.rate` is missing"),
        ("risk.rate.deeper", {"above": 1}, "`risk.rate.deeper` is missing"),
        ("risk.none", {"below": 1}, "`risk.none` is missing"),
        ("risk.none", {"equals": "US"}, "`risk.none` is missing"),
        ("risk.rate", {"above": "limits.lost"}, "`limits.lost` is missing"),
        ("risk.rate", {"equals": "limits.lost"}, "`limits.lost` is missing"),
        ("risk.region", {"above": 1}, "`risk.region` is text, no number"),
        ("risk.open", {"at_least": 1}, "`risk.open` is a boolean, no number"),
        ("risk.list", {"at_least": 1}, "`risk.list` is no single value, no number"),
        ("risk", {"below": 1}, "`risk` is no single value, no number"),
        ("risk.rate", {"at_most": "limits.word"}, "`limits.word` is text, no number"),
        ("risk.list", {"equals": "US"}, "`risk.list` is no single value"),
        ("risk.region", {"equals": "limits"}, None),
        ("risk.region", {"equals": 1}, "`risk.region` is text, its limit is a number"),
        ("risk.open", {"equals": 1}, "`risk.open` is a boolean, its limit is a number"),
        ("risk.alerts", {"equals": True}, "`risk.alerts` is a number, its limit is a boolean"),
        ("risk.alerts", {"equals": "limits.word"}, "`risk.alerts` is a number, its limit is text"),
        ("risk.region", {"equals": "risk.list"}, "`risk.list` is no single value"),
    ],
)
def test_a_guard_whose_facts_are_missing_or_of_the_wrong_type_holds_and_says_so(
    fact: str, comparison: dict[str, Any], fault: str | None
) -> None:
    finding = found(fact, **comparison)

    assert finding.fault == fault
    assert finding.tripped is (fault is not None)


def test_what_is_missing_is_no_value_on_the_record() -> None:
    finding = found("risk.lost", above="limits.lost")

    assert (finding.value, finding.limit) == (None, None)
    assert found("risk.lost", above="limits.rate").limit == 0.03


@pytest.mark.parametrize(
    ("path", "facts", "value"),
    [
        ("a", {"a": 0}, 0),
        ("a", {"a": None}, None),
        ("a.b", {"a": {"b": {"c": 1}}}, {"c": 1}),
        ("a", {}, MISSING),
        ("a.b", {"a": [1]}, MISSING),
        ("a.b", {"a": None}, MISSING),
        ("a", None, MISSING),
    ],
)
def test_a_path_leads_to_its_value_or_to_none_at_all(path: str, facts: Any, value: Any) -> None:
    assert value_at(path, facts) == value


# --- what a guard may say ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comparisons", "said"),
    [
        ({}, "it has no comparison; allowed: exactly one of at_least, above, at_most, below, equals"),
        ({"above": 1, "below": 3}, "it has above, below; allowed: exactly one of"),
        ({"equals": False, "at_least": 0}, "it has at_least, equals; allowed: exactly one of"),
    ],
)
def test_a_guard_makes_exactly_one_comparison(comparisons: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match="allowed: exactly one of") as caught:
        guard(**comparisons)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"above": "a b"},
        {"above": True},
        {"above": float("nan")},
        {"above": float("inf")},
        {"above": 10**400},
        {"equals": float("nan")},
        {"equals": [1]},
        {"equals": "U\x00S"},
        {"above": 1, "fact": "risk..rate"},
        {"above": 1, "cap": "go"},
        {"above": 1, "cap": "escalate"},
        {"above": 1, "name": " "},
        {"above": 1, "unless": 2},
    ],
)
def test_what_a_guard_may_not_say_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Guard.model_validate({"name": "limit", "fact": "risk.rate", "cap": "no_go", **changes})


@pytest.mark.parametrize(
    ("comparison", "path"),
    [
        ({"above": 1}, None),
        ({"above": "alerts"}, "alerts"),
        ({"below": "limits.rate"}, "limits.rate"),
        ({"equals": "US"}, None),
        ({"equals": "limits.region"}, "limits.region"),
        ({"equals": "v1.2"}, None),
        ({"equals": "St. Gallen"}, None),
        ({"equals": True}, None),
        ({"equals": 0}, None),
        ({"at_least": 0}, None),
    ],
)
def test_a_limit_is_a_path_or_a_literal(comparison: dict[str, Any], path: str | None) -> None:
    made = guard(**comparison)

    assert made.comparison == next(iter(comparison))
    assert made.limit == comparison[made.comparison]
    assert made.limit_path == path


# --- caps -------------------------------------------------------------------------------------------------------------


def finding(cap: Cap, holds: bool) -> Finding:
    return Finding(guard(cap=cap, above=1), holds)


@pytest.mark.parametrize(
    ("findings", "cap"),
    [
        ([], None),
        ([("no_go", False), ("go_with_caution", False)], None),
        ([("go_with_caution", True), ("no_go", False)], "go_with_caution"),
        ([("no_go", True)], "no_go"),
        ([("no_go", True), ("go_with_caution", True)], "no_go"),
        ([("go_with_caution", True), ("no_go", True)], "no_go"),
    ],
)
def test_the_strictest_cap_of_the_guards_that_hold_counts(findings: list[tuple[Cap, bool]], cap: Cap | None) -> None:
    assert cap_of(finding(*each) for each in findings) == cap


def test_no_go_overrides_everything_and_caution_lowers_go_alone() -> None:
    assert [capped(outcome, None) for outcome in OUTCOMES] == list(OUTCOMES)
    assert [capped(outcome, "no_go") for outcome in OUTCOMES] == ["no_go"] * 5
    assert [capped(outcome, "go_with_caution") for outcome in OUTCOMES] == ["go_with_caution", *OUTCOMES[1:]]
