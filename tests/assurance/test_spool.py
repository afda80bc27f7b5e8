"""A spool gives back what it was given, in order, and holds no more than a piece in memory."""

import random
from typing import Any

import pytest

from graph.store.spool import open_spool


@pytest.mark.parametrize("number", [0, 1, 9, 10, 11, 250])
def test_what_was_added_comes_back_in_the_order_of_its_keys(number: int) -> None:
    rng = random.Random(number)
    lines: list[tuple[list[Any], Any]] = [
        ([rng.randint(0, 40) / 4, f"t{n}"], {"n": n, "é": "\n"}) for n in range(number)
    ]
    rng.shuffle(lines)

    with open_spool(piece=10) as spool:
        for key, value in lines:
            spool.add(key, value)
        found = list(spool.ordered())

    assert found == [value for _, value in sorted(lines, key=lambda line: line[0])]


def test_values_under_the_same_key_need_not_compare() -> None:
    with open_spool(piece=2) as spool:
        for value in ({"a": 1}, {"b": 2}, {"c": 3}):
            spool.add([0, "t"], value)

        assert sorted(spool.ordered(), key=str) == [{"a": 1}, {"b": 2}, {"c": 3}]
