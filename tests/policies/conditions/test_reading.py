"""Reading: what a condition reads and compares, by its tree, however it is written."""

from collections.abc import Callable
from typing import Any

import pytest
from cel_expr_python import cel
from hypothesis import assume, given
from hypothesis import strategies as st

from policies.conditions.condition import ConditionError, Fault, Scope, compile_condition, holds, holds_for_vote
from policies.conditions.places import Path, Read, shown_path, values_at
from policies.conditions.reading import (
    Relation,
    Written,
    comparisons_in,
    constants_compared,
    fact_paths,
    find_strange_word,
    output_fields,
    reads_in,
    roles_in,
    variables_in,
)
from policies.paths import MISSING
from policies.plain import shown

AB: Path = ("a", "b")

SAME_PATH = (
    "facts.a.b > 1",
    'facts["a"].b > 1',
    'facts["a"]["b"] > 1',
    "facts.a['b'] > 1",
    "facts . a\n\t. b > 1",
    'facts["a" ] [ "b"] > 1',
    "facts.a // facts.c\n.b > 1 // facts.d",
    "(facts.a).b > 1",
    "facts.`a`.b > 1",
    'facts[r"a"].b > 1',
    'facts["""a"""].b > 1',
    "facts['''a''']['b'] > 1",
    r'facts["\x61"].b > 1',
    r"facts['\u0061'].b > 1",
    "1 < facts.a.b",
    ".facts.a.b > 1",
    "[1].exists(a, facts.a.b > a)",
    "[1].exists(facts, .facts.a.b > facts)",
    '"facts.no" != "x" && facts.a.b > 1',
    'r\'facts["q"]\' != "x" && facts.a.b > 1',
)


@pytest.mark.parametrize("when", SAME_PATH)
def test_a_path_is_the_same_however_it_is_written(when: str) -> None:
    assert reads_in(when) == (Read(AB),)
    assert fact_paths(when) == (AB,)


@pytest.mark.parametrize(
    ("when", "reads"),
    [
        ("true", []),
        ("'facts.a' == 'facts.b'", []),
        ("facts.limits.rate > facts.rate || facts.rate < 0.0", [("limits", "rate"), ("rate",)]),
        ("has(facts.a.b) && facts.a.b > 1", [Read(AB, "test"), AB]),
        ('has(facts["a"].b)', [Read(AB, "test")]),
        ("!has(facts[facts.k].b)", [(), ("k",)]),
        ('"a" in facts', [Read(("a",), "test")]),
        ('"a" in facts.b', [("b",)]),
        ("facts.a in facts", [("a",), ()]),
        ("facts == {}", [()]),
        ('facts["a.b"].c == 2', [("a.b", "c")]),
        ("facts.items[0].price > 1", [("items", "*", "price")]),
        ("facts.items[facts.i].price > 1", [("items",), ("i",)]),
        ("facts['a' + 'b'] == 1", [()]),
        ("(facts.f ? facts.a : facts.c).b == 1", [("f",), ("a",), ("c",)]),
        ("[facts.a][0].b == 1", [("a",)]),
        ("{'x': facts.a}.x == 1 && {facts.k: 1}.size() > 0", [("a",), ("k",)]),
        ("facts.s.startsWith(facts.p)", [("s",), ("p",)]),
        ("facts.l.size() > 1", [("l",)]),
        ("facts.l.exists(i, i.x > 1)", [Read(("l",), "walk"), ("l", "*", "x")]),
        ("facts.l.all(i, true)", [Read(("l",), "walk")]),
        ("facts.l.exists(facts, facts.x > 1)", [Read(("l",), "walk"), ("l", "*", "x")]),
        ("facts.l.exists(i, i == 1)", [Read(("l",), "walk"), ("l", "*")]),
        ("facts.l.exists(i, has(i.x))", [Read(("l",), "walk"), Read(("l", "*", "x"), "test")]),
        (
            "facts.l.exists(i, i.m.exists(i, i.x > facts.y)) && facts.i > 1",
            [Read(("l",), "walk"), Read(("l", "*", "m"), "walk"), ("l", "*", "m", "*", "x"), ("y",), ("i",)],
        ),
        ("facts.l.filter(i, i.x > 1).size() > 1", [Read(("l",), "walk"), ("l", "*", "x"), ("l", "*")]),
        ("facts.l.map(i, i.x).exists(j, j.y > 1)", [Read(("l",), "walk"), ("l", "*", "x")]),
        ("facts.l.map(i, i.x > 1, i.y)[0] == 1", [Read(("l",), "walk"), ("l", "*", "x"), ("l", "*", "y")]),
        ("facts.exists(k, facts[k] == 1)", [Read((), "walk"), (), ("*",)]),
        ("google.protobuf.Value{string_value: facts.a} == facts.b", [("a",), ("b",)]),
    ],
    ids=shown,
)
def test_what_a_condition_reads_is_named_once_in_order(when: str, reads: list[Read | Path]) -> None:
    assert reads_in(when) == tuple(each if isinstance(each, Read) else Read(each) for each in reads)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), "facts"),
        (AB, "a.b"),
        (("a.b", "c"), '["a.b"].c'),
        (("a", 'say "é"'), 'a["say \\"é\\""]'),
        (("é", "_x1"), "é._x1"),
        (("a", "1", ""), 'a["1"][""]'),
        (("items", "*", "price"), "items[*].price"),
    ],
)
def test_a_path_is_shown_as_people_write_it(path: Path, text: str) -> None:
    assert shown_path(path) == text


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ((), [{"a": {"b": 1}, "l": [{"x": 2}, {}, 3]}]),
        (AB, [1]),
        (("a", "c"), [MISSING]),
        (("a", "b", "c"), [MISSING]),
        (("l", "*", "x"), [2, MISSING, MISSING]),
        (("a", "*"), ["b"]),
        (("none", "*", "x"), [MISSING]),
    ],
)
def test_the_values_at_a_path_are_those_of_each_item(path: Path, values: list[Any]) -> None:
    assert list(values_at(path, {"a": {"b": 1}, "l": [{"x": 2}, {}, 3]})) == values


