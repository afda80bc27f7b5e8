"""Resolution: whether a run reaches a decision or a human before its rounds and its messages are used up."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from policies.assurance.ballots import CASTS, Ballot, Place, departures
from policies.assurance.places import Casts, Counterexample, Places
from policies.assurance.properties import Search
from policies.decision.guards import Guard
from policies.decision.outcome import Ruling
from policies.decision.table import Report


def find_lasting(places: Places, _: Sequence[Guard]) -> Counterexample | None:
    """Return a vote that stays open although every role keeps its stance to the last round, or the missing messages.

    Each role has one stance, or is absent, in every round; so has each that joins. Questions may be open or not.
    """
    needed, allowed = seats_of(places), places.rulings.electorate.max_messages
    if needed > allowed:
        return _short(places, f"{_need(places)} {needed} messages, allowed are {allowed}")
    found = [each for confidence in places.rulings.lens.confidences for each in _Repeated(places, confidence).find()]
    first = min(found, key=lambda each: each[0], default=None)
    return None if first is None else places.confirmed(first[1])


def find_open_history(places: Places, _: Sequence[Guard]) -> Counterexample | None:
    """Return votes, changing from round to round, after which the last round ends in neither a decision nor a human."""
    own, rulings = places.rulings.electorate.max_rounds, places.rulings
    found = []
    for node in places.rounds[own - 1] if len(places.rounds) == own else ():
        bench = rulings.bench(node.place.joined)
        for variant in rulings.lens.variants(node.place):
            open_ones = (number for number, ruling in enumerate(rulings.at(variant)) if ruling.final == "next_round")
            found += [(departures(bench.kinds[number]), number, variant, node) for number in [*open_ones][:1]]
    if not found:
        return None
    _away, number, place, node = min(found, key=lambda each: each[0])
    casts = rulings.bench(place.joined).casts[number]
    note = None if own == 1 else "after the votes of the rounds before"
    return places.confirmed(Counterexample((casts,), ("next_round",), place, note, tuple(node.votes(rulings))))


def find_repairs_too_many(places: Places, _: Sequence[Guard]) -> Counterexample | None:
    """Return the messages that a run lacks where every seat is asked again as often as it may be, or None."""
    electorate = places.rulings.electorate
    needed = seats_of(places) * (1 + electorate.max_repairs)
    if needed <= electorate.max_messages:
        return None
    again = "once" if electorate.max_repairs == 1 else f"{electorate.max_repairs} times"
    told = f"{_need(places)} {needed} messages where each is asked again {again}, allowed are {electorate.max_messages}"
    return _short(places, told)


def seats_of(places: Places) -> int:
    """Return the most seats that a run can need: in each round the largest team that may sit then."""
    electorate, largest, seats = places.rulings.electorate, 0, int(places.rulings.electorate.is_vote)
    for number in range(electorate.max_rounds):
        if number < len(places.rounds):
            largest = max(len(electorate.seated(node.place.joined)) for node in places.rounds[number])
        seats += largest
    return seats


def _need(places: Places) -> str:
    electorate = places.rulings.electorate
    rounds = f"{electorate.max_rounds} round{'s' if electorate.max_rounds > 1 else ''}"
    joined = dict.fromkeys(role for layer in places.rounds for node in layer for role in node.place.joined)
    roles = f"{len(electorate.roles)} role{'s' if len(electorate.roles) > 1 else ''}"
    with_them = f", and {' and '.join(joined)} once joined," if joined else ""
    return f"{roles} in {rounds}{with_them}{' and a proposal' if electorate.is_vote else ''} need"


def _short(places: Places, note: str) -> Counterexample:
    own = places.rulings.electorate.max_rounds
    return Counterexample((), (), Place(own, max_rounds=own), note)


@dataclass(frozen=True)
class _Kept:
    """What every role that sits casts in each round, and the round since which one of them blocks."""

    casts: Casts
    since: int | None

    def blocked_before(self, number: int) -> int:
        """Return the rounds in a row right before this one that had a block."""
        return 0 if self.since is None else number - self.since


Seating = tuple[tuple[str, ...], int]
"""Who joined, and the rounds blocked before, as far as rows tell them apart."""

Open = Mapping[Seating, Mapping[int, _Kept]]
"""The votes that are still open, by the number of their kind, in groups for which a ruling is the same."""


@dataclass(frozen=True)
class _Repeated:
    """Every vote repeated in every round, under one confidence."""

    places: Places
    confidence: float | None

    def find(self) -> Iterator[tuple[tuple[int, ...], Counterexample]]:
        """Yield the votes that are open at the end, each with how far it is from a unanimous go."""
        rulings, own = self.places.rulings, self.places.rulings.electorate.max_rounds
        note = f"repeated in {own} rounds" if own > 1 else None
        for (joined, _), group in self._open_in_last().items():
            bench = rulings.bench(joined)
            for number, kept in group.items():
                for place, on_each in self._rulings(own, joined, kept):
                    if on_each[number].final == "next_round":
                        example = Counterexample((kept.casts,), ("next_round",), place, note)
                        yield departures(bench.kinds[number]), example

    def _open_in_last(self) -> Open:
        """Return the votes that are open when the last round begins."""
        lens, own = self.places.rulings.lens, self.places.rulings.electorate.max_rounds
        bench = self.places.rulings.bench(())
        begun = {n: _Kept(casts, 1 if bench.blocked[n] else None) for n, casts in enumerate(bench.casts)}
        now: Open = {((), 0): begun}
        is_settled = False
        for number in range(1, own):
            if is_settled and lens.times(number, own) == lens.times(number - 1, own):
                continue  # nothing changes until rows can tell the round from the one before
            after = self._after(now, number)
            is_settled = _kinds(now) == _kinds(after)
            now = after
        return now

    def _after(self, now: Open, number: int) -> Open:
        """Return the votes that are still open after a round."""
        found: dict[Seating, dict[int, _Kept]] = {}
        level = self.places.rulings.lens.blocked.level
        for (joined, _), group in now.items():
            on_each = [rulings for _, rulings in self._rulings(number, joined, next(iter(group.values())))]
            for kind, kept in group.items():
                for joins in self._joins(joined, [rulings[kind] for rulings in on_each]):
                    for seats, other, after in self._seated(joined, kind, kept, joins, number + 1):
                        where = (seats, level(after.blocked_before(number + 1)))
                        found.setdefault(where, {}).setdefault(other, after)
        return found

    def _rulings(self, number: int, joined: tuple[str, ...], kept: _Kept) -> list[tuple[Place, list[Ruling]]]:
        rulings = self.places.rulings
        place = Place(number, kept.blocked_before(number), joined, rulings.electorate.max_rounds)
        sure = replace(place, confidence=self.confidence)
        variants = [replace(sure, open_questions=questions) for questions in rulings.lens.questions]
        return [(variant, rulings.at(variant)) for variant in variants]

    def _joins(self, joined: tuple[str, ...], rulings: Sequence[Ruling]) -> set[str | None]:
        """Return who may join next, None for nobody; nothing at all where the vote is decided."""
        may_join = self.places.rulings.joins
        return {may_join(each, Place(1, joined=joined)) for each in rulings if each.final == "next_round"}

    def _seated(
        self, joined: tuple[str, ...], kind: int, kept: _Kept, joins: str | None, number: int
    ) -> Iterator[tuple[tuple[str, ...], int, _Kept]]:
        """Yield the vote as it is cast in the next round: once for each stance of a role that joins."""
        if joins is None:
            yield joined, kind, kept
            return
        rulings, ballots = self.places.rulings, self.places.rulings.ballots
        seats = rulings.electorate.seated((*joined, joins))
        grown = seats[len(rulings.electorate.roles) :]
        group = next(index for index, roles in enumerate(ballots.classes) if joins in roles)
        for index in range(ballots.casts):
            ballot = _with(rulings.bench(joined).kinds[kind], group, index)
            casts = {**kept.casts, joins: CASTS[index]}
            since = number if kept.since is None and CASTS[index] == "block" else kept.since
            yield grown, rulings.bench(grown).numbers[ballot], _Kept({role: casts[role] for role in seats}, since)


def _kinds(votes: Open) -> dict[Seating, Set[int]]:
    return {seating: group.keys() for seating, group in votes.items()}


def _with(ballot: Ballot, group: int, cast: int) -> Ballot:
    """Return the ballot with one more role in a class, which casts this."""
    counts = [*ballot[group]]
    counts[cast] += 1
    return (*ballot[:group], (counts[0], counts[1], counts[2], counts[3]), *ballot[group + 1 :])


RESOLUTION: Mapping[Report, Search] = {"resolves_always": find_open_history, "repairs_fit": find_repairs_too_many}
"""The reports on resolution."""
