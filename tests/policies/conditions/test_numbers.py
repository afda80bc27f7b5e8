"""Numbers in conditions: a whole number and the decimal one that equals it give one answer, and mix with literals."""

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.conditions.condition import (
    ConditionError,
    Fault,
    compile_condition,
    holds,
    holds_for_vote,
)
from policies.conditions.reading import fact_paths
from policies.plain import shown

FACTS: dict[str, Any] = {
    "items": [{"price": 6, "tags": {"x": 2}, "v": 2}, {"price": 1, "tags": {"x": 9}, "v": 1}],
    "a": {"b": 2},
    "a.b": {"c": 2},
    "l": [{"x": 1}, {"x": 3}, {"x": 0}],
    "l3": [1, 2, 3],
    "key": "a",
    "flag": False,
    "é": 4,
    "name": "x",
}
"""Beside these each row has the fact `late`, written as 14, as 14.0 and as 14.5."""

ITEMS = (("items",), ("items", "*", "price"), ("items", "*", "tags", "x"), ("a", "b"))
A_B, LATE = ("a", "b"), (("late",),)

Row = tuple[str, tuple[tuple[str, ...], ...], bool, bool]

TABLE: list[Row] = [
    # the condition, the paths it reads, its answer for 14 and 14.0, and for 14.5
    ("facts.late * 2 > 20", LATE, True, True),
    ("facts.late / 4 > 3", LATE, True, True),
    ("facts.late / 4 > 3.5", LATE, False, True),
    ("facts.late / 4.0 == 3", LATE, False, False),
    ("facts.l3[0] + facts.late > 15", (("l3", "*"), ("late",)), False, True),
    ("facts.late % 2 == 0", LATE, True, False),
    ("size(facts.items) > 1", (("items",),), True, True),
    ("7 / 2 * facts.late > 50", LATE, False, True),
    ('facts["a"].b >= facts.a["b"] + 0x1F', (A_B,), False, False),
    ("has(facts.a.b) && facts.a.b > 1", (A_B,), True, True),
    ('has(facts["a"].c)', (("a", "c"),), False, False),
    ('facts.items.exists(i, i.price * 2 > 10 && i.tags["x"] == facts.a.b)', ITEMS, True, True),
    ("facts.l.exists(facts, facts.x > 1)", (("l",), ("l", "*", "x")), True, True),
    ("facts[facts.key].b > 1", ((), ("key",)), True, True),
    ("7 / 2 * facts.late > 42", LATE, True, True),
    ("facts.a.b in [1, 2] || 3 in facts.l3", (A_B, ("l3",)), True, True),
    ('(facts.flag ? 1 : 2) * facts["é"] > -3', (("flag",), ("é",)), True, True),
    ('"facts.no" != facts.name && r\'facts["q"]\' != "é" && facts.late > 14', (("name",), ("late",)), False, True),
    ('facts["a.b"].c == 2 // facts.comment 7', (("a.b", "c"),), True, True),
    ("facts.items.exists_one(x, x.v * 2 == 4)", (("items",), ("items", "*", "v")), True, True),
]


