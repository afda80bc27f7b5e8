"""Ballots: every vote a team can cast, each kind once; roles that a policy cannot tell apart are only counted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import product
from math import comb, factorial, prod

from policies.decision.table import Policy
from policies.decision.variables import reads_weights
from policies.decision.vote import Cast, Vote
from policies.patterns.course import PATTERNS
from policies.people.panel import Panel
from policies.team.team import Budget, Team

CASTS: tuple[Cast, ...] = ("go", "caution", "block", "absent")
GO, CAUTION, BLOCK, ABSENT = range(4)
MAX_VOTES = 300_000
"""More ballots of one team than a proof goes through."""

MAX_RULINGS = 400_000
"""More rulings, ballots by places, than a proof works out."""

MAX_STEPS = 200_000
"""More steps from round to round than a proof follows."""

CONFIDENCE_GRID = (0.0, 0.5, 1.0)
"""Confidences that a proof tries, the same for every role."""

Counts = tuple[int, int, int, int]
"""How many of a class cast go, caution, block, absent."""

Ballot = tuple[Counts, ...]
"""The counts of each class of roles."""


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

    def seated(self, joined: Sequence[str]) -> tuple[str, ...]:
        """Return the roles that vote once these have joined, in the order of their seats.

        >>> Electorate(("risk",), joining=("legal", "audit")).seated(("audit", "legal"))
        ('risk', 'legal', 'audit')
        """
        return (*self.roles, *(role for role in self.joining if role in joined))


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

    `rounds_blocked` counts the rounds in a row right before this one that had a block, `joined` are the roles that
    joined the sequence, in the order of their seats. All roles report the same `confidence`, where any is given.
    """

    round: int
    rounds_blocked: int = 0
    joined: tuple[str, ...] = ()
    max_rounds: int = 3
    open_questions: int = 0
    confidence: float | None = None


class TooManyVotesError(ValueError):
    """A team casts more kinds of votes than a proof goes through."""


@dataclass(frozen=True)
class Ballots:
    """All the votes of a team under a policy, whoever has joined it."""

    policy: Policy
    electorate: Electorate
    other: Electorate | None = None
    """A second team with the same roles; roles are told apart where either team does."""

    @cached_property
    def classes(self) -> tuple[tuple[str, ...], ...]:
        """The roles that may ever vote, those together that neither the policy nor the veto property tells apart."""
        named = self.policy.named_roles
        weighs = reads_weights(self.policy.variables)
        teams = (self.electorate, self.other or self.electorate)
        found: dict[object, list[str]] = {}
        for role in dict.fromkeys(role for team in teams for role in (*team.roles, *team.joining)):
            is_alone = named is None or role in named
            seen = tuple((team.weights.get(role, 1) if weighs else 1, role in team.vetoers) for team in teams)
            key = role if is_alone else seen
            found.setdefault(key, []).append(role)
        return tuple(tuple(roles) for roles in found.values())

    @property
    def casts(self) -> int:
        """How many casts a role has: 3, or 4 where absence counts."""
        return 4 if self.policy.on_absent == "count" else 3

    def votes(self, joined: Sequence[str] = ()) -> int:
        """Return how many votes there are, each role told apart: 3 or 4 to the power of the roles."""
        return int(self.casts ** len(self.electorate.seated(joined)))

    def kinds(self, joined: Sequence[str] = ()) -> list[Ballot]:
        """Return every ballot of the team with those who joined, the nearest to a unanimous go first.

        Raises:
            TooManyVotesError: there are more than MAX_VOTES.
        """
        present = {*self.electorate.seated(joined)}
        sizes = [len(present.intersection(roles)) for roles in self.classes]
        kinds = prod(comb(size + self.casts - 1, self.casts - 1) for size in sizes)
        if kinds > MAX_VOTES:
            classes = sum(map(bool, sizes))
            raise TooManyVotesError(
                f"{len(present)} roles in {classes} classes cast {kinds} kinds of votes; "
                f"allowed: at most {MAX_VOTES}; name fewer roles in the rules"
            )
        return sorted(product(*(counts_of(size, self.casts) for size in sizes)), key=departures)

    def spell(self, ballot: Ballot, joined: Sequence[str] = ()) -> dict[str, Cast]:
        """Return one vote of that kind by role, the first roles of each class the most permissive."""
        seats = self.electorate.seated(joined)
        cast: dict[str, Cast] = {}
        for roles, counts in zip(self.classes, ballot, strict=True):
            present = [role for role in roles if role in seats]
            cast.update(zip(present, spelled(counts), strict=True))
        return {role: cast[role] for role in seats}

    def vote(self, ballot: Ballot, place: Place) -> Vote:
        """Return one vote of that kind at a place."""
        return vote_at(self.electorate, self.spell(ballot, place.joined), place)


