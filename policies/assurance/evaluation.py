"""Evaluation: a policy as an aggregator of recorded votes, against the truth and the best single voter."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from policies.outcome import decide
from policies.table import Policy
from policies.vote import Cast, Vote


@dataclass(frozen=True)
class Item:
    """One question: the right answer, and what each voter answered; None where it did not."""

    truth: str
    answers: Mapping[str, str | None]


@dataclass(frozen=True)
class Evaluation:
    """How a policy did: items, those it decided, those it decided rightly; and each voter's right answers."""

    items: int
    decided: int
    right: int
    voters: Mapping[str, int]

    @property
    def accuracy(self) -> float:
        """The share of all items that it decided rightly."""
        return self.right / self.items if self.items else 0.0

    @property
    def coverage(self) -> float:
        """The share of all items that it decided."""
        return self.decided / self.items if self.items else 0.0

    @property
    def precision(self) -> float | None:
        """The share of the decided items that it decided rightly; None where it decided none."""
        return self.right / self.decided if self.decided else None

    @property
    def best_voter(self) -> tuple[str, float] | None:
        """The voter with the most right answers, and its accuracy; of several the first by name."""
        best = min(self.voters, key=lambda voter: (-self.voters[voter], voter), default=None)
        return None if best is None or not self.items else (best, self.voters[best] / self.items)


def plurality(answers: Iterable[str | None]) -> str | None:
    """Return the answer given most often; None where two are given equally often, or none is.

    >>> plurality(["yes", "no", "yes"]), plurality(["yes", "no"])
    ('yes', None)
    """
    ranked = Counter(answer for answer in answers if answer is not None).most_common(2)
    if not ranked or (len(ranked) == 2 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]


def evaluate(policy: Policy, items: Sequence[Item], min_go_votes: int = 2) -> Evaluation:
    """Return how the policy does: a voter that agrees with the plurality answer counts as go, any other as block.

    An item is decided, by the plurality answer, when the policy gives `go` or `go_with_caution` in the only round.
    A voter without an answer is absent; where there is no plurality answer, nothing is decided.
    """
    decided = right = 0
    for item in items:
        answer = plurality(item.answers.values())
        if answer is not None and _accepts(policy, item, answer, min_go_votes):
            decided += 1
            right += answer == item.truth
    voters = dict.fromkeys((voter for item in items for voter in item.answers), 0)
    for item in items:
        for voter, given in item.answers.items():
            voters[voter] += given == item.truth
    return Evaluation(len(items), decided, right, voters)


def _accepts(policy: Policy, item: Item, answer: str, min_go_votes: int) -> bool:
    casts = {voter: _cast(given, answer) for voter, given in item.answers.items()}
    vote = Vote(casts, min_go_votes, max_rounds=1)
    return decide(policy, vote).final in ("go", "go_with_caution")


def _cast(given: str | None, answer: str) -> Cast:
    if given is None:
        return "absent"
    return "go" if given == answer else "block"
