"""Evaluation: a policy as an aggregator of recorded votes, against the truth and the best single voter."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from policies.conditions.condition import Fault
from policies.conditions.reading import roles_in
from policies.decision.outcome import decide
from policies.decision.table import Policy, first_row
from policies.decision.vote import Cast, Vote


@dataclass(frozen=True)
class Item:
    """One question: the right answer, and what each voter answered; None where it did not."""

    truth: str
    answers: Mapping[str, str | None]


Result = Literal["right", "wrong", "tie", "unanswered", "undecided"]
"""What became of an item: decided rightly or wrongly, or left undecided by a tie, by silence or by the policy."""


@dataclass(frozen=True)
class Evaluation:
    """How a policy did: what became of the items; each voter's right answers; the first item on which a row errs."""

    results: Counter[Result] = field(default_factory=Counter)
    voters: Mapping[str, int] = field(default_factory=dict)
    fault: tuple[int, str] | None = None

    @property
    def items(self) -> int:
        """How many items there are."""
        return sum(self.results.values())

    @property
    def right(self) -> int:
        """How many items it decided rightly."""
        return self.results["right"]

    @property
    def decided(self) -> int:
        """How many items it decided."""
        return self.right + self.results["wrong"]

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


def leading(answers: Iterable[str | None]) -> list[str]:
    """Return the answer given most often; several where they are given equally often, none where nobody answers.

    >>> leading(["yes", "no", "yes"]), leading(["yes", "no", None]), leading([None])
    (['yes'], ['yes', 'no'], [])
    """
    given = Counter(answer for answer in answers if answer is not None)
    most = max(given.values(), default=0)
    return [answer for answer, count in given.items() if count == most]


def evaluate(
    policy: Policy,
    items: Sequence[Item],
    min_go_votes: int = 2,
    weights: Mapping[str, int] | None = None,
    vetoers: frozenset[str] = frozenset(),
) -> Evaluation:
    """Return how the policy does: a voter that agrees with the plurality answer counts as go, any other as block.

    An item is decided, by the plurality answer, when the policy gives `go` or `go_with_caution` in the only round.
    A voter without an answer is absent. Where two answers are given equally often, or none is, nothing is decided.
    """
    empty = Vote({}, min_go_votes, max_rounds=1, weights=weights or {}, vetoers=vetoers)
    found = [_result_of(policy, item, empty) for item in items]
    faults = ((index, result.message) for index, result in enumerate(found) if isinstance(result, Fault))
    results = Counter[Result]("undecided" if isinstance(result, Fault) else result for result in found)
    voters = dict.fromkeys((voter for item in items for voter in item.answers), 0)
    for item in items:
        for voter, given in item.answers.items():
            voters[voter] += given == item.truth
    return Evaluation(results, voters, next(faults, None))


def _result_of(policy: Policy, item: Item, empty: Vote) -> Result | Fault:
    answers = leading(item.answers.values())
    if len(answers) != 1:
        return "tie" if answers else "unanswered"
    vote = replace(empty, casts={voter: _cast(given, answers[0]) for voter, given in item.answers.items()})
    ruling = decide(policy, vote)
    if ruling.final in ("go", "go_with_caution"):
        return "right" if answers[0] == item.truth else "wrong"
    row = first_row(policy, vote) if ruling.fault else None
    return row if isinstance(row, Fault) else "undecided"


def _cast(given: str | None, answer: str) -> Cast:
    if given is None:
        return "absent"
    return "go" if given == answer else "block"


def strangers(policy: Policy, voters: Collection[str]) -> list[tuple[int, str]]:
    """Return the voters that rows name, convene or release and that there are not, each with the index of its row.

    Of a row that reads the stances in another way than by name, nothing is known until it is decided.

    >>> policy = Policy(name="x", rules=[{"when": "stances.ana == 'go'", "then": "go"}])
    >>> strangers(policy, ["anna", "ben"])
    [(0, 'ana')]
    """
    named = ((index, (*(roles_in(row.when) or ()), row.convene, row.release)) for index, row in enumerate(policy.rules))
    return [(index, role) for index, roles in named for role in dict.fromkeys(roles) if role and role not in voters]
