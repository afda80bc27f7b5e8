"""Fit: which paths of a condition some facts lack or hold in the wrong kind, and what is said of them."""

from typing import Any

import pytest

from policies.conditions.condition import Fault, holds
from policies.conditions.places import Path, shown_path
from policies.conditions.reading import Handled, handled_in
from policies.team.fit import MAX_CANDIDATES, Misfit, explain_fault, find_mistyped, misfits_of_condition
from policies.team.privacy import WITHHELD

FACTS: dict[str, Any] = {
    "safety": {"open_recalls": 0, "officer": None},
    "risk": {"rate": 0.03, "region": "US", "is_open": True, "lots": [{"n": 1}, {"n": 2, "late": 3}], "none": []},
    "limits": {"rate": 0.05, "word": "many"},
    "a.b": {"c": 1},
}


def misfits(when: str, facts: dict[str, Any] = FACTS) -> list[str]:
    return [f"{shown_path(each.path)} {each.found}" for each in misfits_of_condition(when, facts)]


ABSENT = "is not in the facts"
MISSING: dict[str, list[str]] = {
    "facts.safety.open_recals > 0.0": ["safety.open_recals"],
    'facts["safety"]["open_recals"] > 0.0': ["safety.open_recals"],
    "facts.safty.open_recalls > 0.0": ["safty.open_recalls"],
    "facts.risk.rate.deeper > 0.0": ["risk.rate.deeper"],
    "facts.risk.rat > facts.limits.rat": ["risk.rat", "limits.rat"],
    "facts.risk.rat > 1.0 && facts.risk.rat < 2.0": ["risk.rat"],
    'facts["a.b"].d > 0.0': ['["a.b"].d'],
    "facts.a.b > 0.0": ["a.b"],
    "true || facts.lost": ["lost"],
    "facts.risk.lots.exists(lot, lot.m > 0.0)": ["risk.lots[*].m"],
    "facts.risk.lots.exists(lot, lot.n > 0.0)": [],
    "facts.risk.lots.exists(lot, lot.late > 0.0)": [],
    "facts.risk.lots[0].m > 0.0": ["risk.lots[*].m"],
    "facts.risk.lots[0].n > 0.0": [],
    "facts.risk.none.exists(lot, lot.m > 0.0)": [],
    "facts.risk.lot.exists(lot, lot.n > 0.0)": ["risk.lot", "risk.lot[*].n"],
    "size(facts.risk.lost) > 0": ["risk.lost"],
    "has(facts.lost)": [],
    "!has(facts.lost)": [],
    "has(facts.lost) && facts.lost > 1.0": [],
    "has(facts.lost) && facts.lost.deeper > 1.0": [],
    "has(facts.safety.lost) && facts.safety.lots > 1.0": ["safety.lots"],
    "has(facts.lost.deeper)": ["lost"],
    "has(facts.lost) && has(facts.lost.deeper)": [],
    "has(facts.lost.deeper) && facts.lost.deeper > 1.0": ["lost"],
    '"lost" in facts && facts.lost > 1.0': [],
    '"lost" in facts.risk && facts.risk.lost > 1.0': [],
    '"lost" in facts.risk && facts.limits.lost > 1.0': ["limits.lost"],
    '"US" in facts.regions': ["regions"],
}


@pytest.mark.parametrize("when", MISSING)
def test_a_path_that_is_read_and_not_there_is_found_unless_the_condition_tests_for_it(when: str) -> None:
    assert misfits(when) == [f"{path} {ABSENT}" for path in MISSING[when]]