@pytest.mark.parametrize(
    ("when", "fields"),
    [
        ("output.margin > 5.0", ("margin",)),
        ("output['margin'] > 5.0 && output.text != 'output.nope'", ("margin", "text")),
        ("output.exists(k, output[k] == 1)", ()),
        ("has(output.risks) && output.risks.exists(r, r == 'Rain.') // output.no", ("risks",)),
        ("'ready' in output", ("ready",)),
    ],
)
def test_the_fields_of_an_output_are_named(when: str, fields: tuple[str, ...]) -> None:
    assert output_fields(when) == fields


# --- comparisons ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "comparisons"),
    [
        ('facts["a"].b > "3"', [(">", AB, Written("3"))]),
        ("3 <= facts.a.b", [("<=", Written(3), AB)]),
        ("facts.a.b == facts.c", [("==", AB, ("c",))]),
        ("!(facts.a.b != null)", [("!=", AB, Written(None))]),
        ("facts.a.b < -5 && facts.c >= 0x1F", [("<", AB, Written(-5)), (">=", ("c",), Written(31))]),
        ("facts.a.b == b'x' || facts.c == true", [("==", AB, Written(b"x")), ("==", ("c",), Written(True))]),
        ("facts.a.b * 2 > 3", []),
        ("facts.a.b > facts.c * 2", [(">", AB, None)]),
        ("facts.a.b > size(facts.l)", [(">", AB, None)]),
        ("size(facts.l) > 2 && 1 < 2", []),
        ("has(facts.a.b) == true && facts.a.b in [1]", []),
        ("facts[facts.k] > 1.5", []),
        ("facts.l.exists(i, i.x > 1.5)", [(">", ("l", "*", "x"), Written(1.5))]),
        ("[3].exists(x, facts.a.b > x)", [(">", AB, None)]),
        ("facts.l.exists_one(x, x == 4)", [("==", ("l", "*"), Written(4))]),
    ],
)
def test_what_facts_are_compared_with_is_known(when: str, comparisons: list[tuple[str, Any, Any]]) -> None:
    assert comparisons_in(when) == tuple(Relation(*each) for each in comparisons)


def test_comparisons_of_an_output_are_known_too() -> None:
    assert comparisons_in("output.text == ''", "output") == (Relation("==", ("text",), Written("")),)
    assert comparisons_in("go > 1", "vote") == ()


@pytest.mark.parametrize("read", [reads_in, comparisons_in, fact_paths, output_fields, variables_in, roles_in])
def test_what_does_not_compile_is_not_read(read: Callable[[str], Any]) -> None:
    with pytest.raises(ConditionError):
        read("nope > 1")


