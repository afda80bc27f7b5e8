"""What is judged: a decision table, and the team that votes under it."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.oracle.expressions import Expression

Ballot = tuple[str, ...]
"""The stances of a round, in the order of the seats: go, caution, block, and absent where absences count."""

CONFIDENCES = ("mean_confidence", "min_confidence")


class Told(NamedTuple):
    """What a vote says beside the stances, as far as rows read it."""

    open_questions: int = 0
    confidence: float = 1.0
    """That of every role which is not absent."""
    ungrounded: int = 0
    moved: int = 0
    """How many roles carry that flag."""


PLAIN = Told()


@dataclass(frozen=True)
class Row:
    when: Expression
    then: str
    convene: str | None = None
    release: str | None = None


@dataclass(frozen=True)
class Table:
    rows: tuple[Row, ...]
    otherwise: str | None = "next_round"
    when_rounds_end: str = "stop"
    on_absent: str = "stop"
    name: str = "drawn"

    @property
    def counts_absences(self) -> bool:
        return self.on_absent == "count"

    @property
    def trusts_confidence(self) -> bool:
        return not self.reads.isdisjoint(CONFIDENCES)

    @property
    def reads(self) -> frozenset[str]:
        """The names that some row reads."""
        return frozenset[str]().union(*(row.when.names for row in self.rows))

    @property
    def named(self) -> frozenset[str]:
        """The roles whose stance some row reads."""
        return frozenset[str]().union(*(row.when.roles for row in self.rows))

    @property
    def convened(self) -> frozenset[str]:
        return frozenset(row.convene for row in self.rows if row.convene)

    @property
    def released(self) -> frozenset[str]:
        return frozenset(row.release for row in self.rows if row.release)

    def as_file(self) -> dict[str, Any]:
        """Return the table as a policy file has it."""
        rows = [
            {"when": row.when.text(), "then": row.then}
            | ({"convene": row.convene} if row.convene else {})
            | ({"release": row.release} if row.release else {})
            for row in self.rows
        ]
        ends = {"when_rounds_end": self.when_rounds_end, "on_absent": self.on_absent}
        otherwise = {} if self.otherwise is None else {"otherwise": self.otherwise}
        trusts = {"trust_confidence": True} if self.trusts_confidence else {}
        return {"name": self.name, "rules": rows, **otherwise, **ends, **trusts}


@dataclass(frozen=True)
class Team:
    """Who votes, what they weigh, and the budgets that bound the rounds."""

    sequence: tuple[str, ...]
    bench: tuple[str, ...] = ()
    """The roles that a row may convene: known, enabled, and not in the sequence."""
    weights: tuple[tuple[str, int], ...] = ()
    vetoers: frozenset[str] = frozenset()
    min_go_votes: int = 1
    max_rounds: int = 3
    max_messages: int = 1_000
    max_repairs: int = 0

    def seats(self, place: "Place") -> tuple[str, ...]:
        """Return who votes there."""
        stay = tuple(role for role in self.sequence if role not in place.left)
        return stay + tuple(role for role in self.bench if role in place.joined)

    def weight(self, role: str) -> int:
        return dict(self.weights).get(role, 1)


@dataclass(frozen=True)
class Place:
    """What of a run's past the next vote depends on."""

    round: int
    blocked: int
    """Rounds in a row before this one with a block."""
    joined: frozenset[str]
    """Roles of the bench that sit."""
    max_rounds: int
    left: frozenset[str] = frozenset()
    """Roles of the sequence that do not sit any more."""

    @property
    def is_last(self) -> bool:
        return self.round >= self.max_rounds