MISTYPED: dict[str, list[str]] = {
    "facts.risk.region > 1.0": ["risk.region is text, and `>` compares it with a number"],
    "1.0 < facts.risk.region": ["risk.region is text, and `<` compares it with a number"],
    "facts.risk.region == 1": ["risk.region is text, and `==` compares it with a number"],
    "facts.risk.rate != 'high'": ["risk.rate is a number, and `!=` compares it with text"],
    "facts.risk.is_open == 1": ["risk.is_open is a boolean, and `==` compares it with a number"],
    "facts.risk.rate == true": ["risk.rate is a number, and `==` compares it with a boolean"],
    "facts.risk.rate >= facts.limits.word": ["risk.rate is a number, and `>=` compares it with `limits.word`, text"],
    "facts.risk == 1": ["risk is an object, and `==` compares it with a number"],
    "facts.risk.lots > 1.0": ["risk.lots is a list, and `>` compares it with a number"],
    "facts.risk.lots < facts.risk.lots": ["risk.lots is a list, and `<` compares it with `risk.lots`, a list"],
    "facts.safety.officer > 1.0": ["safety.officer is null"],
    "1.0 < facts.safety.officer": ["safety.officer is null"],
    "facts.risk.rate > facts.safety.officer": ["safety.officer is null"],
    "facts.safety.officer != null && facts.safety.officer > 1.0": [],
    "facts.safety.officer == 'Ada'": ["safety.officer is null"],
    "facts.safety.officer == null || facts.safety.officer == 'Ada'": [],
    "facts.safety.officer == null": [],
    "facts.risk.rate > 1": [],
    "facts.risk.rate == facts.limits.rate": [],
    "facts.risk.region == 'EU' || facts.risk.region < 'M'": [],
    "facts.risk.is_open == facts.risk.is_open": [],
    "facts.risk.region == b'US'": [],
    "facts.risk.rate * 2.0 > 1.0": [],
    "has(facts.lost) && facts.lost == 'x'": [],
    "has(facts.risk.rate) && facts.risk.rate == 'x'": ["risk.rate is a number, and `==` compares it with text"],
    "facts.risk.lots.exists(lot, lot.n == 'one')": [
        "risk.lots[*].n is a number, and `==` compares it with text",
    ],
}


@pytest.mark.parametrize("when", MISTYPED)
def test_values_of_two_kinds_that_a_condition_compares_are_found(when: str) -> None:
    assert misfits(when) == MISTYPED[when]


IN_TEXT = "is a number, and `in` compares it with text"
EQUAL_TEXT = "is a number, and `==` compares it with text"
TEXT_EQUAL = "is text, and `==` compares it with a number"
GIVES_TEXT = "gives text, and `==` compares it with a number"
TEXT_ABOVE = "is text, and `>` compares it with a number"
EQUAL_B = "is a number, and `==` compares it with `b[*]`, text"
IN_BAD = "is a number, and `in` compares it with `bad[*]`, text"
UNUSABLE: list[tuple[str, dict[str, Any], list[str]]] = [
    ('facts.level in ["high", "critical"]', {"level": 3}, [f"level {IN_TEXT}"]),
    ('facts.level in ["high", "critical"]', {"level": None}, ["level is null"]),
    ('!(facts.level in ["high"])', {"level": 3}, [f"level {IN_TEXT}"]),
    ("facts.level in facts.bad", {"level": 3, "bad": ["3"]}, [f"level {IN_BAD}"]),
    ("facts.level in facts.bad", {"level": 3, "bad": [3, "4"]}, [f"level {IN_BAD}"]),
    ('"x" in facts.l', {"l": [1, 2]}, [f"l[*] {IN_TEXT}"]),
    ('"x" in facts.l', {"l": ["x", None]}, ["l[*] is null"]),
    ('"x" in facts.l', {"l": "xy"}, ["l is text, and `in` looks in a list or an object"]),
    ('"x" in facts.l', {"l": None}, ["l is null"]),
    ("facts.k in facts.m", {"k": 3, "m": {"3": 1}}, ["k is a number, and `in` compares it with `m[*]`, text"]),
    ('facts.region == ["US"]', {"region": "US"}, ["region is text, and `==` compares it with a list"]),
    ('facts.l == ["3"]', {"l": [3]}, ["l is a list, and `==` compares it with a list"]),
    ("facts.p + 1 == facts.q", {"p": 3, "q": "4"}, ["q is text, and `==` compares it with a number"]),
    ("facts.p == string(3)", {"p": 3}, [f"p {EQUAL_TEXT}"]),
    ("facts.p + facts.q == 'x'", {"p": 3, "q": 4}, ["p gives a number, and `==` compares it with text"]),
    ("facts.p == 3", {"p": None}, ["p is null"]),
    ("facts.p != 3", {"p": None}, ["p is null"]),
    ("facts[facts.key] == 3", {"key": "p", "p": "3"}, [f"facts {GIVES_TEXT}"]),
    ("facts.l.exists(i, i.p == 3)", {"l": [{"p": "3"}, {"p": 1}]}, [f"l[*].p {TEXT_EQUAL}"]),
    ("facts.l.exists(i, i.p == 3)", {"l": [{"p": 3}, {"p": None}]}, ["l[*].p is null"]),
    ("facts.l.all(i, i > 3)", {"l": ["5", 1]}, [f"l[*] {TEXT_ABOVE}"]),
    ("facts.l.exists(i, i.p > 3)", {"l": [{"p": 5}, {"p": "9"}]}, [f"l[*].p {TEXT_ABOVE}"]),
    ("facts.l.filter(i, i.p > 1).exists(i, i.q == 3)", {"l": [{"p": 5, "q": "3"}]}, [f"l {GIVES_TEXT}"]),
    ("facts.l.map(i, i.q).exists(q, q == 3)", {"l": [{"q": "3"}]}, [f"l {GIVES_TEXT}"]),
    ("3 in facts.l.map(i, i.q)", {"l": [{"q": "3"}]}, ["l gives text, and `in` compares it with a number"]),
    ("facts.m.exists(k, facts.m[k] == 3)", {"m": {"a": 3, "b": "3"}}, [f"m {GIVES_TEXT}"]),
    ("facts.a.exists(i, facts.b.exists(j, i == j))", {"a": [1], "b": ["1"]}, [f"a[*] {EQUAL_B}"]),
    ("facts.l.exists(facts, .facts.p == 3)", {"l": [1], "p": "3"}, [f"p {TEXT_EQUAL}"]),
]  # fmt: skip


