"""Power: how often a role's stance matters under a policy, and what it can bring about alone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from policies.assurance.ballots import BLOCK, Ballot, Ballots, counts_of, size_of
from policies.assurance.electorate import Electorate, Place
from policies.decision.outcome import decide
from policies.decision.table import PASSING, Outcome, Policy
from policies.team.fields import STANCES


@dataclass(frozen=True)
class Power:
    """One role's power over all votes of the others.

    `pivotal` of the others' `votes` leave the outcome to its stance. `can_hold_up`: some stance of it keeps the outcome
    from `go` and `go_with_caution` whatever the others say, and another does not. `can_refuse`: its block gives `no_go`
    whatever the others say. `has_veto`: the team file declares one.
    """

    role: str
    pivotal: int
    votes: int
    can_hold_up: bool
    can_refuse: bool
    has_veto: bool

    @property
    def share(self) -> float:
        """The pivotal share, from 0 to 1."""
        return self.pivotal / self.votes

    @property
    def is_dummy(self) -> bool:
        """Whether its stance never matters."""
        return self.pivotal == 0


def powers(policy: Policy, electorate: Electorate, place: Place) -> tuple[Power, ...]:
    """Return the power of each role at a place of a run, counted exactly over all votes of the others.

    Raises:
        TooManyVotesError: the team casts more kinds of votes than can be gone through.
    """
    ballots = Ballots(policy, electorate)
    ballots.kinds(place.seating)
    seats = electorate.seated(place.seating)
    by_role = {role: index for index, roles in enumerate(ballots.classes) for role in roles if role in seats}
    found = {index: _power(ballots, index, place) for index in {*by_role.values()}}
    return tuple(replace(found[by_role[role]], role=role, has_veto=role in electorate.vetoers) for role in seats)


def _power(ballots: Ballots, index: int, place: Place) -> Power:
    """Return the power of any one role of a class."""
    pivotal = votes = 0
    passing, refused = [False] * ballots.casts, True
    for rest in _others(ballots, index, place):
        outcomes = [_outcome(ballots, rest, index, cast, place) for cast in range(ballots.casts)]
        size = size_of(rest)
        votes += size
        pivotal += size * (len(set(outcomes)) > 1)
        passing = [was or outcome in PASSING for was, outcome in zip(passing, outcomes, strict=True)]
        refused = refused and outcomes[BLOCK] == "no_go"
    holds_up = any(passing) and not all(passing[: len(STANCES)])
    return Power("", pivotal, votes, holds_up, refused, has_veto=False)


def _others(ballots: Ballots, index: int, place: Place) -> Iterator[Ballot]:
    """Yield the ballots of everybody but one role of the class."""
    seats = {*ballots.electorate.seated(place.seating)}
    sizes = [len(seats.intersection(roles)) - (group == index) for group, roles in enumerate(ballots.classes)]
    yield from product(*(counts_of(size, ballots.casts) for size in sizes))


def _outcome(ballots: Ballots, rest: Ballot, index: int, cast: int, place: Place) -> Outcome:
    counts = [*rest[index]]
    counts[cast] += 1
    ballot = (*rest[:index], (counts[0], counts[1], counts[2], counts[3]), *rest[index + 1 :])
    return decide(ballots.policy, ballots.vote(ballot, place)).final
