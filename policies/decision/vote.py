"""The vote: what one round's seats hold when they are all filled or absent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Literal

from policies.decision.marks import UNMARKED, Marks
from policies.team.fields import Stance

Cast = Literal["go", "caution", "block", "absent"]
"""A stance, or `absent`: the seat gave none, and none is made up for it."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One round's vote.

    `casts` has one entry a seat, in sequence order. `rounds_blocked` counts the rounds in a row right before this one
    that had a block. `weights` (1 where a role has none) and `vetoers` come from the team file.
    """

    casts: Mapping[str, Cast]
    min_go_votes: int = 2
    round: int = 1
    max_rounds: int = 3
    rounds_blocked: int = 0
    marks: Marks = UNMARKED
    weights: Mapping[str, int] = field(default_factory=dict)
    vetoers: frozenset[str] = frozenset()
    confidences: tuple[float, ...] = ()

    @property
    def is_last(self) -> bool:
        """Whether no round may follow."""
        return self.round >= self.max_rounds

    @property
    def stances(self) -> dict[str, Stance]:
        """The stances of the filled seats, by role."""
        return {role: cast for role, cast in self.casts.items() if cast != "absent"}


def rounds_blocked(earlier: Sequence[Iterable[Cast]]) -> int:
    """Return how many of the earlier rounds, counted back from the last one, had a block without a break.

    >>> rounds_blocked([["block"], ["go"], ["go", "block"], ["block"]])
    2
    """
    blocked = ("block" in casts for casts in reversed(earlier))
    return sum(1 for _ in takewhile(bool, blocked))
