"""Counts: the numbers of a run's own record that a text may state."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policies.decision.vote import Cast
from policies.team.fields import STANCES
from policies.team.team import Budget


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, as a text may count it."""

    budget: Budget
    casts: Sequence[Sequence[Cast]]
    """What each seat of each round so far was, the open round last."""
    messages: int = 0
    """Answers that were asked for so far."""
    posted: int = 0
    """Messages that the roles sent each other."""
    questions: int = 0
    """Questions among them that are open."""


def counts_of(progress: Progress) -> frozenset[int]:
    """Return every count of the record: this is the only place that lists them.

    Rounds, those that are left and all there may be; roles, and how many took each stance or were absent, in each
    round; the `go` votes that are needed; answers asked for and allowed; messages sent, and questions that are open.

    >>> budget, casts = Budget(max_rounds=4, max_messages=20), [["go", "go", "block", "absent"]]
    >>> sorted(counts_of(Progress(budget, casts, messages=7)))
    [0, 1, 2, 3, 4, 7, 20]
    """
    return frozenset(_counts(progress))


def _counts(progress: Progress) -> Iterator[int]:
    budget, rounds = progress.budget, len(progress.casts)
    yield from range(1, rounds + 1)
    yield from (budget.max_rounds, max(budget.max_rounds - rounds, 0), budget.min_go_votes)
    yield from (budget.max_messages, progress.messages, progress.posted, progress.questions)
    for casts in progress.casts:
        yield len(casts)
        yield from (casts.count(cast) for cast in (*STANCES, "absent"))
