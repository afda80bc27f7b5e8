"""Ballots: every vote a team can cast, each kind once; roles that a policy cannot tell apart are only counted."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import product
from math import comb, factorial, prod

from policies import team as team_file
from policies.table import Policy
from policies.vote import Cast, Vote

CASTS: tuple[Cast, ...] = ("go", "caution", "block", "absent")
MAX_VOTES = 300_000
"""More ballots at one place than a proof goes through."""

MAX_RULINGS = 400_000
"""More rulings, ballots by places, than a proof works out."""

MAX_OPEN_QUESTIONS = 3
"""Questions open at once, as far as a proof goes."""

CONFIDENCE_GRID = (0.0, 0.5, 1.0)
"""Confidences that a proof tries, the same for every role."""

Counts = tuple[int, int, int, int]
"""How many of a class cast go, caution, block, absent."""

Ballot = tuple[Counts, ...]
"""The counts of each class of a team."""


@dataclass(frozen=True)
class Team:
    """A team as a policy sees it: its roles, their weights and vetoes, and the limits its votes are counted by."""

    roles: tuple[str, ...]
    min_go_votes: int = 2
    max_rounds: int = 3
    max_messages: int = 12
    weights: Mapping[str, int] = field(default_factory=dict)
    vetoers: frozenset[str] = frozenset()


def voters_of(team: team_file.Team, limits: team_file.Budget | None = None) -> Team:
    """Return a team as its policy sees it, under its own limits or others."""
    under = limits or team.budget
    return Team(team.sequence, under.min_go_votes, under.max_rounds, under.max_messages, team.weights, team.vetoers)


@dataclass(frozen=True)
class Place:
    """Where in a run a vote is cast: its round, the blocked rounds before it, questions open, and all confidences."""

    round: int
    rounds_blocked: int = 0
    open_questions: int = 0
    confidence: float | None = None


class TooManyVotesError(ValueError):
    """A team casts more kinds of votes than a proof goes through."""


@dataclass(frozen=True)
class Ballots:
    """All the votes of a team under a policy."""

    policy: Policy
    team: Team
    other: Team | None = None
    """A second team with the same roles; roles are told apart where either team does."""

    @cached_property
    def classes(self) -> tuple[tuple[str, ...], ...]:
        """The roles, those together that the policy and the veto property cannot tell apart, in sequence order."""
        named, reads = self.policy.named_roles, self.policy.variables
        weighs = any(name.startswith("weighted_") for name in reads)
        found: dict[object, list[str]] = {}
        for role in self.team.roles:
            is_alone = named is None or role in named
            teams = (self.team, self.other or self.team)
            seen = tuple((team.weights.get(role, 1) if weighs else 1, role in team.vetoers) for team in teams)
            key = role if is_alone else seen
            found.setdefault(key, []).append(role)
        return tuple(tuple(roles) for roles in found.values())

    @property
    def casts(self) -> int:
        """How many casts a role has: 3, or 4 where absence counts."""
        return 4 if self.policy.on_absent == "count" else 3

    @property
    def votes(self) -> int:
        """How many votes there are, each role told apart: 3 or 4 to the power of the roles."""
        return int(self.casts ** len(self.team.roles))

    def kinds(self) -> list[Ballot]:
        """Return every ballot.

        Raises:
            TooManyVotesError: there are more than MAX_VOTES.
        """
        sizes = [len(roles) for roles in self.classes]
        kinds = prod(comb(size + self.casts - 1, self.casts - 1) for size in sizes)
        if kinds > MAX_VOTES:
            raise TooManyVotesError(
                f"{len(self.team.roles)} roles in {len(sizes)} classes cast {kinds} kinds of votes; "
                f"allowed: at most {MAX_VOTES}; name fewer roles in the rules"
            )
        return list(product(*(counts_of(size, self.casts) for size in sizes)))

    def places(self) -> list[Place]:
        """Return where in a run the policy can tell votes apart; always the first round and the last."""
        reads = self.policy.variables
        asked = range(MAX_OPEN_QUESTIONS + 1) if "open_questions" in reads else (0,)
        sure: tuple[float | None, ...] = CONFIDENCE_GRID if self.policy.trust_confidence else (None,)
        return [
            Place(number, blocked, questions, confidence)
            for number, blocked in self._rounds()
            for questions in asked
            for confidence in sure
        ]

    def place_of(self, number: int, blocked: int) -> tuple[int, int]:
        """Return the round and blocked rounds that stand for these among the places: the first that is no other one."""
        reads, last = self.policy.variables, self.team.max_rounds
        blocked = blocked if "block_streak" in reads else 0
        is_told = number == last or {"round", "rounds_left"} & reads
        return (number if is_told else blocked + 1, blocked)

    def _rounds(self) -> list[tuple[int, int]]:
        every = ((number, blocked) for number in range(1, self.team.max_rounds + 1) for blocked in range(number))
        return sorted({self.place_of(number, blocked) for number, blocked in every})

    def vote(self, ballot: Ballot, place: Place) -> Vote:
        """Return one vote of that kind, the first roles of each class the most permissive."""
        return next(self.votes_at(ballot, (place,)))

    def votes_at(self, ballot: Ballot, places: Iterable[Place]) -> Iterator[Vote]:
        """Yield one vote of that kind at each place."""
        team, casts = self.team, self._casts(ballot)
        filled = sum(name != "absent" for name in casts.values())
        for place in places:
            yield Vote(
                casts=casts,
                min_go_votes=team.min_go_votes,
                round=place.round,
                max_rounds=team.max_rounds,
                rounds_blocked=place.rounds_blocked,
                open_questions=place.open_questions,
                weights=team.weights,
                vetoers=team.vetoers,
                confidences=() if place.confidence is None else (place.confidence,) * filled,
            )

    def _casts(self, ballot: Ballot) -> dict[str, Cast]:
        cast: dict[str, Cast] = {}
        for roles, counts in zip(self.classes, ballot, strict=True):
            cast.update(zip(roles, spelled(counts), strict=True))
        return {role: cast[role] for role in self.team.roles}


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


def moved(ballot: Ballot, source: int, target: int) -> Iterator[Ballot]:
    """Return the ballots in which one role casts `target` (an index of CASTS) in place of `source`.

    >>> list(moved(((2, 0, 0, 0),), 0, 2))
    [((1, 0, 1, 0),)]
    """
    for index, counts in enumerate(ballot):
        if counts[source]:
            shifted = [*counts]
            shifted[source] -= 1
            shifted[target] += 1
            yield (*ballot[:index], (shifted[0], shifted[1], shifted[2], shifted[3]), *ballot[index + 1 :])


def chance_of(ballot: Ballot, odds: Mapping[Cast, float]) -> float:
    """Return the probability of all votes of this kind, each role casting by these odds, independently.

    >>> round(chance_of(((2, 0, 1, 0),), {"go": 0.6, "block": 0.4}), 3)
    0.432
    """
    counted = zip(CASTS, totals(ballot), strict=True)
    return size_of(ballot) * prod(odds.get(cast, 0.0) ** count for cast, count in counted)
