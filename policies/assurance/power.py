"""Power: how often a role's stance matters under a policy, over all the votes of the others."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from policies.assurance.ballots import Ballot, Ballots, Place, Team, counts_of, size_of
from policies.outcome import decide
from policies.table import Outcome, Policy

BLOCK = 2


@dataclass(frozen=True)
class Power:
    """One role's power: in what share of the others' votes its own decides; never (dummy); or whether it can refuse."""

    role: str
    pivotal: int
    votes: int
    has_veto: bool

    @property
    def share(self) -> float:
        """The pivotal share, from 0 to 1."""
        return self.pivotal / self.votes

    @property
    def is_dummy(self) -> bool:
        """Whether its stance never matters."""
        return self.pivotal == 0


def powers(policy: Policy, team: Team, place: Place) -> tuple[Power, ...]:
    """Return the power of each role at a place of a run, counted exactly over all votes of the others.

    Raises:
        TooManyVotesError: the team casts more kinds of votes than can be gone through.
    """
    ballots = Ballots(policy, team)
    ballots.kinds()
    found = {index: _power(ballots, index, place) for index in range(len(ballots.classes))}
    by_role = {role: index for index, roles in enumerate(ballots.classes) for role in roles}
    return tuple(replace(found[by_role[role]], role=role) for role in team.roles)


def _power(ballots: Ballots, index: int, place: Place) -> Power:
    """Return the power of any one role of a class."""
    pivotal = votes = 0
    refuses, is_wanted = True, False
    for rest in _others(ballots, index):
        outcomes = [_outcome(ballots, rest, index, cast, place) for cast in range(ballots.casts)]
        size = size_of(rest)
        votes += size
        pivotal += size * (len(set(outcomes)) > 1)
        refuses = refuses and outcomes[BLOCK] not in ("go", "go_with_caution")
        is_wanted = is_wanted or bool({"go", "go_with_caution"} & set(outcomes))
    return Power("", pivotal, votes, refuses and is_wanted)


def _others(ballots: Ballots, index: int) -> Iterator[Ballot]:
    """Yield the ballots of everybody but one role of the class."""
    sizes = [len(roles) - (place == index) for place, roles in enumerate(ballots.classes)]
    yield from _product(sizes, ballots.casts)


def _product(sizes: list[int], casts: int) -> Iterator[Ballot]:
    if not sizes:
        yield ()
        return
    for first in counts_of(sizes[0], casts):
        for rest in _product(sizes[1:], casts):
            yield (first, *rest)


def _outcome(ballots: Ballots, rest: Ballot, index: int, cast: int, place: Place) -> Outcome:
    counts = [*rest[index]]
    counts[cast] += 1
    ballot = (*rest[:index], (counts[0], counts[1], counts[2], counts[3]), *rest[index + 1 :])
    return decide(ballots.policy, ballots.vote(ballot, place)).final
