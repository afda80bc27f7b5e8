"""Conditions: what compiles, what it answers, and that only a BOOL is an answer."""

from typing import Any

import pytest

from policies.conditions.condition import (
    MAX_LENGTH,
    ConditionError,
    Fault,
    compile_condition,
    holds,
    holds_for_vote,
)
from policies.conditions.reading import reads_in
from policies.plain import shown

FACTS: dict[str, Any] = {
    "rate": 0.028,
    "alerts": 4,
    "region": "US",
    "open": True,
    "nothing": None,
    "list": [1, 2, 3],
    "limits": {"rate": 0.03, "alerts": 5},
}


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("", "cannot be read: it is empty; allowed: a comparison"),
        ("facts.rate >", "a value is expected at character 13, where the condition ends"),
        ("facts.rate > 1 2", "`2` is not expected at character 16"),
        ("nope > 1", "`nope` is unknown here, at character 1; facts are written `facts.nope`, text in quotes"),
        ("recursion > 1", "`recursion` is unknown here"),
        ("open('x')", "`open` is not a function, at character 1; allowed: size, has,"),
        ("facts.rate", "gives a value of any kind; allowed: a comparison, which gives true or false"),
        ("1 + 1", "gives a number; allowed"),
        ("'go'", "gives text; allowed"),
        ("null", "gives null; allowed"),
        ("[true]", "gives a list; allowed"),
        ("'a' > 1", "`>` cannot compare text with a number, at character 5; a number is written without quotes"),
        ("facts > 1", "`>` cannot compare an object with a number, at character 7"),
        ("facts.region == '\x00'", "has a NUL character or a lone surrogate"),
        ("facts.region == '\ud800'", "has a NUL character or a lone surrogate"),
        ("(" * 33 + "true" + ")" * 33, "is nested deeper than 32 levels"),
        ("(" * 400 + "true" + ")" * 400, "is nested deeper than 32 levels"),
        ("1" + " + 1" * 32 + " > 2", "is nested deeper than 32 levels"),
        ("facts" + ".a" * 33 + " > 2", "is nested deeper than 32 levels"),
        ("facts.l.all(a, " * 33 + "true" + ")" * 33, "is nested deeper than 32 levels"),
        # What CEL reads and its message does not hold, and what is too deep only once its numbers are decimal.
        ("facts.l.all(a, " * 26 + "true" + ")" * 26, "is nested deeper than 32 levels"),
        ("facts.l.all(a, " * 23 + "string(a + 1) == '1'" + ")" * 23, "is nested deeper than 32 levels"),
        ("true" + " || true" * 200, "has 1604 characters; allowed: at most 1000"),
    ],
    ids=shown,
)
def test_what_is_no_condition_over_facts_is_refused_with_the_reason(condition: str, message: str) -> None:
    with pytest.raises(ConditionError) as caught:
        compile_condition(condition)
    assert message.lower() in str(caught.value).lower()
    assert "\n" not in str(caught.value)


def test_the_reason_says_where_in_the_condition() -> None:
    with pytest.raises(
        ConditionError,
        match=r"^the condition cannot be read: `limit` is unknown here, at character 28; facts are written `facts\.",
    ):
        compile_condition("facts.rate < 0.5 && 0.03 > limit")
    with pytest.raises(ConditionError, match="`limit` is unknown here, at line 2, character 10; "):
        compile_condition("facts.rate < 0.5 &&\n  0.03 > limit")


def test_a_condition_that_names_everything_twice_at_every_level_is_read_at_once() -> None:
    names = "abcdefghijklmnopqrst"
    lists = ["[[1, 2]]", *(f"[{name}, {name}]" for name in names)]
    opened = "".join(f"{each}.exists({name}, " for each, name in zip(lists, names, strict=False))
    when = f"{opened}t[0] / 2 == 1{')' * len(names)}"

    assert compile_condition(when).taken == {}
    assert reads_in(when) == ()


def test_macros_may_be_nested_as_deep_as_anybody_writes_them() -> None:
    nested = "facts.l.exists(a, " * 12 + "a > 1" + ")" * 12

    assert holds(nested, {"l": [2]}) is True


