"""Privacy: what is withheld of the facts, and which paths would read it."""

from copy import deepcopy
from typing import Any

import pytest

from policies.conditions.places import Path, Use
from policies.plain import is_plain
from policies.team.privacy import WITHHELD, overlaps, withhold

FACTS: dict[str, Any] = {"customer": {"name": "Ada", "address": {"city": "London"}}, "region": "US", "none": None}


@pytest.mark.parametrize(
    ("paths", "kept"),
    [
        ([], FACTS),
        (["region"], {**FACTS, "region": WITHHELD}),
        (["none"], {**FACTS, "none": WITHHELD}),
        (["customer"], {**FACTS, "customer": WITHHELD}),
        (["customer.name"], {**FACTS, "customer": {"name": WITHHELD, "address": {"city": "London"}}}),
        (["customer.address.city"], {**FACTS, "customer": {"name": "Ada", "address": {"city": WITHHELD}}}),
        (["customer", "customer.name"], {**FACTS, "customer": WITHHELD}),
        (["customer.name", "customer"], {**FACTS, "customer": WITHHELD}),
        (["customer.phone", "lost", "region.code"], FACTS),
    ],
)
def test_the_value_at_a_private_path_is_replaced_if_there_is_one(paths: list[str], kept: dict[str, Any]) -> None:
    assert withhold(FACTS, paths) == kept


def test_it_is_replaced_in_every_item_of_a_list_and_of_lists_in_it() -> None:
    facts = {"people": [{"name": "Ada", "age": 36}, [{"name": "Ben"}], "nobody", {"age": 4}]}
    kept = {"people": [{"name": WITHHELD, "age": 36}, [{"name": WITHHELD}], "nobody", {"age": 4}]}
    assert withhold(facts, ["people.name"]) == kept


@pytest.mark.parametrize(
    ("facts", "private", "kept"),
    [
        ({"customer.name": "Ada"}, "customer.name", {"customer.name": WITHHELD}),
        ({"customer.name": "Ada"}, "facts.customer.name", {"customer.name": WITHHELD}),
        ({"facts.customer.name": "Ada"}, "customer.name", {"facts.customer.name": WITHHELD}),
        ({"facts.rate": 1}, "facts.facts.rate", {"facts.rate": WITHHELD}),
        ({"a": {"b.c": 1, "b": {"c": 2, "d": 3}}}, "a.b.c", {"a": {"b.c": WITHHELD, "b": {"c": WITHHELD, "d": 3}}}),
        ({"a.b": {"c": 1, "d": 2}}, "a.b.c", {"a.b": {"c": WITHHELD, "d": 2}}),
        ({"a.b": [{"c": 1}, {"c.d": 2}]}, "a.b.c", {"a.b": [{"c": WITHHELD}, {"c.d": WITHHELD}]}),
        ({"customer.name.first": "Ada"}, "customer.name", {"customer.name.first": WITHHELD}),
        ({"customer": ["none", ["none"]]}, "customer.name", None),
        ({"a.b": "none"}, "a.b.c", None),
        ({"customer": None}, "customer.name", None),
        ({"customer.names": 1, "customers": 2, "customer": {}}, "customer.name", None),
        ({"x": {"customer.name": 1}, "x.customer.name": 1}, "customer.name", None),
    ],
)
def test_a_private_path_is_withheld_however_it_is_spelled(
    facts: dict[str, Any], private: str, kept: dict[str, Any] | None
) -> None:
    assert withhold(facts, [private]) == (facts if kept is None else kept)


def test_the_facts_that_were_given_stay_as_they_are() -> None:
    before = deepcopy(FACTS)
    withhold(FACTS, ["customer.name", "customer.address.city", "region"])

    assert before == FACTS


def test_what_is_withheld_can_be_withheld_again_and_kept() -> None:
    paths = ["customer.name", "customer.address"]
    once = withhold(FACTS, paths)

    assert withhold(once, paths) == once
    assert is_plain(once)
    assert "Ada" not in str(once)
    assert "London" not in str(once)


@pytest.mark.parametrize(
    ("path", "private", "expected"),
    [
        ("customer.name", ["customer.name"], True),
        ("customer.name", ["customer"], True),
        ("customer", ["customer.name"], True),
        ("customer", ["region", "customer.name"], True),
        ("customer.name", ["customer.names"], False),
        ("customer", ["customers"], False),
        ("region", ["customer"], False),
        ("region", [], False),
    ],
)
def test_a_path_at_under_or_above_a_private_one_would_read_it(path: str, private: list[str], expected: bool) -> None:
    assert overlaps(tuple(path.split(".")), private) is expected


@pytest.mark.parametrize(
    ("path", "use", "private", "expected"),
    [
        ((), "value", ["customer.name"], True),
        ((), "walk", ["customer.name"], False),
        ((), "value", [], False),
        (("customer",), "test", ["customer.name"], False),
        (("customer",), "test", ["customer"], True),
        (("customer", "name"), "test", ["customer"], True),
        (("people",), "walk", ["people.name"], False),
        (("people",), "walk", ["people"], True),
        (("people", "*"), "value", ["people.name"], True),
        (("people", "*", "name"), "value", ["people.name"], True),
        (("people", "*", "*", "name"), "test", ["people.name"], True),
        (("people", "*", "age"), "value", ["people.name"], False),
        (("*",), "value", ["customer.name"], True),
        (("*",), "walk", ["customer.name"], False),
        (("customer.name",), "value", ["customer.name"], True),
        (("customer", "na.me"), "value", ["customer.na"], True),
        (("customer.name",), "value", ["name"], False),
    ],
)
def test_items_of_lists_have_no_key_and_what_is_only_tested_or_walked_over_is_not_read(
    path: Path, use: Use, private: list[str], expected: bool
) -> None:
    assert overlaps(path, private, use) is expected
