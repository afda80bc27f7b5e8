"""Where facts come from: the shortest places of each source, and what was brought from outside."""

import pytest

from policies.team.provenance import MAX_LETTERS, MAX_PLACES, MORE, NOBODY, Gathered, Plain, briefly

A, B, GIVEN = ({"source": name, "kind": kind} for name, kind in (("a", "file"), ("b", "http"), ("c", "given")))


def places(gathered: Gathered) -> dict[str, list[str]]:
    return {each["source"]: each["places"] for each in gathered.placed}


@pytest.mark.parametrize(
    ("one", "other", "of_one", "of_other"),
    [
        ({"x": 1}, None, ["x"], []),
        ({"x": 1}, {}, ["x"], []),
        ({"x": 1}, {"x": 1}, [], ["x"]),
        ({"x": 1}, {"y": 1}, ["x"], ["y"]),
        ({"x": {"a": 1, "b": 2}}, {"x": {"b": 3}}, ["x.a"], ["x.b"]),
        ({"x": {"a": {}}}, {"x": {"a": {"b": 1}}}, [], ["x.a.b"]),
        ({"x": {"a": 1}}, {"x": {}}, ["x.a"], []),
        ({"x": {}}, {"x": {}}, [], []),
        ({"x": {"a": 1}}, {"x": 2}, [], ["x"]),
        ({"x": 2}, {"x": {"a": 1}}, [], ["x"]),
        ({"x": [1]}, {"x": [2]}, [], ["x"]),
        ({"a.b": 1, "a": {"b": 1}}, {"a": {"c d": 1}}, ['["a.b"]', "a.b"], ['a["c d"]']),
    ],
)
def test_a_place_is_of_the_source_that_it_comes_from_alone(
    one: Plain, other: Plain | None, of_one: list[str], of_other: list[str]
) -> None:
    both = Gathered().plus(A, one).plus(B, other)

    assert places(both) == {"a": of_one, "b": of_other}
    assert Gathered.kept(both.facts, both.placed).placed == both.placed


def test_a_source_keeps_all_its_places_and_shows_the_first_of_many() -> None:
    many = {f"k{number}": number for number in range(MAX_PLACES + 1)}
    gathered = Gathered().plus(GIVEN, many)

    again = Gathered.kept(gathered.facts, gathered.placed)
    assert again.placed == gathered.placed
    assert Gathered().with_brought(again).facts == many
    assert briefly(gathered.placed[0]) == {**GIVEN, "places": [*[*many][:MAX_PLACES], MORE]}
    (few,) = Gathered().plus(GIVEN, dict([*many.items()][1:])).placed
    assert briefly(few) == few


def test_places_that_are_too_long_to_be_kept_are_a_fault() -> None:
    key = "k" * 10_000
    most = MAX_LETTERS // 10_000
    apart = Gathered().plus(A, {key: {f"x{number}": 0 for number in range(most)}})

    assert apart.fault is None
    assert (apart.plus(B, {key: {}}).fault or "").startswith("lies among the facts of other sources in so many places")
    assert apart.plus(B, {"y": 1}).fault is None


def test_what_was_brought_and_is_replaced_is_not_named_any_more() -> None:
    gathered = Gathered().plus(A, {"x": 1}).plus(GIVEN, {"y": 2}).plus(B, {"x": 3, "y": 4})

    assert places(gathered) == {"a": [], "b": ["x", "y"]}


def test_only_what_was_brought_by_the_kinds_that_are_asked_for_comes_along() -> None:
    first = Gathered().plus(A, {"x": 1, "y": {"a": 1}})
    before = first.plus(GIVEN, {"y": {"z": 2}}).plus({**GIVEN, "kind": "supplied"}, {"w": 3})

    assert Gathered().with_brought(before).facts == {"y": {"z": 2}, "w": 3}
    assert Gathered().with_brought(before, ("supplied",)).facts == {"w": 3}


@pytest.mark.parametrize(
    ("kinds", "fetched"),
    [
        ((), False),
        (("given",), False),
        (("given", "supplied"), False),
        (("file",), True),
        (("given", "http"), True),
        (("sql", "supplied"), True),
    ],
)
def test_only_facts_that_nobody_brought_can_be_asked_for_again(kinds: tuple[str, ...], fetched: bool) -> None:
    gathered = Gathered()
    for kind in kinds:
        gathered = gathered.plus({"source": kind, "kind": kind}, {kind: 1})

    assert gathered.was_fetched is fetched


def test_facts_that_are_gathered_do_not_change_those_before() -> None:
    first = Gathered().plus(A, {"x": {"y": 1}})
    first.plus(B, {"x": {"y": 2, "z": 3}})

    assert (first.facts, first.owners) == ({"x": {"y": 1}}, {"x": 0})


def test_facts_that_no_source_names_are_of_nobody() -> None:
    kept = Gathered.kept({"x": 1, "y": {"z": 2}}, [{**A, "places": ["y"]}])

    assert kept.owners == {"x": NOBODY, "y": 0}
    assert places(kept) == {"a": ["y"]}
