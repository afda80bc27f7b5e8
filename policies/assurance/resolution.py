"""Resolution: whether a run reaches a decision or a human before its rounds and its messages are used up."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from policies.assurance.ballots import CASTS, departures
from policies.assurance.electorate import AS_IT_BEGINS, Place, Seating
from policies.assurance.places import Casts, Counterexample, Places
from policies.assurance.properties import Search
from policies.decision.guards import Guard
from policies.decision.outcome import Ruling
from policies.decision.table import Report
from policies.decision.vote import Cast
from policies.language import say, say_count


def find_lasting(places: Places, _: Sequence[Guard]) -> Counterexample | None:
    """Return a vote that stays open although every role keeps its stance to the last round, or the missing messages.

    Each role has one stance, or is absent, in every round; so has each that joins. Questions may be open or not.
    """
    needed, allowed = seats_of(places), places.rulings.electorate.max_messages
    if needed > allowed:
        return _short(
            places,
            say(
                "{they_need} {needed} messages, allowed are {allowed}",
                they_need=_need(places),
                needed=needed,
                allowed=allowed,
            ),
        )
    found = [each for confidence in places.rulings.lens.confidences for each in _Repeated(places, confidence).find()]
    first = min(found, key=lambda each: each[0], default=None)
    return None if first is None else places.confirmed(first[1])


def find_open_history(places: Places, _: Sequence[Guard]) -> Counterexample | None:
    """Return votes, changing from round to round, after which the last round ends in neither a decision nor a human."""
    own, rulings = places.rulings.electorate.max_rounds, places.rulings
    found = []
    for node in places.rounds[own - 1] if len(places.rounds) == own else ():
        bench = rulings.bench(node.place.seating)
        for variant in rulings.variants(node.place):
            open_ones = (number for number, ruling in enumerate(rulings.at(variant)) if ruling.final == "next_round")
            found += [(departures(bench.kinds[number]), number, variant, node) for number in [*open_ones][:1]]
    if not found:
        return None
    _away, number, place, node = min(found, key=lambda each: each[0])
    casts = rulings.bench(place.seating).casts[number]
    note = None if own == 1 else say("after the votes of the rounds before")
    return places.confirmed(Counterexample((casts,), ("next_round",), place, note, tuple(node.votes(rulings))))


def find_repairs_too_many(places: Places, _: Sequence[Guard]) -> Counterexample | None:
    """Return the messages that a run lacks where every seat is asked again as often as it may be, or None."""
    electorate = places.rulings.electorate
    needed = seats_of(places) * (1 + electorate.max_repairs)
    if needed <= electorate.max_messages:
        return None
    again = say("once") if electorate.max_repairs == 1 else say("{count} times", count=electorate.max_repairs)
    told = say(
        "{they_need} {needed} messages where each is asked again {again}, allowed are {allowed}",
        they_need=_need(places),
        needed=needed,
        again=again,
        allowed=electorate.max_messages,
    )
    return _short(places, told)


def seats_of(places: Places) -> int:
    """Return the most seats that a run can need: in each round the largest team that may sit then."""
    electorate, largest, seats = places.rulings.electorate, 0, int(places.rulings.electorate.is_vote)
    for number in range(electorate.max_rounds):
        if number < len(places.rounds):
            largest = max(len(electorate.seated(node.place.seating)) for node in places.rounds[number])
        seats += largest
    return seats


def _need(places: Places) -> str:
    electorate = places.rulings.electorate
    rounds = say_count("{number} round", "{number} rounds", electorate.max_rounds)
    reached = [node.place for layer in places.rounds for node in layer]
    joined = dict.fromkeys(role for place in reached for role in place.joined)
    left = dict.fromkeys(role for place in reached for role in place.released)
    roles = say_count("{number} role", "{number} roles", len(electorate.roles))
    with_them = say(", and {roles} once joined,", roles=say(" and ").join(joined)) if joined else ""
    without = say(", {roles} until released,", roles=say(" and ").join(left)) if left else ""
    changed = f"{with_them}{without}"
    if electorate.is_vote:
        return say("{roles} in {rounds}{changed} and a proposal need", roles=roles, rounds=rounds, changed=changed)
    return say("{roles} in {rounds}{changed} need", roles=roles, rounds=rounds, changed=changed)


def _short(places: Places, note: str) -> Counterexample:
    own = places.rulings.electorate.max_rounds
    return Counterexample((), (), Place(own, max_rounds=own), note)


@dataclass(frozen=True)
class _Kept:
    """What every role that sits casts in each round, and the round since which each round before had a block.

    `away` is what those cast who left and may come again, and will cast then.
    """

    casts: Casts
    since: int | None
    away: tuple[tuple[str, Cast], ...] = ()

    def blocked_before(self, number: int) -> int:
        """Return the rounds in a row right before this one that had a block."""
        return 0 if self.since is None else number - self.since


Standing = tuple[Seating, int, tuple[tuple[str, Cast], ...]]
"""How the team sits, the rounds blocked before as far as rows tell them apart, and what those cast who are away."""

Open = Mapping[Standing, Mapping[int, _Kept]]
"""The votes that are still open, by the number of their kind, in groups for which a ruling is the same."""


@dataclass(frozen=True)
class _Repeated:
    """Every vote repeated in every round, under one confidence."""

    places: Places
    confidence: float | None

    def find(self) -> Iterator[tuple[tuple[int, ...], Counterexample]]:
        """Yield the votes that are open at the end, each with how far it is from a unanimous go."""
        rulings, own = self.places.rulings, self.places.rulings.electorate.max_rounds
        note = say("repeated in {count} rounds", count=own) if own > 1 else None
        for (seating, *_), group in self._open_in_last().items():
            bench = rulings.bench(seating)
            for number, kept in group.items():
                for place, on_each in self._rulings(own, seating, kept):
                    if on_each[number].final == "next_round":
                        example = Counterexample((kept.casts,), ("next_round",), place, note)
                        yield departures(bench.kinds[number]), example

    def _open_in_last(self) -> Open:
        """Return the votes that are open when the last round begins."""
        lens, own = self.places.rulings.lens, self.places.rulings.electorate.max_rounds
        bench = self.places.rulings.bench(AS_IT_BEGINS)
        begun = {n: _Kept(casts, None) for n, casts in enumerate(bench.casts)}
        now: Open = {(AS_IT_BEGINS, 0, ()): begun}
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
        found: dict[Standing, dict[int, _Kept]] = {}
        level = self.places.rulings.lens.blocked.level
        for (seating, *_), group in now.items():
            on_each = self._rulings(number, seating, next(iter(group.values())))
            for kind, kept in group.items():
                for seats in self._seatings([(place, rulings[kind]) for place, rulings in on_each]):
                    for other, after in self._seated(seating, kind, kept, seats, number + 1):
                        where = (seats, level(after.blocked_before(number + 1)), after.away)
                        found.setdefault(where, {}).setdefault(other, after)
        return found

    def _rulings(self, number: int, seating: Seating, kept: _Kept) -> list[tuple[Place, list[Ruling]]]:
        rulings, (joined, released) = self.places.rulings, seating
        place = Place(number, kept.blocked_before(number), joined, rulings.electorate.max_rounds)
        sure = replace(place, confidence=self.confidence, released=released)
        seats = len(rulings.electorate.seated(seating))
        # Where every stance stays nobody moves, as in a first round.
        variants = [replace(sure, marks=marks) for marks in rulings.lens.marks_at(1, seats)]
        return [(variant, rulings.at(variant)) for variant in variants]

    def _seatings(self, rulings: Iterable[tuple[Place, Ruling]]) -> set[Seating]:
        """Return how the team may sit next; nothing at all where the vote is decided."""
        after = self.places.rulings.seating_after
        return {after(ruling, place) for place, ruling in rulings if ruling.final == "next_round"}

    def _seated(
        self, seating: Seating, kind: int, kept: _Kept, after: Seating, number: int
    ) -> Iterator[tuple[int, _Kept]]:
        """Yield the vote as it is cast in the next round: once for each stance of a role that joins.

        A role that comes again casts what it cast before.
        """
        rulings, ballots = self.places.rulings, self.places.rulings.ballots
        since = (kept.since or number - 1) if rulings.bench(seating).blocked[kind] else None
        if after == seating:
            yield kind, replace(kept, since=since)
            return
        seats = rulings.electorate.seated(after)
        known = {**dict(kept.away), **kept.casts}
        comes = next((role for role in seats if role not in known), None)
        for cast in (None,) if comes is None else CASTS[: ballots.casts]:
            said = known if comes is None or cast is None else {**known, comes: cast}
            casts = {role: said[role] for role in seats}
            away = tuple(
                (role, said[role]) for role in rulings.electorate.joining if role in said and role not in casts
            )
            yield rulings.bench(after).numbers[ballots.of(casts)], _Kept(casts, since, away)


def _kinds(votes: Open) -> dict[Standing, Set[int]]:
    return {standing: group.keys() for standing, group in votes.items()}


RESOLUTION: Mapping[Report, Search] = {"resolves_always": find_open_history, "repairs_fit": find_repairs_too_many}
"""The reports on resolution."""