def test_a_condition_may_have_a_thousand_characters() -> None:
    at_the_limit = "true" + " " * (MAX_LENGTH - 4)

    assert MAX_LENGTH == 1_000
    assert holds(at_the_limit, {}) is True
    with pytest.raises(ConditionError, match="1001 characters"):
        compile_condition(at_the_limit + " ")


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ("true", True),
        ("false", False),
        ("facts.rate >= facts.limits.rate", False),
        ("facts.rate < 0.03", True),
        ("facts.alerts > 3 && facts.region == 'US'", True),
        ("facts['alerts'] == 4", True),
        ("has(facts.legal)", False),
        ("has(facts.rate)", True),
        ("!has(facts.legal) || facts.legal.approved == true", True),
        ("facts.nothing == null", True),
        ("facts.open", None),
        ("facts['open']", None),
        ("facts.open == true", True),
        ("2 in facts.list", True),
        ("facts.list.exists(item, item > 2)", True),
        ("facts.list.all(item, item > 2)", False),
        ("facts.region.startsWith('U')", True),
        ("facts.alerts in [1, 2]", False),
    ],
)
def test_a_condition_that_compiles_holds_or_does_not(condition: str, answer: bool | None) -> None:
    if answer is None:
        with pytest.raises(ConditionError):
            holds(condition, FACTS)
    else:
        assert holds(condition, FACTS) is answer


@pytest.mark.parametrize(
    "condition",
    [
        "facts.missing > 1",
        "facts.limits.missing == 1",
        "facts.region > 1",
        "facts.nothing > 1",
        "facts.rate.deeper == 1",
        "facts.list[7] == 1",
        "facts.alerts / 0 == 1",
        "facts.open && facts.region",
        "facts.region || facts.rate",
        "facts.missing > 1 || facts.alerts > 100",
        "facts.alerts > 1 && facts.missing > 1",
        "!facts.region",
    ],
)
def test_a_condition_without_an_answer_is_a_fault_and_never_true(condition: str) -> None:
    answer = holds(condition, FACTS)

    assert isinstance(answer, Fault)
    assert answer.message


def test_an_answer_that_does_not_need_what_is_missing_is_an_answer() -> None:
    assert holds("facts.alerts > 1 || facts.missing > 1", FACTS) is True
    assert holds("facts.alerts > 100 && facts.missing > 1", FACTS) is False


def test_whole_and_fractional_numbers_compare() -> None:
    assert holds("facts.alerts < 4.5", FACTS) is True
    assert holds("facts.alerts == 4.0", FACTS) is True
    assert holds("facts.rate < 1", FACTS) is True


@pytest.mark.parametrize("value", [2**70, -(2**70), object(), "\ud800", {"in": {1, 2}}])
def test_a_value_the_runtime_cannot_take_is_a_fault(value: object) -> None:
    assert isinstance(holds("facts.x == 1", {"x": value}), Fault)


def test_a_condition_that_never_ends_is_cut_and_is_a_fault() -> None:
    nested = "facts.l.all(a, facts.l.all(b, facts.l.all(c, facts.l.all(d, a + b + c + d >= 0))))"

    assert isinstance(holds(nested, {"l": list(range(1_000))}), Fault)


def test_a_condition_is_compiled_once() -> None:
    assert compile_condition("facts.rate > 0.5") is compile_condition("facts.rate > 0.5")


def test_asking_leaves_the_facts_as_they_are() -> None:
    before = repr(FACTS)
    holds("facts.list.exists(item, item > 2) && facts.limits.rate > 0.0", FACTS)

    assert repr(FACTS) == before


# --- conditions over a vote -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "condition", ["facts.rate > 1", "votes > 1", "go", "go > 0.5", "stances.risk", "conflicts", "stances > 1", "go = 1"]
)
def test_what_is_no_condition_over_a_vote_is_refused(condition: str) -> None:
    with pytest.raises(ConditionError):
        compile_condition(condition, "vote")


def test_a_condition_over_a_vote_knows_no_facts_and_one_over_facts_no_vote() -> None:
    with pytest.raises(ConditionError, match="`go` is unknown here"):
        compile_condition("go > 1")
    with pytest.raises(ConditionError, match="`facts` is unknown here, at character 1; a row reads the vote"):
        compile_condition("facts.go > 1", "vote")


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ("go >= 2 && caution == 0", True),
        ("2 * go > go + block", True),
        ("block > 0", False),
        ('stances.risk == "go"', True),
        ('stances["risk"] in ["caution", "block"]', False),
        ('stances.all(role, stances[role] == "go")', True),
        ("size(conflicts) == 0", True),
        ("mean_confidence >= 0.5", True),
    ],
)
def test_a_condition_over_a_vote_holds_or_does_not(condition: str, answer: bool) -> None:
    vote = {"go": 2, "caution": 0, "block": 0, "conflicts": [], "mean_confidence": 0.5}

    assert holds_for_vote(condition, {**vote, "stances": {"risk": "go", "legal": "go"}}) is answer


@pytest.mark.parametrize(
    "condition", ["go > 1", "1 / block > 1", 'stances["nobody"] == "go"', "stances.nobody == 'go'"]
)
def test_a_condition_over_a_vote_without_an_answer_is_a_fault(condition: str) -> None:
    answer = holds_for_vote(condition, {"block": 0, "stances": {"risk": "go"}})

    assert isinstance(answer, Fault)
    assert answer.message
