"""Flips: the smallest sets of stance changes, and other marks, that would have changed an outcome; decided again."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

from policies.conditions.reading import constants_compared
from policies.decision.guards import Finding
from policies.decision.marks import MARKS, most_in
from policies.decision.outcome import decide
from policies.decision.table import Outcome, Policy
from policies.decision.vote import Vote
from policies.team.fields import STANCES, Stance

MAX_TRIES = 200_000
"""Sets of changes tried before the search ends, and says how far it came."""

MAX_KEPT = 20
"""Sets of one size kept for each outcome."""


@dataclass(frozen=True)
class StanceFlip:
    """Roles and the stances that would have given another outcome; no smaller set gives that outcome."""

    stances: Mapping[str, Stance]
    outcome: Outcome


@dataclass(frozen=True)
class StanceFlips:
    """The smallest sets for each other outcome, smallest first, and up to which size every set was tried."""

    flips: tuple[StanceFlip, ...]
    searched: int

    @property
    def smallest(self) -> int | None:
        """The fewest stances that change the outcome at all."""
        return min((len(flip.stances) for flip in self.flips), default=None)


@dataclass(frozen=True)
class MarkFlip:
    """A mark at another value that a round can have, which would have given another outcome with the same stances."""

    marks: Mapping[str, int]
    outcome: Outcome


def flip_marks(policy: Policy, vote: Vote, findings: Sequence[Finding] = (), grounds: bool = True) -> list[MarkFlip]:
    """Return, for each mark that rows read and each other outcome, the nearest value that gives it; the lower of two.

    >>> policy = Policy(name="x", rules=[{"when": "moved > 0", "then": "escalate"}], otherwise="go")
    >>> from policies.decision.marks import Marks
    >>> flip_marks(policy, Vote({"risk": "go"}, round=2, marks=Marks(moved=1)))
    [MarkFlip(marks={'moved': 0}, outcome='go')]
    """
    now, found = decide(policy, vote, findings).final, list[MarkFlip]()
    for mark in (mark for mark in MARKS if mark in policy.variables):
        values, kept = _values(policy, mark, vote, grounds), getattr(vote.marks, mark)
        known = {now}
        for value in sorted(values, key=lambda value: (abs(value - kept), value)):
            outcome = decide(policy, replace(vote, marks=replace(vote.marks, **{mark: value})), findings).final
            if outcome not in known:
                known.add(outcome)
                found.append(MarkFlip({mark: value}, outcome))
    return found


def _values(policy: Policy, mark: str, vote: Vote, grounds: bool) -> set[int]:
    """Return the values a mark can have, of those between two numbers that rows compare it with the nearest ones."""
    compared = {each for row in policy.rules for each in constants_compared(row.when, mark) or ()}
    most = getattr(most_in(vote.round, len(vote.casts), grounds), mark)
    return {value for each in (0, *compared) for value in (each - 1, each, each + 1) if 0 <= value <= most}


def flip_stances(policy: Policy, vote: Vote, findings: Sequence[Finding] = ()) -> StanceFlips:
    """Return, for each other outcome, the smallest sets of stance changes that give it, under the same guards.

    >>> policy = Policy(name="x", rules=[{"when": "block > 0", "then": "no_go"}], otherwise="go")
    >>> flip_stances(policy, Vote({"risk": "go", "legal": "go"})).flips[0]
    StanceFlip(stances={'risk': 'block'}, outcome='no_go')
    """
    now = decide(policy, vote, findings).final
    found: list[StanceFlip] = []
    tries = 0
    for size in range(1, len(vote.casts) + 1):
        tries += math.comb(len(vote.casts), size) * 3**size
        if tries > MAX_TRIES:
            return StanceFlips(tuple(found), size - 1)
        known = {flip.outcome for flip in found} | {now}
        kept: dict[Outcome, int] = {}
        for stances in _changes(vote, size):
            outcome = decide(policy, replace(vote, casts={**vote.casts, **stances}), findings).final
            if outcome not in known and kept.get(outcome, 0) < MAX_KEPT:
                kept[outcome] = kept.get(outcome, 0) + 1
                found.append(StanceFlip(stances, outcome))
    return StanceFlips(tuple(found), len(vote.casts))


def _changes(vote: Vote, size: int) -> Iterator[dict[str, Stance]]:
    """Yield every choice of other stances for that many roles, in sequence order."""
    for roles in combinations(vote.casts, size):
        others = [[stance for stance in STANCES if stance != vote.casts[role]] for role in roles]
        for stances in product(*others):
            yield dict(zip(roles, stances, strict=True))
