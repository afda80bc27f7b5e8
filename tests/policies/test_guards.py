"""Guards: which are tripped, also because they cannot compare, and what a cap leaves of an outcome."""

from typing import Any

import pytest
from pydantic import ValidationError

from policies.decision.guards import COMPARISONS, Cap, Finding, Guard, cap_of, capped, examine, find_unreadable, kind_of
from policies.decision.table import OUTCOMES
from policies.paths import MISSING, keys_of, plain_path, value_at, with_value

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
def test_a_guard_is_tripped_on_its_side_of_the_limit(comparison: str, below: bool, at: bool, above: bool) -> None:
    tripped = [found("risk.alerts", **dict[str, Any]({comparison: limit})).tripped for limit in (5, 4, 3)]
    by_path = [
        found("n", {"n": number, "limits": {"n": 4}}, **{comparison: "limits.n"}).tripped for number in (3, 4.0, 4.5)
    ]

    assert tripped == by_path == [below, at, above]


def test_every_comparison_is_one_of_five() -> None:
    assert tuple(COMPARISONS) == ("at_least", "above", "at_most", "below", "equals")


@pytest.mark.parametrize(
    ("fact", "limit", "is_tripped"),
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
def test_equals_compares_text_booleans_and_numbers_with_a_literal_or_a_path(
    fact: str, limit: Any, is_tripped: bool
) -> None:
    finding = found(fact, equals=limit)

    assert (finding.tripped, finding.fault) == (is_tripped, None)


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
        ("risk.lost", {"above": 1}, "risk.lost (it is not in the facts)"),
        ("lost.rate", {"above": 1}, "lost.rate (it is not in the facts)"),
        ("risk.rate.deeper", {"above": 1}, "risk.rate.deeper (it is not in the facts)"),
        ("risk.none", {"below": 1}, "risk.none (it is null, not a number)"),
        ("risk.none", {"equals": "US"}, "risk.none (it is null, not a single value)"),
        ("risk.rate", {"above": "limits.lost"}, "limits.lost (it is not in the facts)"),
        ("risk.rate", {"equals": "limits.lost"}, "limits.lost (it is not in the facts)"),
        ("risk.region", {"above": 1}, "risk.region (it is text, not a number)"),
        ("risk.open", {"at_least": 1}, "risk.open (it is a boolean, not a number)"),
        ("risk.list", {"at_least": 1}, "risk.list (it is a list, not a number)"),
        ("risk", {"below": 1}, "risk (it is an object, not a number)"),
        ("risk.rate", {"at_most": "limits.word"}, "limits.word (it is text, not a number)"),
        ("risk.list", {"equals": "US"}, "risk.list (it is a list, not a single value)"),
        ("risk.region", {"equals": "limits"}, None),
        ("risk.region", {"equals": 1}, "risk.region (it is text, and its limit is a number)"),
        ("risk.open", {"equals": 1}, "risk.open (it is a boolean, and its limit is a number)"),
        ("risk.alerts", {"equals": True}, "risk.alerts (it is a number, and its limit is a boolean)"),
        ("risk.alerts", {"equals": "limits.word"}, "risk.alerts (it is a number, and its limit is text)"),
        ("risk.region", {"equals": "risk.list"}, "risk.list (it is a list, not a single value)"),
    ],
)
def test_a_guard_that_cannot_compare_is_tripped_and_names_the_path_it_could_not_read(
    fact: str, comparison: dict[str, Any], fault: str | None
) -> None:
    finding = found(fact, **comparison)

    assert finding.fault == finding.told == (fault and f"could not be read: {fault}")
    assert finding.tripped is (fault is not None)


def test_what_is_missing_is_no_value_on_the_record() -> None:
    finding = found("risk.lost", above="limits.lost")

    assert (finding.value, finding.limit) == (None, None)
    assert found("risk.lost", above="limits.rate").limit == 0.03


def test_a_fact_and_a_limit_that_cannot_be_read_are_both_found() -> None:
    both = guard("risk.lost", above="limits.word")

    assert [each.path for each in find_unreadable(both, FACTS)] == ["risk.lost", "limits.word"]
    assert find_unreadable(guard("risk.rate", above="limits.rate"), FACTS) == []