# --- the vote ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "names"),
    [
        ("true", ()),
        ("block >= 2", ("block",)),
        ("min_go_votes <= go || go > 1 && caution == 0", ("go", "caution", "min_go_votes")),
        ("block_streak > 1", ("block_streak",)),
        ('stances.go == "block"', ("stances",)),
        ('"go" in conflicts', ("conflicts",)),
        ("'go' == \"block\"", ()),
        ("'it\\'s' == 'go' || block > 1", ("block",)),
        ("stances.exists(role, stances[role] == 'go')", ("stances",)),
        ("stances.exists(go, go == 'risk')", ("stances",)),
        ("conflicts.exists(go, go == 'x' && .go > 1)", ("go", "conflicts")),
        ("weighted_go > 2*weighted_block", ("weighted_go", "weighted_block")),
        (".team > 1", ("team",)),
        ("go > 0 // it's time\n && block == 0 // isn't it", ("go", "block")),
        ("'''it's''' == 'x' || block == 0 && 'a' == 'a'", ("block",)),
        ("r'\\d' == 'go' && block == 0 && 'caution' != ''", ("block",)),
        ("go > 1 // && block > 1", ("go",)),
    ],
)
def test_the_variables_a_condition_reads_are_named_once_each(when: str, names: tuple[str, ...]) -> None:
    assert variables_in(when) == names


@pytest.mark.parametrize(
    ("when", "roles"),
    [
        ("go > 1", ()),
        ('stances.risk == "block"', ("risk",)),
        ("stances['risk'] == 'go' || stances.legal == stances.risk", ("risk", "legal")),
        ('stances [ "risk" ] == "go"', ("risk",)),
        ("has(stances.risk)", ("risk",)),
        ('stances["risk"] == "stances.legal"', ("risk",)),
        ("stances.risk == 'go' // it's clear", ("risk",)),
        ("stances[r'risk'] == 'go' // stances.legal", ("risk",)),
        ('["stances"] == ["stances"]', ()),
        ("conflicts.exists(stances, stances == 'x')", ()),
        ('"risk" in stances', None),
        ("stances.size() > 1", None),
        ("size(stances) > 1 && stances.risk == 'go'", None),
        ("stances.all(role, stances[role] == 'go')", None),
        ("stances.all(role, role != 'risk') && stances.risk == 'go'", None),
        ("stances[conflicts[0]] == 'go'", None),
        ("stances['ri' + 'sk'] == 'go'", None),
    ],
)
def test_the_roles_a_condition_names_are_known_unless_it_reads_the_stances_in_another_way(
    when: str, roles: tuple[str, ...] | None
) -> None:
    assert roles_in(when) == roles


@pytest.mark.parametrize(
    ("when", "word"),
    [
        ("'blok' != stances['risk']", "'blok'"),
        ("stances.risk in ['go', 'blok']", "'blok'"),
        ("stances.all(role, stances[role] == 'blok')", "'blok'"),
        ("stances.exists(role, role == 'risk' && stances[role] == '')", "''"),
        ("conflicts.exists(each, each == 'blok')", "'blok'"),
        ("'blok' in conflicts || conflicts[0] == 'go_vs_caution'", "'blok'"),
        ("stances.risk == 'go' && stances.legal == r'no\\go'", repr("no\\go")),
    ],
)
def test_a_word_that_no_vote_has_is_found_wherever_it_is_compared(when: str, word: str) -> None:
    found = find_strange_word(when)

    assert found is not None
    assert word in found


@pytest.mark.parametrize(
    "when",
    [
        "stances.exists(role, role == 'risk')",
        "'risk' in stances",
        "stances.risk == 'go' // 'blok'",
        "'blok' != 'stances.risk'",
        "stances.risk in ['absent', 'block'] && 'high_divergence' in conflicts",
        "stances.risk == stances.legal && conflicts == ['x']",
    ],
)
def test_other_words_are_left_alone(when: str) -> None:
    assert find_strange_word(when) is None


# --- classes of a count -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "constants"),
    [
        ("go > 1", set()),
        ("open_questions >= 4", {4}),
        ("4 > open_questions || open_questions != 0", {0, 4}),
        ("open_questions in [1, 3] && open_questions < 9", {1, 3, 9}),
        ("open_questions in []", set()),
        ("!(open_questions == -2) ? go > 1 : block > 7", {-2}),
        ("conflicts.exists(open_questions, open_questions == 'x')", set()),
        ("conflicts.exists(x, open_questions > 2)", {2}),
        ("'open_questions' == 'x' // open_questions > 5", set()),
        ("open_questions > 2 && open_questions + 1 > 4", None),
        ("open_questions == open_questions", None),
        ("open_questions > go", None),
        ("open_questions in [1, go]", None),
        ("1 in [open_questions]", None),
        ("double(open_questions) > 1.5", None),
        ("[open_questions].exists(x, x > 1)", None),
        ("open_questions > 2 + 1", None),
        ("open_questions == 3 == (open_questions > 1)", {1, 3}),
    ],
)
def test_the_numbers_that_a_count_is_compared_with_are_known_or_cannot_be(
    when: str, constants: set[int] | None
) -> None:
    assert constants_compared(when, "open_questions") == constants