@pytest.mark.parametrize(("when", "facts", "said"), UNUSABLE)
def test_what_a_comparison_cannot_use_is_found_wherever_it_is(
    when: str, facts: dict[str, Any], said: list[str]
) -> None:
    assert misfits(when, facts) == said


@pytest.mark.slow
def test_a_condition_that_walks_over_too_much_is_refused_and_not_waited_for() -> None:
    names = "abcdefghijklmnopqrst"
    lists = ["facts.l", *(f"[{name}, [{name}]]" for name in names)]
    opened = "".join(f"{each}.exists({name}, " for each, name in zip(lists, names, strict=False))

    assert misfits(f"{opened}t == 1{')' * len(names)}", {"l": [1]}) == ["l is walked over more often than a check may"]


USABLE: list[tuple[str, dict[str, Any]]] = [
    ("facts.p == null", {"p": None}),
    ("facts.p == null || facts.p == 3", {"p": None}),
    ("facts.p == facts.q", {"p": None, "q": None}),
    ('facts.level in ["high", null]', {"level": None}),
    ('facts.level in ["high", 3]', {"level": 3}),
    ("facts.level in []", {"level": 3}),
    ('"x" in facts.l', {"l": []}),
    ('"x" in facts.m', {"m": {"y": 1}}),
    ("facts.l[0] == 1", {"l": [1, "x"]}),
    ("facts.l[facts.i] == 'x'", {"l": [1, "x"], "i": 1}),
    ("facts.l.exists(i, i.p == i.q)", {"l": [{"p": 1, "q": 1}, {"p": "x", "q": "y"}]}),
    ("facts.l.exists(i, has(i.p) && i.p == 3)", {"l": [{"p": 1}, {}]}),
    ("facts.l.exists(i, i.p != null && i.p > 3)", {"l": [{"p": 5}, {"p": None}]}),
    ("facts.l == ['x'] && facts.m == {'a': 1}", {"l": ["y", "x"], "m": {"a": 2}}),
    ("type(facts.p) == int && facts.p in [1.5, 2]", {"p": 2}),
    ("timestamp(facts.at) > timestamp('2026-01-01T00:00:00Z')", {"at": "2026-02-01T00:00:00Z"}),
    ("size(facts.l) == facts.n && string(facts.n) == '1'", {"l": [1], "n": 1}),
]


@pytest.mark.parametrize(("when", "facts"), USABLE)
def test_what_can_be_compared_is_not_called_unusable(when: str, facts: dict[str, Any]) -> None:
    assert misfits(when, facts) == []
    assert isinstance(holds(when, facts), bool)


SHORT = ("true", "has(facts.safety.lost)", '"lost" in facts.risk')
"""Conditions that decide before they come to what is missing."""


@pytest.mark.parametrize("when", [each for each in MISSING if MISSING[each] and not each.startswith(SHORT)])
def test_what_is_called_missing_has_no_answer_on_these_facts(when: str) -> None:
    assert isinstance(holds(when, FACTS), Fault)


HANDLED = {
    "has(facts.a.b)": Handled((("a", "b"),), ()),
    '"a" in facts': Handled((("a",),), ()),
    "'c' in facts.a[\"b\"]": Handled((("a", "b", "c"),), ()),
    "facts.a in ['x']": Handled((), ()),
    "'x' in ['x', 'y']": Handled((), ()),
    "facts.a != null || null == facts.b": Handled((), (("a",), ("b",))),
    "facts.a > 1.0": Handled((), ()),
}


@pytest.mark.parametrize("when", HANDLED)
def test_what_a_condition_tests_before_it_uses_it(when: str) -> None:
    assert handled_in(when) == HANDLED[when]