@pytest.mark.parametrize(
    ("path", "facts", "value"),
    [
        ("facts.a", {"a": 0}, 0),
        ("facts", {"facts": 3}, 3),
        ("facts.facts.a", {"a": 1, "facts": {"a": 2}}, 2),
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


def test_a_value_is_put_where_a_path_leads_and_the_facts_stay_as_they_were() -> None:
    facts = {"a": {"b": 1, "c": 2}, "d": [3]}

    assert with_value(facts, keys_of("a.b"), 9) == {"a": {"b": 9, "c": 2}, "d": [3]}
    assert with_value(facts, keys_of("d.e.f"), 9) == {"a": {"b": 1, "c": 2}, "d": {"e": {"f": 9}}}
    assert facts == {"a": {"b": 1, "c": 2}, "d": [3]}


@pytest.mark.parametrize("value", [1, 0.5, True, "a", None, [1], (1,), {}, {"a": 1}])
def test_every_value_has_a_kind(value: Any) -> None:
    kinds = {int: "a number", float: "a number", bool: "a boolean", str: "text", type(None): "null"}

    assert kind_of(value) == kinds.get(type(value), "an object" if isinstance(value, dict) else "a list")


# --- the prefix -------------------------------------------------------------------------------------------------------

SPELLINGS = [
    ("facts.risk.rate", "risk.rate", ("risk", "rate")),
    ("risk.rate", "risk.rate", ("risk", "rate")),
    ("facts.rate", "rate", ("rate",)),
    ("facts", "facts", ("facts",)),
    ("facts.facts", "facts", ("facts",)),
    ("facts.facts.rate", "facts.facts.rate", ("facts", "rate")),
    ("facts.facts.facts.rate", "facts.facts.facts.rate", ("facts", "facts", "rate")),
    ("factsheet.rate", "factsheet.rate", ("factsheet", "rate")),
    ("risk.facts.rate", "risk.facts.rate", ("risk", "facts", "rate")),
]


@pytest.mark.parametrize(("written", "kept", "keys"), SPELLINGS)
def test_a_path_is_kept_without_its_prefix_and_means_the_same_when_it_is_read_again(
    written: str, kept: str, keys: tuple[str, ...]
) -> None:
    once = guard(written, above=1)
    again = Guard.model_validate(once.model_dump())

    assert (once.fact, plain_path(kept)) == (kept, kept)
    assert keys_of(written) == keys_of(kept) == keys
    assert (again, again.fact) == (once, kept)


@pytest.mark.parametrize(
    ("comparison", "limit_path"),
    [
        ({"above": "facts.limits.rate"}, "limits.rate"),
        ({"above": "facts.limit"}, "limit"),
        ({"equals": "facts.limits.region"}, "limits.region"),
        ({"equals": "facts.region"}, "region"),
        ({"equals": "facts.facts.region"}, "facts.facts.region"),
        ({"equals": "facts"}, None),
    ],
)
def test_a_limit_is_kept_without_its_prefix_unless_it_would_be_read_as_text(
    comparison: dict[str, Any], limit_path: str | None
) -> None:
    once = guard("risk.rate", **comparison)
    again = Guard.model_validate(once.model_dump())

    assert (once.limit_path, again.limit_path, again) == (limit_path, limit_path, once)


@pytest.mark.parametrize("path", ["risk.rate", "facts.risk.rate"])
def test_a_guard_that_compares_a_fact_with_itself_is_refused(path: str) -> None:
    with pytest.raises(ValidationError, match=r"it compares `risk\.rate` with itself"):
        guard("facts.risk.rate", above=path)


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


def finding(cap: Cap, is_tripped: bool) -> Finding:
    return Finding(guard(cap=cap, above=1), is_tripped)


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
def test_the_strictest_cap_of_the_tripped_guards_counts(findings: list[tuple[Cap, bool]], cap: Cap | None) -> None:
    assert cap_of(finding(*each) for each in findings) == cap


def test_no_go_overrides_everything_and_caution_lowers_go_alone() -> None:
    assert [capped(outcome, None) for outcome in OUTCOMES] == list(OUTCOMES)
    assert [capped(outcome, "no_go") for outcome in OUTCOMES] == ["no_go"] * 5
    assert [capped(outcome, "go_with_caution") for outcome in OUTCOMES] == ["go_with_caution", *OUTCOMES[1:]]
