"""Staleness: which field of a thread moved, named in a fixed order."""

from itertools import combinations
from typing import Any

import pytest

from policies.run.staleness import FIELDS, changes_in_words, find_moved, places_altered

KEPT: dict[str, str | None] = {"team": "t1", "policy": "p1", "facts": "f1", "goal": "g1"}


def test_a_thread_keeps_the_hashes_of_team_policy_facts_and_goal() -> None:
    assert FIELDS == ("team", "policy", "facts", "goal")


def test_nothing_moved_where_all_hashes_are_the_same() -> None:
    assert find_moved(KEPT, dict(KEPT)) is None


@pytest.mark.parametrize("moved", [group for size in (1, 2, 3, 4) for group in combinations(KEPT, size)])
def test_the_first_field_that_moved_is_named(moved: tuple[str, ...]) -> None:
    given = {field: f"{value}-new" if field in moved else value for field, value in KEPT.items()}

    assert find_moved(KEPT, given) == moved[0]


@pytest.mark.parametrize("field", KEPT)
def test_a_field_without_a_hash_on_either_side_cannot_have_moved(field: str) -> None:
    without = {key: value for key, value in KEPT.items() if key != field}

    for one, other in ((KEPT, {**KEPT, field: None}), ({**KEPT, field: None}, KEPT), (KEPT, without), (without, KEPT)):
        assert find_moved(one, other) is None


def test_a_new_thread_keeps_nothing_so_nothing_moved() -> None:
    assert find_moved({}, KEPT) is None
    assert find_moved({}, {}) is None


@pytest.mark.parametrize(
    ("kept", "given", "told"),
    [
        ({"a": {"b": 2, "c": 1}}, {"a": {"b": 1, "c": 1}}, "`a.b`: 2 → 1"),
        ({"a": 1}, {"b": 1}, "`a`: 1 → not there; `b`: not there → 1"),
        ({"l": [1, {"x": "a"}]}, {"l": [1, {"x": "b"}, 3]}, "`l.1.x`: 'a' → 'b'; `l.2`: not there → 3"),
        ({"a": {"b": 1}}, {"a": None}, "`a`: {'b': 1} → None"),
        ("one question", "another", "'one question' → 'another'"),
        ({"name": "(withheld)"}, {"name": "Ada"}, "`name`: private before or now, so not shown"),
        ({"name": {"first": "Ada"}}, {"name": "(withheld)"}, "`name`: private before or now, so not shown"),
        (dict.fromkeys("abcde", 1), {}, "`a`: 1 → not there; `b`: 1 → not there; `c`: 1 → not there; and 2 more"),
        ({"a": 1}, {"a": 1}, ""),
    ],
)
def test_what_moved_is_told_by_place_with_the_old_and_the_new_value(kept: Any, given: Any, told: str) -> None:
    assert changes_in_words(kept, given) == told


WIDE = {f"key{number}": {"a": number, "b": number} for number in range(60)}


@pytest.mark.parametrize(
    ("kept", "given", "places"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": 1}, {"a": True}, [("a",)]),
        ({"b": 1, "a": {"x": 1, "y": 1}}, {"a": {"x": 2, "y": 1}, "c": 1}, [("a", "x"), ("b",), ("c",)]),
        ({"a": [1, {"x": 2}]}, {"a": [1, {"x": 3}, 4]}, [("a", "1", "x"), ("a", "2")]),
        ({"a.b": 1}, {"a.b": 2}, [("a.b",)]),
        (WIDE, {key: {"a": -1, "b": 0} for key in WIDE}, sorted((key,) for key in WIDE)),
        ({}, {f"key{number}": 1 for number in range(101)}, [()]),
        ({"a": {"x" * 6_000: 1, "y" * 6_000: 1}}, {"a": {}}, [("a",)]),
    ],
)
def test_the_places_that_were_altered_are_named_or_those_above_them(kept: Any, given: Any, places: object) -> None:
    assert places_altered(kept, given) == places