COMPARED = st.builds(
    "{} {} {}".format, st.just("round"), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), st.integers(0, 6)
) | st.builds("round in {}".format, st.lists(st.integers(0, 6), max_size=3))
ROWS = st.recursive(
    COMPARED | st.just("go > 1"),
    lambda inner: st.builds("({} && {})".format, inner, inner) | st.builds("!({} || {})".format, inner, inner),
    max_leaves=5,
)


@given(ROWS)
def test_between_two_neighbours_of_these_numbers_a_row_gives_one_answer(when: str) -> None:
    constants = constants_compared(when, "round")
    assert constants is not None
    answers = [holds_for_vote(when, {"round": number, "go": 2}) for number in range(9)]

    for number in range(8):
        if not constants & {number, number + 1}:
            assert answers[number] == answers[number + 1]


# --- what is read is all that matters ---------------------------------------------------------------------------------

PLAIN_CEL = cel.NewEnv(variables={"facts": cel.Type.Map(cel.Type.STRING, cel.Type.DYN)})

PLACES = st.sampled_from(["facts.a", 'facts["a"]', "facts.a.b", 'facts.a["b"]', "facts.m[facts.k]", "facts.l[0].x"])
TESTS = (
    st.builds("{} == {}".format, PLACES, st.sampled_from(["1", "'b'", "facts.m.b", "[1]", "{'b': 1}", "null"]))
    | st.builds("has({})".format, st.sampled_from(["facts.a", "facts.a.b", "facts.m[facts.k].b", 'facts["l"].x']))
    | st.builds("size({}) {} 1".format, PLACES, st.sampled_from([">", "==", "<"]))
    | st.builds("{}.exists(i, {})".format, PLACES, st.sampled_from(["true", "i == 'b'", "i.x == 1", "has(i.b)"]))
    | st.sampled_from(
        [
            *("'b' in facts", "'b' in facts.m", "1 in facts.l", "facts == {}", "facts.m.b > 0", "facts.size() > 2"),
            *("facts.l.map(i, i.x) == [1]", "facts.exists(k, facts[k] == 1)", "facts.l.exists(i, i.b == facts.k)"),
            *("facts.m.exists(k, k == 'b') && facts.m.b == 1", "facts.l.filter(i, has(i.x)).size() == 1"),
        ]
    )
)
CHECKS = st.recursive(
    TESTS, lambda inner: st.builds("({} && {})".format, inner, inner) | st.builds("({} || {})".format, inner, inner)
)
SCALARS = st.sampled_from([None, True, 0, 1, 2, 1.5, "a", "b", ""])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b", "x"]), inner, max_size=3),
    max_leaves=6,
)
RANDOM_FACTS = st.dictionaries(st.sampled_from(["a", "b", "k", "l", "m", "x"]), VALUES, max_size=6)


@pytest.mark.slow
@given(CHECKS, RANDOM_FACTS)
def test_a_condition_answers_as_cel_does_although_it_is_given_only_what_it_reads(
    when: str, facts: dict[str, Any]
) -> None:
    try:
        expected = PLAIN_CEL.compile(when).eval(data={"facts": facts}).value()
    except RuntimeError:
        assume(False)
    answer = holds(when, facts)

    assert answer is expected if isinstance(expected, bool) else isinstance(answer, Fault)


@pytest.mark.parametrize("scope", ["facts", "output"])
def test_a_condition_is_given_only_what_it_reads(scope: Scope) -> None:
    taken = compile_condition(f"{scope}.a.b * 2 > {scope}.l[0].x && has({scope}.c) && {scope}.m == {{}}", scope).taken

    assert taken == {"a": {"b": "decimal"}, "l": {"*": {"x": "decimal"}}, "c": {}, "m": "decimal"}
    assert compile_condition(f"{scope}.l.exists(i, i.x > 1)", scope).taken == {"l": "as it is"}