def vote_at(electorate: Electorate, casts: Mapping[str, Cast], place: Place) -> Vote:
    """Return the vote of a team in which each role casts that, at a place of its run.

    >>> vote_at(Electorate(("risk",), min_go_votes=1), {"risk": "go"}, Place(2, 1)).rounds_blocked
    1
    """
    filled = 0 if place.confidence is None else sum(cast != "absent" for cast in casts.values())
    return Vote(
        casts,
        electorate.min_go_votes,
        place.round,
        place.max_rounds,
        place.rounds_blocked,
        place.open_questions,
        electorate.weights,
        electorate.vetoers,
        () if place.confidence is None else (place.confidence,) * filled,
    )


def counts_of(size: int, casts: int) -> Iterator[Counts]:
    """Return the counts that a class of that size can cast, the most permissive first.

    >>> list(counts_of(1, 3))
    [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0)]
    """
    for absent in range(size + 1 if casts == 4 else 1):
        for block in range(size - absent + 1):
            for caution in range(size - absent - block + 1):
                yield (size - absent - block - caution, caution, block, absent)


@lru_cache(maxsize=4_096)
def spelled(counts: Counts) -> tuple[Cast, ...]:
    """Return the casts that the counts stand for.

    >>> spelled((1, 0, 2, 0))
    ('go', 'block', 'block')
    """
    return tuple(cast for cast, count in zip(CASTS, counts, strict=True) for _ in range(count))


@lru_cache(maxsize=MAX_VOTES)
def size_of(ballot: Ballot) -> int:
    """Return how many votes are of this kind.

    >>> size_of(((2, 1, 0, 0),))
    3
    """
    return prod(factorial(sum(counts)) // prod(map(factorial, counts)) for counts in ballot)


@lru_cache(maxsize=MAX_VOTES)
def totals(ballot: Ballot) -> Counts:
    """Return the counts of the whole team."""
    go, caution, block, absent = map(sum, zip(*ballot, strict=True))
    return (go, caution, block, absent)


def departures(ballot: Ballot) -> tuple[int, ...]:
    """Return how far a ballot is from a unanimous go, for taking the smallest counterexample first."""
    _, caution, block, absent = totals(ballot)
    return (caution + block + absent, block + absent, absent)


def shifted(ballot: Ballot, index: int, source: int, target: int) -> Ballot:
    """Return the ballot in which one role of a class casts `target` (an index of CASTS) in place of `source`.

    >>> shifted(((2, 0, 0, 0),), 0, GO, BLOCK)
    ((1, 0, 1, 0),)
    """
    counts = [*ballot[index]]
    counts[source] -= 1
    counts[target] += 1
    return (*ballot[:index], (counts[0], counts[1], counts[2], counts[3]), *ballot[index + 1 :])


def moved(ballot: Ballot, source: int, target: int) -> Iterator[tuple[int, Ballot]]:
    """Return the classes in which one role can cast `target` in place of `source`, each with the ballot it makes.

    >>> list(moved(((2, 0, 0, 0), (0, 1, 0, 0)), GO, BLOCK))
    [(0, ((1, 0, 1, 0), (0, 1, 0, 0)))]
    """
    for index, counts in enumerate(ballot):
        if counts[source]:
            yield index, shifted(ballot, index, source, target)


def chance_of(ballot: Ballot, odds: Mapping[Cast, float]) -> float:
    """Return the probability of all votes of this kind, each role casting by these odds, independently.

    >>> round(chance_of(((2, 0, 1, 0),), {"go": 0.6, "block": 0.4}), 3)
    0.432
    """
    counted = zip(CASTS, totals(ballot), strict=True)
    return size_of(ballot) * prod(odds.get(cast, 0.0) ** count for cast, count in counted)
