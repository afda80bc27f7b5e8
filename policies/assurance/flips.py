"""Flips: the smallest sets of stance changes that would have changed an outcome, each decided again."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

from policies.decision.guards import Finding
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
