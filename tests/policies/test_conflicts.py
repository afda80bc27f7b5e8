"""Conflicts: every row of the table, for every set of stances there is."""

from itertools import permutations, product
from typing import get_args

import pytest

from policies.decision.conflicts import ConflictName, find_conflicts
from policies.team.fields import STANCES, Stance

# Every set of stances, and the conflicts it holds in the order of the table.
TABLE: dict[frozenset[str], list[str]] = {
    frozenset(): ["no_contributions"],
    frozenset({"go"}): [],
    frozenset({"caution"}): [],
    frozenset({"block"}): [],
    frozenset({"go", "caution"}): ["go_vs_caution"],
    frozenset({"go", "block"}): ["blocking_vs_non_block"],
    frozenset({"caution", "block"}): ["blocking_vs_non_block"],
    frozenset({"go", "caution", "block"}): ["blocking_vs_non_block", "high_divergence"],
}


@pytest.mark.parametrize(("present", "expected"), TABLE.items(), ids=lambda part: "+".join(sorted(part)) or "none")
def test_every_set_of_stances_has_the_conflicts_of_the_table(present: frozenset[Stance], expected: list[str]) -> None:
    for order in permutations(present):
        assert find_conflicts(order) == expected


@pytest.mark.parametrize("size", range(1, 7))
def test_how_many_hold_a_stance_does_not_matter(size: int) -> None:
    for stances in product(STANCES, repeat=size):
        assert find_conflicts(stances) == TABLE[frozenset(stances)]


def test_there_are_the_four_conflicts_and_no_other() -> None:
    assert get_args(ConflictName) == ("no_contributions", "go_vs_caution", "blocking_vs_non_block", "high_divergence")


def test_the_stances_may_come_from_any_iterable() -> None:
    stances: list[Stance] = ["go", "caution"]

    assert find_conflicts(iter(stances)) == ["go_vs_caution"]
