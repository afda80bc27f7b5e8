"""Places: where a proof decides every vote, and the counterexamples it finds there, each decided once more."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from policies.assurance.ballots import departures, vote_at
from policies.assurance.electorate import Place, Seating
from policies.assurance.rulings import Bench, Rulings
from policies.assurance.walk import Reached, WalkNode, layers_of, walk
from policies.decision.guards import Finding, Guard
from policies.decision.outcome import Ruling
from policies.decision.vote import Cast
from policies.language import say

Casts = Mapping[str, Cast]


@dataclass(frozen=True)
class Counterexample:
    """Votes that break a property, the smallest there are: at which place of a run, and with what outcomes.

    Of two votes the second is the first with one role moved, or, for asymmetry, with two roles' stances exchanged.
    `history` holds the votes of the rounds before, where the property is about them; `guard` is the one tripped.
    """

    votes: tuple[Casts, ...]
    outcomes: tuple[str, ...]
    place: Place
    note: str | None = None
    history: tuple[tuple[Place, Casts], ...] = ()
    guard: str | None = None


class UnconfirmedError(RuntimeError):
    """A counterexample was decided again and did not show itself: the search for it is at fault."""


@dataclass(frozen=True)
class Spot:
    """One place that rows can tell from others, with its marks, and the rulings on every ballot."""

    number: int
    reached: Reached
    place: Place
    bench: Bench
    rulings: Sequence[Ruling]


@dataclass(frozen=True)
class Found:
    """Votes of a team at a spot that break a property, and the outcomes they got; `number` is the first one's kind."""

    spot: Spot
    number: int
    votes: tuple[Casts, ...]
    outcomes: tuple[str, ...]
    note: str | None = None
    guard: Guard | None = None

    @property
    def order(self) -> tuple[object, ...]:
        """What the smallest one is chosen by: no resume, the fewest roles away from a unanimous go, the first place."""
        away = departures(self.spot.bench.kinds[self.number])
        return (self.spot.reached.is_resumed, away, self.spot.number)


@dataclass(frozen=True)
class Places:
    """Every place that a run can reach and rows can tell apart."""

    rulings: Rulings
    raised_to: int = 0
    """A limit to which a resume raises `max_rounds`, and up to which it is looked at in any case."""

    @cached_property
    def reached(self) -> list[Reached]:
        """The places, those first that need no resume; of those that rows cannot tell apart, the first one.

        Raises:
            TooManyVotesError: the team casts more kinds of votes, or has more rulings, than a proof goes through.
        """
        found: dict[object, Reached] = {}
        for each in walk(self.rulings, bound=self.bound):
            found.setdefault(self.rulings.lens.key(each.place), each)
        return list(found.values())

    @property
    def bound(self) -> int:
        """The highest `max_rounds` that is looked at."""
        return self.rulings.lens.bound([self.rulings.electorate.max_rounds, self.raised_to])

    @cached_property
    def rounds(self) -> list[list[WalkNode]]:
        """The places of each round that a run reaches without a resume, up to the last round that any run reaches."""
        return [[*layer.values()] for layer in layers_of(self.rulings, may_ask=False) if layer]

    @cached_property
    def spots(self) -> list[Spot]:
        """The places with all marks, and every confidence, that rows can tell apart."""
        pairs = ((each, place) for each in self.reached for place in self.rulings.variants(each.place))
        return [
            Spot(number, each, place, self.rulings.bench(place.seating), self.rulings.at(place))
            for number, (each, place) in enumerate(pairs)
        ]

    @cached_property
    def benches(self) -> dict[Seating, list[Spot]]:
        """The spots of each team that may sit."""
        found: dict[Seating, list[Spot]] = {}
        for spot in self.spots:
            found.setdefault(spot.place.seating, []).append(spot)
        return found

    def smallest(self, found: Iterable[Found]) -> Counterexample | None:
        """Return the smallest of these as a counterexample, or None where there are none.

        Raises:
            UnconfirmedError: decided again, its votes have other outcomes.
        """
        first = min(found, key=lambda each: each.order, default=None)
        if first is None:
            return None
        findings = () if first.guard is None else (Finding(first.guard, True),)
        name = None if first.guard is None else first.guard.name
        note = say("; ").join(each for each in (first.note, first.spot.reached.how) if each) or None
        return self.confirmed(Counterexample(first.votes, first.outcomes, first.spot.place, note, (), name), findings)

    def confirmed(self, example: Counterexample, findings: Sequence[Finding] = ()) -> Counterexample:
        """Return the counterexample after its votes were decided again.

        Raises:
            UnconfirmedError: they have other outcomes.
        """
        electorate, place = self.rulings.electorate, example.place
        votes = [vote_at(electorate, casts, place) for casts in example.votes]
        again = tuple(self.rulings.decide(self.rulings.policy, vote, findings).final for vote in votes)
        if again != example.outcomes:
            raise UnconfirmedError(f"decided again, {example.votes} at {place} give {again}, not {example.outcomes}")
        return example
