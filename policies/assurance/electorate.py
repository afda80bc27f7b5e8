"""The electorate: a team as its policy sees it, how it sits, and where in a run it votes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from policies.decision.marks import UNMARKED, Marks
from policies.patterns.course import PATTERNS
from policies.people.panel import Panel
from policies.run.seats import Reseating, reseat
from policies.team.team import Budget, Team


class Seating(NamedTuple):
    """How a team sits: which roles joined its sequence, and which roles of the sequence left, in their order."""

    joined: tuple[str, ...] = ()
    released: tuple[str, ...] = ()


AS_IT_BEGINS = Seating()


@dataclass(frozen=True)
class Electorate:
    """A team as a policy sees it: its roles, those that may join, their weights and vetoes, and the limits of its run.

    `is_vote`: a proposal is asked for first, then one vote is cast, and no resume opens another.
    """

    roles: tuple[str, ...]
    min_go_votes: int = 2
    max_rounds: int = 3
    max_messages: int = 12
    weights: Mapping[str, int] = field(default_factory=dict)
    vetoers: frozenset[str] = frozenset()
    joining: tuple[str, ...] = ()
    max_repairs: int = 1
    is_vote: bool = False

    def seated(self, seating: Seating) -> tuple[str, ...]:
        """Return the roles that vote once some have joined and others left, in the order of their seats.

        >>> Electorate(("risk", "ops"), joining=("legal", "audit")).seated(Seating(("audit", "legal"), ("ops",)))
        ('risk', 'legal', 'audit')
        """
        stay = (role for role in self.roles if role not in seating.released)
        return (*stay, *(role for role in self.joining if role in seating.joined))

    def seating(self, seated: Collection[str]) -> Seating:
        """Return how the team sits where these roles vote.

        >>> Electorate(("risk", "ops"), joining=("legal", "audit")).seating(("audit", "risk"))
        Seating(joined=('audit',), released=('ops',))
        """
        joined = tuple(role for role in self.joining if role in seated)
        return Seating(joined, tuple(role for role in self.roles if role not in seated))

    def after(self, seating: Seating, change: Reseating) -> Seating:
        """Return how the team sits after a change."""
        return self.seating(reseat(self.seated(seating), change, self.joining))


def electorate_of(team: Team, limits: Budget | None = None, began: Budget | None = None) -> Electorate:
    """Return a team as its policy sees it, under its own limits or others; a vote has one round, and nobody joins.

    `began` are the limits of a run that was resumed since: its rounds are walked from there.
    """
    under, is_vote = limits or team.budget, PATTERNS[team.pattern].is_ballot
    rounds = min(under.max_rounds, (began or under).max_rounds)
    return Electorate(
        team.sequence,
        under.min_go_votes,
        1 if is_vote else rounds,
        under.max_messages,
        team.weights,
        team.vetoers,
        () if is_vote else team.joining,
        team.max_repairs,
        is_vote,
    )


def electorate_of_panel(panel: Panel) -> Electorate:
    """Return those who decide together as their table sees them: they are asked once, and nobody joins them.

    >>> electorate_of_panel(Panel(("cfo", "cto"))).max_rounds
    1
    """
    seats = panel.seats
    vetoers = panel.vetoers
    return Electorate(seats, panel.min_go_votes, 1, len(seats) + 1, panel.weights, vetoers, max_repairs=0, is_vote=True)


@dataclass(frozen=True)
class Place:
    """Where in a run a vote is cast.

    `rounds_blocked` counts the rounds in a row right before this one that had a block; `joined` and `released` say how
    the team sits. All roles report the same `confidence`, where any is given.
    """

    round: int
    rounds_blocked: int = 0
    joined: tuple[str, ...] = ()
    max_rounds: int = 3
    marks: Marks = UNMARKED
    confidence: float | None = None
    released: tuple[str, ...] = ()

    @property
    def seating(self) -> Seating:
        """How the team sits there."""
        return Seating(self.joined, self.released)
