"""Rulings: what a policy makes of every ballot at a place, each decided once for all places that rows see alike."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from policies.assurance.ballots import (
    BLOCK,
    MAX_RULINGS,
    MAX_STEPS,
    Ballot,
    Ballots,
    TooManyVotesError,
    moved,
    totals,
    vote_at,
)
from policies.assurance.electorate import Electorate, Place, Seating
from policies.assurance.lens import Lens, lens_of
from policies.decision.guards import Finding
from policies.decision.outcome import Ruling, decide
from policies.decision.table import Policy
from policies.decision.vote import Cast, Vote
from policies.language import say
from policies.run.seats import Reseating, effect_of

Decide = Callable[[Policy, Vote, Sequence[Finding]], Ruling]


@dataclass(frozen=True)
class Move:
    """Two ballots of one team by their numbers, the second being the first with one role of a class moved."""

    first: int
    second: int
    group: int
    source: int
    target: int


@dataclass(frozen=True)
class Bench:
    """A team as it sits after some roles have joined or left, and all the ballots it can cast."""

    ballots: Ballots
    seating: Seating

    @cached_property
    def kinds(self) -> list[Ballot]:
        """Every ballot, the nearest to a unanimous go first."""
        return self.ballots.kinds(self.seating)

    @cached_property
    def casts(self) -> list[dict[str, Cast]]:
        """One vote of each kind, by role."""
        return [self.ballots.spell(ballot, self.seating) for ballot in self.kinds]

    @cached_property
    def blocked(self) -> list[bool]:
        """Whether a role blocks in each of the kinds."""
        return [totals(ballot)[BLOCK] > 0 for ballot in self.kinds]

    @cached_property
    def numbers(self) -> dict[Ballot, int]:
        """The number of each kind."""
        return {ballot: number for number, ballot in enumerate(self.kinds)}

    def moves(self, kinds: Sequence[tuple[int, int]]) -> Iterator[Move]:
        """Yield every pair of ballots of which the second is the first with one role moved in one of these ways."""
        for first, ballot in enumerate(self.kinds):
            for source, target in kinds:
                for group, second in moved(ballot, source, target):
                    yield Move(first, self.numbers[second], group, source, target)


@dataclass(frozen=True)
class Turn:
    """How a run leaves a place for another round: by which vote, with a block or without, and how the team sits then.

    `asks`: a human was asked first, and a resume asks the team again.
    """

    place: Place
    number: int
    blocked: bool
    seating: Seating
    asks: bool


def change_of(electorate: Electorate, ruling: Ruling, place: Place) -> Reseating:
    """Return who joins by a ruling that did not sit, and who leaves that did, from the next round on."""
    change = Reseating(ruling.convene, ruling.release)
    return effect_of(change, electorate.seated(place.seating), electorate.joining)


class Rulings:
    """The rulings of a policy on a team, decided when they are first asked for."""

    def __init__(self, policy: Policy, ballots: Ballots, decide: Decide = decide, lens: Lens | None = None) -> None:
        self.policy, self.ballots, self.decide = policy, ballots, decide
        self.lens = lens or lens_of([policy])
        self._benches: dict[Seating, Bench] = {}
        self._found: dict[tuple[object, ...], list[Ruling]] = {}
        self._seatings: dict[tuple[object, ...], Seating] = {}
        self._steps: dict[tuple[object, ...], list[Turn]] = {}
        self._decided = self._followed = 0

    @property
    def electorate(self) -> Electorate:
        """The team that votes."""
        return self.ballots.electorate

    def bench(self, seating: Seating) -> Bench:
        """Return the team as it sits."""
        return self._benches.setdefault(seating, Bench(self.ballots, seating))

    def variants(self, place: Place) -> list[Place]:
        """Return a place with all marks, and each confidence, that rows can tell apart."""
        return self.lens.variants(place, len(self.electorate.seated(place.seating)))

    def at(self, place: Place) -> list[Ruling]:
        """Return the ruling on each kind of vote at a place, or at one that no row can tell from it.

        Raises:
            TooManyVotesError: the team casts more kinds of votes, or has more rulings, than a proof goes through.
        """
        key = self.lens.key(place)
        if key not in self._found:
            bench = self.bench(place.seating)
            self._count(len(bench.kinds))
            votes = (vote_at(self.electorate, casts, place) for casts in bench.casts)
            self._found[key] = [self.decide(self.policy, vote, ()) for vote in votes]
        return self._found[key]

    def _count(self, kinds: int) -> None:
        self._decided += kinds
        if self._decided > MAX_RULINGS:
            raise TooManyVotesError(
                say(
                    "the kinds of votes, each at every place of a run, are more than {most}; allow fewer rounds, "
                    "let fewer roles join, or read fewer variables in the rules",
                    most=MAX_RULINGS,
                )
            )

    def count_step(self) -> None:
        """Count a step to another round.

        Raises:
            TooManyVotesError: more steps were followed than a proof follows.
        """
        self._followed += 1
        if self._followed > MAX_STEPS:
            raise TooManyVotesError(
                say(
                    "the rounds that a run can have, one after another, are more than {most}; allow fewer rounds, "
                    "or compare rounds and streaks with smaller numbers",
                    most=MAX_STEPS,
                )
            )

    def seating_after(self, ruling: Ruling, place: Place) -> Seating:
        """Return how the team sits from the next round on, worked out once for each change."""
        key = (place.seating, ruling.convene, ruling.release)
        if key not in self._seatings:
            change = Reseating(ruling.convene, ruling.release)
            self._seatings[key] = self.electorate.after(place.seating, change)
        return self._seatings[key]

    def steps(self, place: Place) -> list[Turn]:
        """Return one step for each way in which some vote at a place leads to another round, now or after a human.

        The vote of each step is the one nearest to a unanimous go.
        """
        key = self.lens.key(place)
        if key not in self._steps:
            self._steps[key] = list(self._find_steps(place).values())
        return self._steps[key]

    def _find_steps(self, place: Place) -> Mapping[tuple[object, ...], Turn]:
        found: dict[tuple[object, ...], Turn] = {}
        blocked = self.bench(place.seating).blocked
        for variant in self.variants(place):
            for number, ruling in enumerate(self.at(variant)):
                if ruling.final in ("next_round", "escalate"):
                    after, asks = self.seating_after(ruling, place), ruling.final == "escalate"
                    step = Turn(variant, number, blocked[number], after, asks)
                    kept = found.setdefault((step.blocked, after, asks), step)
                    if number < kept.number:
                        found[step.blocked, after, asks] = step
        return found
