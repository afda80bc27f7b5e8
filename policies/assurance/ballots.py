"""Ballots: every vote a team can cast, each kind once; roles that a policy cannot tell apart are only counted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from math import comb, factorial, prod

from policies.assurance.electorate import AS_IT_BEGINS, Electorate, Place, Seating
from policies.decision.table import Policy
from policies.decision.variables import reads_weights
from policies.decision.vote import Cast, Vote
from policies.language import say

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


class TooManyVotesError(ValueError):
    """A team casts more kinds of votes than a proof goes through."""


@dataclass(frozen=True)
class Ballots:
    """All the votes of a team under a policy, whoever has joined or left it."""

    policy: Policy
    electorate: Electorate
    other: Electorate | None = None
    """A second team with the same roles; roles are told apart where either team does."""

    @cached_property
    def classes(self) -> tuple[tuple[str, ...], ...]:
        """The roles that may ever vote, those together that neither the policy nor the veto property tells apart.

        A role that may leave is told apart, since a vote that is repeated continues without its stance.
        """
        named, leaving = self.policy.named_roles, self.policy.leaving
        weighs = reads_weights(self.policy.variables)
        teams = (self.electorate, self.other or self.electorate)
        found: dict[object, list[str]] = {}
        for role in dict.fromkeys(role for team in teams for role in (*team.roles, *team.joining)):
            is_alone = named is None or role in named or role in leaving
            seen = tuple((team.weights.get(role, 1) if weighs else 1, role in team.vetoers) for team in teams)
            key = role if is_alone else seen
            found.setdefault(key, []).append(role)
        return tuple(tuple(roles) for roles in found.values())

    @property
    def casts(self) -> int:
        """How many casts a role has: 3, or 4 where absence counts."""
        return 4 if self.policy.on_absent == "count" else 3

    def votes(self, seating: Seating = AS_IT_BEGINS) -> int:
        """Return how many votes there are, each role told apart: 3 or 4 to the power of the roles."""
        return int(self.casts ** len(self.electorate.seated(seating)))

    def kinds(self, seating: Seating = AS_IT_BEGINS) -> list[Ballot]:
        """Return every ballot of the team as it sits, the nearest to a unanimous go first.

        Raises:
            TooManyVotesError: there are more than MAX_VOTES.
        """
        present = {*self.electorate.seated(seating)}
        sizes = [len(present.intersection(roles)) for roles in self.classes]
        kinds = prod(comb(size + self.casts - 1, self.casts - 1) for size in sizes)
        if kinds > MAX_VOTES:
            classes = sum(map(bool, sizes))
            raise TooManyVotesError(
                say(
                    "{count} roles in {classes} classes cast {kinds} kinds of votes; allowed: at most {most}; name "
                    "fewer roles in the rules",
                    count=len(present),
                    classes=classes,
                    kinds=kinds,
                    most=MAX_VOTES,
                )
            )
        return sorted(product(*(counts_of(size, self.casts) for size in sizes)), key=departures)

    def spell(self, ballot: Ballot, seating: Seating = AS_IT_BEGINS) -> dict[str, Cast]:
        """Return one vote of that kind by role, the first roles of each class the most permissive."""
        seats = self.electorate.seated(seating)
        cast: dict[str, Cast] = {}
        for roles, counts in zip(self.classes, ballot, strict=True):
            present = [role for role in roles if role in seats]
            cast.update(zip(present, spelled(counts), strict=True))
        return {role: cast[role] for role in seats}

    def of(self, casts: Mapping[str, Cast]) -> Ballot:
        """Return the kind of one vote."""
        said = [[casts[role] for role in roles if role in casts] for roles in self.classes]
        return tuple((one.count("go"), one.count("caution"), one.count("block"), one.count("absent")) for one in said)

    def vote(self, ballot: Ballot, place: Place) -> Vote:
        """Return one vote of that kind at a place."""
        return vote_at(self.electorate, self.spell(ballot, place.seating), place)


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
        place.marks,
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
