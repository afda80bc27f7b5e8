"""Lens: what the rows of a table can tell apart of a place, so that of many places alike one is decided for all."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from policies.assurance.ballots import CONFIDENCE_GRID
from policies.assurance.electorate import Place
from policies.conditions.reading import constants_compared
from policies.decision.marks import FIRST_MOVE, MARKS, Marks, most_in
from policies.decision.table import Policy
from policies.plain import MAX_INTEGER

LONGEST = 1_000
"""The most rounds that a budget may allow."""

MARGIN = 3
"""Rounds beyond every limit and constant that a proof goes where rows calculate with rounds."""


@dataclass(frozen=True)
class Split:
    """The values of one variable, parted at the constants that rows compare it with; None: every value counts."""

    constants: tuple[int, ...] | None = ()

    @property
    def top(self) -> int | None:
        """The lowest value from which on no row can tell values apart; None where there is none."""
        if self.constants is None:
            return None
        return max(self.constants, default=-1) + 1

    def side(self, value: int) -> int:
        """Return the class of a value: values of one class are the same to every row.

        >>> [Split((2,)).side(value) for value in (0, 1, 2, 3, 4)]
        [0, 0, 1, 2, 2]
        """
        if self.constants is None:
            return value
        place = bisect_left(self.constants, value)
        return 2 * place + (place < len(self.constants) and self.constants[place] == value)

    def level(self, value: int) -> int:
        """Return a value as far as rows will ever tell it from others while it grows by ones: no higher than the top.

        >>> [Split((2,)).level(value) for value in (0, 1, 2, 3, 4)]
        [0, 1, 2, 3, 3]
        """
        return value if self.top is None else min(value, self.top)

    def samples(self, lowest: int, highest: int) -> tuple[int, ...]:
        """Return one value of each class there is between two bounds, the smallest of each, in order.

        >>> Split((4,)).samples(0, 100), Split(()).samples(2, 100), Split(None).samples(1, 3)
        ((0, 4, 5), (2,), (1, 2, 3))
        """
        if self.constants is None:
            return tuple(range(lowest, highest + 1))
        candidates = {lowest, *self.constants, *(constant + 1 for constant in self.constants)}
        return tuple(sorted(value for value in candidates if lowest <= value <= highest))

    def also(self, *constants: int) -> "Split":
        """Return the split that tells these values apart as well."""
        return self if self.constants is None else Split(tuple(sorted({*self.constants, *constants})))


@dataclass(frozen=True)
class Lens:
    """What rows can tell apart of a place.

    `calculated` are the variables of time that rows do not just compare with constants.
    """

    round: Split
    left: Split
    blocked: Split
    marks: Mapping[str, Split]
    confidences: tuple[float | None, ...]
    calculated: tuple[str, ...]
    ends: bool
    """Whether it matters that a round is the last one."""

    def key(self, place: Place) -> tuple[object, ...]:
        """Return what rows can see of a place; places with the same key are the same to every row."""
        times = self.times(place.round, place.max_rounds)
        return (place.seating, *times, self.blocked.side(place.rounds_blocked), place.marks, place.confidence)

    def times(self, number: int, max_rounds: int) -> tuple[int, int]:
        """Return what rows can see of a round and of those left."""
        return self.round.side(number), self.left.side(max_rounds - number)

    def variants(self, place: Place, seats: int) -> list[Place]:
        """Return a place where so many roles sit with all marks, and each confidence, that rows can tell apart."""
        return [
            replace(place, marks=marks, confidence=confidence)
            for marks in self.marks_at(place.round, seats)
            for confidence in self.confidences
        ]

    def marks_at(self, round_number: int, seats: int) -> list[Marks]:
        """Return all marks of a round that rows can tell apart, where so many roles sit."""
        most = most_in(round_number, seats)
        return [Marks(*each) for each in product(*(self.samples(name, getattr(most, name)) for name in MARKS))]

    def samples(self, mark: str, most: int) -> tuple[int, ...]:
        """Return the values of a mark, up to the most there can be, that rows can tell apart."""
        return self.marks[mark].samples(0, most)

    def bound(self, limits: Iterable[int]) -> int:
        """Return up to how many rounds a resume is looked at: any number, or a few more where rows calculate."""
        if not self.calculated:
            return LONGEST
        tops = (split.top or 0 for split in (self.round, self.left, self.blocked))
        return min(max(*limits, *tops) + MARGIN, LONGEST)

    def onto(self, place: Place) -> "Lens":
        """Return the lens that also tells this round and these blocked rounds from all others."""
        return replace(self, round=self.round.also(place.round), blocked=self.blocked.also(place.rounds_blocked))


def lens_of(policies: Sequence[Policy], ends: bool = False) -> Lens:
    """Return what the rows of these tables together can tell apart; `ends`: the last round is told from others anyway.

    >>> lens_of([Policy(name="x", rules=[{"when": "block_streak >= 3", "then": "no_go"}])]).blocked
    Split(constants=(2,))
    """
    number, left, streak = (_split(policies, name) for name in TIMES)
    is_told = ends or any(policy.when_rounds_end != "stop" for policy in policies)
    marks = {mark: _split(policies, mark) for mark in MARKS}
    return Lens(
        number.also(FIRST_MOVE - 1) if marks["moved"].constants else number,
        left.also(0) if is_told else left,
        # A block makes the streak one more than the rounds blocked before it; without one it is 0 whatever they are.
        Split(None if streak.constants is None else tuple(each - 1 for each in streak.constants if each > 0)),
        marks,
        CONFIDENCE_GRID if any(policy.trust_confidence for policy in policies) else (None,),
        tuple(name for name, split in zip(TIMES, (number, left, streak), strict=True) if split.constants is None),
        is_told,
    )


TIMES = ("round", "rounds_left", "block_streak")


def _split(policies: Sequence[Policy], variable: str) -> Split:
    found = [constants_compared(row.when, variable) for policy in policies for row in policy.rules]
    known = [constants for constants in found if constants is not None]
    if len(known) < len(found):
        return Split(None)
    return Split(tuple(sorted({each for constants in known for each in constants if 0 <= each <= MAX_INTEGER})))