# --- what is said -----------------------------------------------------------------------------------------------------

TOLD: list[tuple[Path, str]] = [
    (("safety", "open_recals"), "the nearest path is `safety.open_recalls`, a number"),
    (("Safety", "OPEN_RECALLS"), "the nearest path is `safety.open_recalls`, a number"),
    (("open_recalls",), "the nearest path is `safety.open_recalls`, a number"),
    (("risk", "regoin"), "the nearest path is `risk.region`, text"),
    (("risk", "lots", "*", "lat"), "the nearest path is `risk.lots[*].late`, a number"),
    (("rsk",), "the nearest path is `risk`, an object"),
    (("x",), 'the facts have `safety`, `risk`, `limits`, `["a.b"]`'),
]


@pytest.mark.parametrize(("path", "told"), TOLD)
def test_the_nearest_path_there_is_is_named_with_its_kind(path: Path, told: str) -> None:
    assert Misfit(path, ABSENT).told(FACTS) == f"`{shown_path(path)}` is not in the facts; {told}"


def test_of_many_facts_none_of_them_near_the_first_are_named() -> None:
    many = {f"{letter * 9}": 1 for letter in "abcdefghijkl"}
    long = {"y" * 300: 1}

    assert Misfit(("0",), ABSENT).told(many).endswith("`hhhhhhhhh` and 4 more")
    assert Misfit(("0",), ABSENT).told(long).endswith(f"the facts have `{'y' * 80}...`")
    assert Misfit(("0",), ABSENT).told({}).endswith("; there are no facts")
    assert Misfit(("rate",), "is null").told(FACTS) == "`rate` is null"


def test_a_private_path_is_never_the_nearest_one() -> None:
    withheld = {"customer": {"name": WITHHELD, "names": ["x"]}, "people": [WITHHELD], "names": WITHHELD}

    assert "customer.names`, a list" in Misfit(("customer", "name"), ABSENT).told(withheld)
    assert Misfit(("nemas",), ABSENT).told({"names": WITHHELD, "x": 1}).endswith("the facts have `x`")
    assert Misfit(("names",), ABSENT).told({"names": WITHHELD}).endswith("there are no facts")


def test_among_very_many_facts_the_search_ends() -> None:
    facts = {f"fact_{number}": number for number in range(MAX_CANDIDATES)} | {"open_recalls": 1}

    assert "open_recalls" not in Misfit(("open_recals",), ABSENT).told(facts).partition("; ")[2]


FAULTS = [
    ("facts.safety.officer * 2.0 > 1.0", "safety.officer is null"),
    (
        "facts.risk.rate / facts.zero > 1.0",
        "it cannot be evaluated: division by zero; it reads `risk.rate`, a number and",
    ),
    ("facts.risk.region * 2.0 > 1.0", "it cannot be evaluated: "),
    ("has(facts.lost) && facts.lost > 1.0 || facts.risk.region > 1.0", "risk.region is text, and `>`"),
    ("int('x') > 1", "it cannot be evaluated: "),
]


@pytest.mark.parametrize(("when", "said"), FAULTS)
def test_a_condition_without_an_answer_says_which_path_it_cannot_use_or_what_it_reads(when: str, said: str) -> None:
    facts = {**FACTS, "zero": 0}
    fault = holds(when, facts)
    assert isinstance(fault, Fault)
    why = explain_fault(when, fault.message, facts)

    told = why if isinstance(why, str) else f"{shown_path(why.path)} {why.found}"
    assert told.startswith(said)
    assert not told.endswith("; it reads ")


@pytest.mark.parametrize(
    ("when", "facts", "found"),
    [
        ("has(facts.x) == facts.flag", {"x": 1, "flag": True}, []),
        ('facts.l[size(facts.l) - 1] == "a"', {"l": [1, 2]}, ["a number"]),
        ('facts.l[size(facts.l) - 1] == "a"', {"l": [1]}, ["a number"]),
        ('facts.l[size(facts.l) - 1] == "a"', {"l": ["a"]}, []),
        ('(facts.l + facts.m)[1] == "a"', {"l": [1], "m": [2]}, ["a number"]),
        ('(facts.l + facts.m)[1] == "a"', {"l": [1], "m": ["b"]}, []),
    ],
)
def test_what_is_worked_out_is_looked_at_as_far_as_its_kind_is_known(
    when: str, facts: dict[str, Any], found: list[str]
) -> None:
    told = [misfit.found for misfit in find_mistyped(when, facts)]

    assert [kind for kind in found if any(kind in each for each in told)] == found
    assert len(told) == len(found)
