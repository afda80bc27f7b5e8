"""Stability: how often the last round, asked again, has another outcome than the one to be announced."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import comb
from typing import Literal

from policies.decision.guards import Finding
from policies.decision.marks import UNMARKED, Marks
from policies.decision.outcome import decide
from policies.decision.table import Outcome, Policy
from policies.decision.vote import Cast, Vote
from policies.language import in_figures, say, say_count
from policies.team.stability import Stability

Acts = Literal["announce", "escalate", "stop"]
"""What a check does with the decision; it never makes another one of it."""

TAIL = 0.025
"""What each end of the interval leaves out: 95 % are within."""
PLACES = 6
"""Decimal places of the ends of the interval."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One time that the round was asked again: what its seats cast, with the confidences and the marks of that."""

    casts: Mapping[str, Cast]
    confidences: tuple[float, ...] = ()
    marks: Marks = UNMARKED


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a check found: the outcome of each completed sample, how many differ, and what follows.

    `rate` is None where no sample was completed, which counts as unstable. `low` and `high` are the
    ends of the exact binomial interval (Clopper and Pearson, 95 %) of the rate.
    """

    outcomes: tuple[Outcome, ...]
    flips: int
    rate: float | None
    low: float
    high: float
    acts: Acts


def weigh(announced: Outcome, outcomes: Sequence[Outcome], stability: Stability) -> Weighed:
    """Return what a check makes of the outcomes of its completed samples.

    >>> found = weigh("go", ["go", "no_go", "go", "go", "go"], Stability(samples=5, max_flip_rate=0.2, max_messages=15))
    >>> found.flips, found.rate, found.acts
    (1, 0.2, 'announce')
    >>> weigh("go", [], Stability(samples=5, max_flip_rate=1.0, max_messages=15)).acts
    'escalate'
    """
    flips = sum(outcome != announced for outcome in outcomes)
    rate = flips / len(outcomes) if outcomes else None
    is_stable = rate is not None and rate <= stability.max_flip_rate
    acts: Acts = "announce" if is_stable else stability.otherwise
    return Weighed(tuple(outcomes), flips, rate, *interval(flips, len(outcomes)), acts)


def decide_samples(
    policy: Policy, vote: Vote, findings: Sequence[Finding], samples: Sequence[Sample]
) -> tuple[Outcome, ...]:
    """Return the final outcome of each sample at the very place of the round's own vote.

    >>> policy = Policy(name="x", rules=[{"when": "block > 0", "then": "no_go"}], otherwise="go")
    >>> decide_samples(policy, Vote({"risk": "go"}), (), [Sample({"risk": "go"}), Sample({"risk": "block"})])
    ('go', 'no_go')
    """
    votes = (replace(vote, casts=each.casts, confidences=each.confidences, marks=each.marks) for each in samples)
    return tuple(decide(policy, each, findings).final for each in votes)


def interval(flips: int, samples: int) -> tuple[float, float]:
    """Return the exact interval of a rate of which `flips` in `samples` were seen; all rates where there are none.

    >>> interval(0, 5), interval(1, 5), interval(5, 5), interval(0, 0)
    ((0.0, 0.521824), (0.005051, 0.716418), (0.478176, 1.0), (0.0, 1.0))
    """
    low = 0.0 if flips == 0 else _rate_where(lambda rate: _more_than(flips - 1, samples, rate) >= TAIL)
    high = 1.0 if flips == samples else _rate_where(lambda rate: 1.0 - _more_than(flips, samples, rate) <= TAIL)
    return round(low, PLACES), round(high, PLACES)


def _more_than(flips: int, samples: int, rate: float) -> float:
    """Return how likely more flips than so many are in the samples, at this rate of flips."""
    chances = (comb(samples, each) * rate**each * (1.0 - rate) ** (samples - each) for each in range(flips + 1))
    return 1.0 - sum(chances)


def _rate_where(holds: Callable[[float], bool]) -> float:
    """Return the smallest rate at which something holds that holds at every larger one."""
    below, above = 0.0, 1.0
    for _ in range(50):
        middle = (below + above) / 2
        below, above = (below, middle) if holds(middle) else (middle, above)
    return above


def said_flips(flips: int, completed: int, samples: int, limit: float) -> str:
    """Return how often a decision flipped, in words that a sentence can end with.

    >>> said_flips(2, 5, 5, 0.2)
    'asked again 5 times, the last round had another outcome in 2 of 5 samples (40%; allowed: 20%)'
    >>> said_flips(0, 0, 1, 0.2)
    'asked again once, the last round had no sample with all its answers'
    """
    again = say_count("asked again once", "asked again {number} times", samples)
    if not completed:
        return say("{asked_again}, the last round had no sample with all its answers", asked_again=again)
    return say(
        "{asked_again}, the last round had another outcome in {flips} of {completed} samples "
        "({rate}; allowed: {limit})",
        asked_again=again,
        flips=flips,
        completed=completed,
        rate=in_percent(flips / completed),
        limit=in_percent(limit),
    )


def in_percent(share: float) -> str:
    """Return a share as people read it, with no more digits than it needs.

    >>> in_percent(0.2), in_percent(1 / 3), in_percent(1.0)
    ('20%', '33.3%', '100%')
    """
    return say("{number}%", number=in_figures(f"{100 * share:.3g}"))
