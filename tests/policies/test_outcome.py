"""The `classic` policy: every row, and every vote of one to seven roles against the table as it is written."""

from collections.abc import Sequence
from itertools import product
from typing import get_args

import pytest

from policies.contract import STANCES, Stance
from policies.outcome import DECISIONS, Outcome, decide

# One vote on each side of every border: (go, caution, block, min_go_votes, outcome).
ROWS = [
    (0, 0, 2, 2, "no_go"),
    (5, 0, 2, 2, "no_go"),
    (0, 4, 3, 2, "no_go"),
    (0, 0, 1, 2, "next_round"),
    (6, 0, 1, 2, "next_round"),
    (2, 3, 1, 2, "next_round"),
    (2, 0, 0, 2, "go"),
    (3, 0, 0, 2, "go"),
    (1, 0, 0, 1, "go"),
    (2, 1, 0, 2, "go_with_caution"),
    (2, 5, 0, 2, "go_with_caution"),
    (1, 1, 0, 1, "go_with_caution"),
    (1, 0, 0, 2, "next_round"),
    (1, 2, 0, 2, "next_round"),
    (0, 3, 0, 2, "next_round"),
    (0, 7, 0, 1, "next_round"),
    (3, 0, 0, 4, "next_round"),
    (0, 0, 0, 1, "next_round"),
]


def votes(go: int, caution: int, block: int) -> list[Stance]:
    counts: dict[Stance, int] = {"go": go, "caution": caution, "block": block}
    return [stance for stance, count in counts.items() for _ in range(count)]


@pytest.mark.parametrize(("go", "caution", "block", "min_go_votes", "expected"), ROWS)
def test_the_first_row_that_holds_gives_the_outcome(
    go: int, caution: int, block: int, min_go_votes: int, expected: str
) -> None:
    assert decide(votes(go, caution, block), min_go_votes) == expected


def as_written(stances: Sequence[Stance], min_go_votes: int) -> str:
    """The table of the specification, line by line."""
    if stances.count("block") >= 2:
        return "no_go"
    if stances.count("block") == 1:
        return "next_round"
    if stances.count("go") >= min_go_votes and "caution" not in stances:
        return "go"
    if stances.count("go") >= min_go_votes:
        return "go_with_caution"
    return "next_round"


@pytest.mark.parametrize("roles", range(1, 8))
def test_every_vote_of_every_team_gives_what_the_table_says(roles: int) -> None:
    for stances in product(STANCES, repeat=roles):
        for min_go_votes in range(1, roles + 2):
            assert decide(stances, min_go_votes) == as_written(stances, min_go_votes), (stances, min_go_votes)


def test_the_decisions_are_the_outcomes_without_the_next_round() -> None:
    assert DECISIONS == ("go", "go_with_caution", "no_go")
    assert get_args(Outcome) == (*DECISIONS, "next_round")


def test_the_known_holes_stay_as_they_are() -> None:
    assert decide(votes(0, 7, 0), 2) == "next_round"
    assert decide(votes(6, 0, 1), 2) == "next_round"
    assert decide(votes(2, 48, 0), 2) == "go_with_caution"