def decimals(value: Any) -> Any:
    """The value with each whole number written as a decimal one."""
    if isinstance(value, dict):
        return {key: decimals(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [decimals(item) for item in value]
    return float(value) if type(value) is int else value


COUNTS = {"team": 3, "round": 3}
HOURS = {"a": "2026-01-01T13:00:00Z", "b": "2026-01-01T12:00:00Z"}


@pytest.mark.parametrize(("when", "paths", "whole", "decimal"), TABLE, ids=[row[0] for row in TABLE])
def test_a_check_gives_the_same_for_14_and_for_14_0(
    when: str, paths: tuple[tuple[str, ...], ...], whole: bool, decimal: bool
) -> None:
    answers = [
        holds(when, {**FACTS, "late": 14}),
        holds(when, {**decimals(FACTS), "late": 14.0}),
        holds(when, {**FACTS, "late": 14.5}),
    ]

    assert answers == [whole, whole, decimal]
    assert fact_paths(when) == paths


@pytest.mark.parametrize(
    ("when", "answer"),
    [("team == 3", True), ("2 * team > 5 && round / 2 == 1", True), ("round / 2 == 2", False), ("team % 2 == 1", True)],
)
def test_the_counts_of_a_vote_stay_whole_numbers(when: str, answer: bool) -> None:
    assert holds_for_vote(when, COUNTS) is answer


@pytest.mark.parametrize(
    ("when", "scope", "message"),
    [
        (
            "team * 1.5 > 4",
            "vote",
            "mixes `team`, a whole number, with a decimal one at character 6; write double(team)",
        ),
        ("go > 0.5", "vote", "mixes `go`, a whole number, with a decimal one at character 4; write double(go)"),
        ("mean_confidence > round", "vote", "character 17; write double(round)"),
        ("size(facts.l) * facts.late > 3", "facts", "at character 15; write double(size(…))"),
        ("facts.late > 2 + size(facts.l) * 0.5", "facts", "at character 32; write double(size(…))"),
        ("facts.late * 2 + size(facts.l) > 3", "facts", "at character 16; write double(size(…))"),
        ("facts.late\n  + int(facts.l) > 3", "facts", "at line 2, character 3; write double(int(…))"),
        ("timestamp(facts.at).getHours() * facts.late > 3", "facts", "write double(….getHours())"),
        ("[1, 2].exists(x, x * facts.late > 3)", "facts", "`x`, a whole number"),
        ("[1, 2][0] * facts.late > 3", "facts", "mixes `…`, a whole number"),
        ("[1, 2].map(x, x * 2)[0] * facts.late > 3", "facts", "mixes `…`, a whole number"),
        ("{1: 'x'}.exists(k, k * facts.late > 3)", "facts", "mixes `k`, a whole number"),
        ("[size(facts.l), facts.late].exists(x, x * 2 > 3)", "facts", "mixes `x`, a whole number"),
        ("3u * facts.late > facts.n", "facts", "write double(3u)"),
        ("(facts.late > 1 ? size(facts.l) : 2.5) * 2 > 3", "facts", "at character 40; write double(size(…))"),
        ("dyn(size(facts.l)) + facts.late > 3", "facts", "write double(size(…))"),
        ("size(facts.l) / size(facts.m) > 0.5", "facts", "at character 31; write double(size(…))"),
        ("facts.late < -(size(facts.l) / 2)", "facts", "write double(size(…))"),
        ("output.n * size(output.text) > 3.0", "output", "write double(size(…))"),
        ("facts.late > 9007199254740993", "facts", "has the whole number 9007199254740993 at character 14; allowed"),
        ("facts.late > -9007199254740993", "facts", "at most 9007199254740992, which is 2^53"),
        ("open_questions > 0x20000000000001", "vote", "has the whole number 9007199254740993"),
        ("facts.late < 1e999", "facts", "has a decimal number too large at character 14; allowed: below 1.797e308"),
        ("facts.late > -1e999 * 2.0", "facts", "has a decimal number too large"),
        ("mean_confidence < 1e999", "vote", "has a decimal number too large"),
        ('facts.late * 2 > "x"', "facts", "applies `>` to a number and text at character 16; allowed: two numbers"),
        ('"x" == facts.late / 2', "facts", "applies `==` to a number and text"),
        ("facts.late - 1 != true", "facts", "applies `!=` to a number and true or false"),
        ("facts.late % 2 == [1]", "facts", "applies `==` to a number and a list"),
    ],
    ids=shown,
)
def test_numbers_that_cannot_be_mixed_are_refused_at_load_with_what_to_write(
    when: str, scope: Any, message: str
) -> None:
    with pytest.raises(ConditionError) as refused:
        compile_condition(when, scope)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("when", "scope"),
    [
        ("double(team) * 1.5 > 4", "vote"),
        ("mean_confidence > 0 && team > 2", "vote"),
        ("double(size(facts.l)) * facts.late > 3", "facts"),
        ("size(facts.l) > facts.late && size(facts.l) > 2.5", "facts"),
        ("size(facts.l) / 2 > 1", "facts"),
        ("facts.late > 9007199254740992", "facts"),
        ("(facts.late > 1 ? size(facts.l) : 2.5) > 2", "facts"),
        ("facts.late + facts.text == 'x' || facts.late + 'x' == 'x'", "facts"),
        ("timestamp(facts.at) - timestamp('2026-01-01T00:00:00Z') > duration('1h')", "facts"),
    ],
)
def test_numbers_that_can_be_mixed_are_not_refused(when: str, scope: Any) -> None:
    compile_condition(when, scope)


@pytest.mark.parametrize(
    ("when", "facts", "answer"),
    [
        ("double(size(facts.l)) * facts.n > 40", {"l": [1, 2, 3], "n": 14}, True),
        ("size(facts.l) > 2.5", {"l": [1, 2, 3]}, True),
        ("facts.n % 2.5 == 1.5", {"n": 14}, True),
        ("facts.n % 5 == -4", {"n": -14}, True),
        ("-facts.n + - 5 == -19", {"n": 14}, True),
        ("facts.n - -5 == 19 && facts.n -5 == 9", {"n": 14}, True),
        ("size(facts.l) + 1 > facts.n && facts.n < 2 * size(facts.l)", {"l": [1, 2], "n": 2}, True),
        ("facts.n in [28 / 2, 3]", {"n": 14}, True),
        ("facts.n in [29 / 2]", {"n": 14.5}, True),
        ("29 / 2 in [facts.n]", {"n": 14.5}, True),
        ("29 / 2 == facts.n", {"n": 14.5}, True),
        ("facts.l == [29 / 2]", {"l": [14.5]}, True),
        ("[10, facts.n].exists(x, x / 4 == 2.5)", {"n": 1}, True),
        ("(facts.n > 0 ? [10] : facts.l).exists(x, x / 4 == 2.5)", {"n": 1, "l": []}, True),
        ("([10] + facts.l).exists(x, x / 4 == 2.5)", {"l": []}, True),
        ("[10].map(x, x * 2)[0] / 8 == 2", {}, True),
        ("[10].filter(x, x > 2)[0] / 4 == 2", {}, True),
        ("[10, facts.n].filter(x, x > 2).exists(y, y / 4 == 2.5)", {"n": 1}, True),
        ("facts.a + facts.b == 'xy' && facts.l + [2] == [1, 2]", {"a": "x", "b": "y", "l": [1]}, True),
        ("facts.l + facts.l == [1, 1] && size(facts.l + facts.m) == 3", {"l": [1], "m": ["x", None]}, True),
        ("[timestamp(facts.a)][0] - [timestamp(facts.b)][0] == duration('1h')", HOURS, True),
        ("[timestamp(facts.b)][0] + [duration('1h')][0] == timestamp(facts.a)", HOURS, True),
        ("[b'x'][0] + [b'y'][0] == b'xy'", {}, True),
        ("facts.names.map(n, size(n)).exists(s, s + 1 > 3)", {"names": ["abc"]}, True),
        ('facts.l.map(x, x["v"]).exists(y, y == size(facts.l) && y * 2 > 1)', {"l": [{"v": 1}]}, True),
        ('facts["m"]["a"]["n"] + 31 == 45 && facts.m["a"].n * 1.5 == 21', {"m": {"a": {"n": 14}}}, True),
        ('string(facts.m["n"]) == "1000000"', {"m": {"n": 1_000_000}}, True),
        ('facts.m["s"] + facts.m["t"] == "xy"', {"m": {"s": "x", "t": "y"}}, True),
        ('facts.m.exists(k, k == "a" && facts.m.a / 4 == 2.5)', {"m": {"a": 10, "b": 1}}, True),
        ("facts.m[facts.k].v / 2 == 1.5", {"m": {"a": {"v": 3}}, "k": "a"}, True),
        ('{"a": [10]}["a"][0] / 4 == 2 && {7: "x"}.exists(k, k / 2 == 3)', {}, True),
        ("facts.l.exists(facts, facts.v / 4 == 2.5 && .facts.n == 1)", {"l": [{"v": 10}], "n": 1}, True),
        ("[facts.n, 10].exists(x, x / 4 == 2.5)", {"n": 1}, True),
        ('{"a": 10, "b": facts.n}["a"] / 4 == 2.5', {"n": 1}, True),
        ('{"a": 10}.a / 4 == 2', {}, True),
        ("dyn(10) / 4 * facts.n == 2.5", {"n": 1}, True),
        ("(facts.n > 0 ? 1 : 2.5) / 2 == 0.5", {"n": 1}, True),
        ("facts.l[facts.i] == 7 && facts.l[facts.i - 1] == 6", {"l": [6, 7], "i": 1}, True),
        ("facts.l[size(facts.l) - 1] == 7 && facts.l[1] == 7", {"l": [6, 7]}, True),
        ("facts.l.map(x, x / 2)[1] == 3.5", {"l": [6, 7]}, True),
        ("facts.l.filter(x, x % 2 == 1).size() == 1", {"l": [6, 7]}, True),
        ("{14: 'x'}[facts.n] == 'x' && facts.n in {14: 'x'}", {"n": 14}, True),
        ("string(facts.n) == '1000000' && string(facts.n * 2) == '2000000'", {"n": 1_000_000}, True),
        ("string(facts.n) == '14.5'", {"n": 14.5}, True),
        ("string(facts.t) + string(facts.f) == 'xtrue'", {"t": "x", "f": True}, True),
        ("type(facts.n) == int && type(facts.m['n']) == int", {"n": 14, "m": {"n": 14}}, True),
        ("type(facts.t) == string && type(facts.z) == null_type", {"t": "", "z": None}, True),
        ("type(facts.l) == list && type(facts.m) == map && type(1.0) == double", {"l": [1], "m": {"a": 1}}, True),
        ("timestamp(facts.n) > timestamp('1970-01-01T00:00:13Z')", {"n": 14}, True),
        ("int(facts.n) / 4 == 3", {"n": 14}, True),
        ("size(facts.l) / 2 == 1", {"l": [1, 2, 3]}, True),
    ],
    ids=shown,
)  # fmt: skip
def test_a_number_means_the_same_wherever_a_condition_uses_it(when: str, facts: dict[str, Any], answer: bool) -> None:
    assert [holds(when, facts), holds(when, decimals(facts))] == [answer, answer]


@pytest.mark.parametrize(
    ("when", "facts", "reason"),
    [
        ("facts.n / facts.zero > 0.2", {"n": 1, "zero": 0}, "division by zero"),
        ("facts.zero / facts.zero > 0.2", {"zero": 0.0}, "division by zero"),
        ("facts.n / 0 > 0.2", {"n": 1}, "division by zero"),
        ("facts.n % facts.zero > 0.2", {"n": 1, "zero": 0}, "remainder of a division by zero"),
        ("facts.n / facts.tiny > 0.2", {"n": 1e300, "tiny": 1e-300}, "a number too large"),
        ("facts.n * facts.n > 0.2", {"n": 1e200}, "a number too large"),
        ("facts.n * -10 < 0.2", {"n": 1e308}, "a number too large"),
        ("facts.n + facts.n > 0.2", {"n": 1e308}, "a number too large"),
        ("-facts.n - facts.n < 0.2", {"n": 1e308}, "a number too large"),
        ("facts.n * 10 - facts.n * 10 > 0.2", {"n": 1e308}, "a number too large"),
        ("1.0 / (facts.n * 10) > 0.2", {"n": 1e308}, "a number too large"),
        ("1e308 * 10.0 > 0.2", {}, "a number too large"),
        ("facts.l.exists(i, i.p * i.p < 1)", {"l": [{"p": 1e200}]}, "a number too large"),
        ("facts.n + facts.text > 0.2", {"n": 1, "text": "x"}, "_+_(double, string)"),
        ("facts.n - facts.text > 0.2", {"n": 1, "text": "x"}, "_-_(double, string)"),
        ("facts.n * facts.text > 0.2", {"n": 1, "text": "x"}, "_*_(double, string)"),
        ("facts.n / facts.text > 0.2", {"n": 1, "text": "x"}, "_/_(double, string)"),
        ("facts.text % 2 > 0", {"text": "x"}, "_%_(string, double)"),
        ("facts.n * 2 > 0", {"n": 2**53}, "a whole number beyond ±(2^53-1)"),
        ("facts.n * 2 > 0", {"n": 10**5_000}, "a whole number beyond ±(2^53-1)"),
        ("facts.l[facts.i] == 7", {"l": [6, 7], "i": 0.5}, "expected integer type"),
        ("string(facts.l) == '1'", {"l": [1]}, "string(list)"),
    ],
    ids=shown,
)
def test_arithmetic_without_an_answer_is_a_fault_and_never_infinite(
    when: str, facts: dict[str, Any], reason: str
) -> None:
    answer = holds(when, facts)

    assert isinstance(answer, Fault)
    assert reason in answer.message


def test_a_division_by_zero_that_does_not_matter_is_not_a_fault() -> None:
    assert holds("facts.zero == 0 || facts.n / facts.zero > 0.2", {"n": 1, "zero": 0}) is True
    assert holds("facts.zero != 0 && facts.n / facts.zero > 0.2", {"n": 1, "zero": 0}) is False


def test_numbers_of_an_output_mix_too() -> None:
    when = "output.margin / 4 > 3 && output.margin * 1.5 > 20"
    answers = [holds(when, {"margin": n}, "output") for n in (14, 14.0)]

    assert answers == [True, True]


# --- random arithmetic ------------------------------------------------------------------------------------------------

Values = dict[str, float]

ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": lambda left, right: math.fmod(left, right) if right else operator.truediv(left, right),
}
ORDERS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A piece of a condition, and what it is worth in plain arithmetic of floats."""

    text: str
    worth: Callable[[Values], Any]


def fact(name: str, form: str) -> Said:
    return Said(form.format(name), lambda values: values[name])


def literal(number: float) -> Said:
    return Said(repr(number), lambda _: float(number))


def reckoned(sign: str, left: Said, right: Said) -> Said:
    return Said(f"({left.text} {sign} {right.text})", lambda v: ARITHMETIC[sign](left.worth(v), right.worth(v)))


def negated(inner: Said) -> Said:
    return Said(f"-({inner.text})", lambda values: -inner.worth(values))


def compared(sign: str, left: Said, right: Said) -> Said:
    return Said(f"{left.text} {sign} {right.text}", lambda v: ORDERS[sign](left.worth(v), right.worth(v)))


def among(left: Said, items: list[Said]) -> Said:
    listed = ", ".join(item.text for item in items)
    return Said(f"{left.text} in [{listed}]", lambda v: left.worth(v) in [item.worth(v) for item in items])


def chosen(test: Said, left: Said, right: Said) -> Said:
    return Said(f"({test.text} ? {left.text} : {right.text})", lambda v: (left if test.worth(v) else right).worth(v))


NAMES = ("a", "b", "c")
FACT = st.builds(fact, st.sampled_from(NAMES), st.sampled_from(["facts.{}", 'facts["{}"]']))
LITERAL = st.builds(literal, st.integers(-30, 30) | st.sampled_from([0.5, 1.5, -2.25, 10.0]))


def larger(inner: st.SearchStrategy[Said]) -> st.SearchStrategy[Said]:
    test = st.builds(compared, st.sampled_from([*ORDERS]), FACT, inner)
    return (
        st.builds(reckoned, st.sampled_from([*ARITHMETIC]), inner, inner)
        | st.builds(negated, inner)
        | st.builds(chosen, test, inner, inner)
    )


NUMBERS = st.recursive(FACT | LITERAL, larger, max_leaves=8)
CONDITIONS = st.builds(
    compared, st.sampled_from([*ORDERS]), st.builds(reckoned, st.sampled_from([*ARITHMETIC]), NUMBERS, FACT), NUMBERS
) | st.builds(among, FACT, st.lists(NUMBERS, max_size=3))
FACT_VALUES = st.fixed_dictionaries(dict.fromkeys(NAMES, st.integers(-20, 20) | st.sampled_from([0.5, 14.5, -3.75])))


@pytest.mark.slow
@given(CONDITIONS, FACT_VALUES)
def test_arithmetic_over_facts_is_that_of_plain_decimal_numbers(said: Said, values: Values) -> None:
    try:
        expected = said.worth({name: float(value) for name, value in values.items()})
    except ZeroDivisionError:
        expected = Fault
    found = [holds(said.text, facts) for facts in (values, decimals(values))]

    assert [Fault if isinstance(each, Fault) else each for each in found] == [expected, expected]
