"""The properties of a policy that hold at each place alone: each is the search for the smallest votes that break it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, permutations, product

from policies.assurance.ballots import ABSENT, BLOCK, CASTS, CAUTION, GO, Counts, shifted, totals, vote_at
from policies.assurance.places import Casts, Counterexample, Found, Places, Spot
from policies.assurance.rulings import Bench, Move
from policies.conditions.condition import Fault
from policies.decision.guards import Finding, Guard
from policies.decision.outcome import Ruling
from policies.decision.table import PASSING, Outcome, Property, Report, row_holds
from policies.decision.variables import Variables
from policies.language import say

RANKS: Mapping[Outcome, int] = {"no_go": 0, "next_round": 1, "escalate": 1, "go_with_caution": 2, "go": 3}
"""How permissive an outcome is; what is undecided ranks between a no and a conditional yes."""

MORE_CAUTIOUS = ((GO, CAUTION), (GO, BLOCK), (CAUTION, BLOCK))

Search = Callable[[Places, Sequence[Guard]], Counterexample | None]


def _total(places: Places, _: Sequence[Guard]) -> Counterexample | None:
    return places.smallest(_faults(places))


def _faults(places: Places) -> Iterator[Found]:
    for spot in places.spots:
        for number, ruling in enumerate(spot.rulings):
            if ruling.fault:
                yield Found(spot, number, (spot.bench.casts[number],), (ruling.final,), ruling.fault)
                break


def _monotone(places: Places, _: Sequence[Guard]) -> Counterexample | None:
    return places.smallest(_rising(places, MORE_CAUTIOUS))


def _absence_never_helps(places: Places, _: Sequence[Guard]) -> Counterexample | None:
    return places.smallest(_rising(places, ((GO, ABSENT),)) if places.rulings.ballots.casts == 4 else ())


def _rising(places: Places, ways: Sequence[tuple[int, int]]) -> Iterator[Found]:
    """Yield, for each place, the first pair of votes, one role moved, whose second is more permissive."""
    for spots in places.benches.values():
        bench, caught = spots[0].bench, set[int]()
        # What each ballot gives at all places, in one value: most moves change nothing at any of them.
        ranks = [
            bytes(RANKS[ruling.final] for ruling in column) for column in zip(*(s.rulings for s in spots), strict=True)
        ]
        for move in bench.moves(ways):
            before, after = ranks[move.first], ranks[move.second]
            if before != after:
                risen = {index for index, pair in enumerate(zip(before, after, strict=True)) if pair[1] > pair[0]}
                yield from (_pair(spots[index], move) for index in sorted(risen - caught))
                caught |= risen


def _pair(spot: Spot, move: Move) -> Found:
    casts = spot.bench.casts[move.first]
    target = CASTS[move.target]
    role = _voters(spot.bench, casts, move.group, move.source)[-1]
    outcomes = (spot.rulings[move.first].final, spot.rulings[move.second].final)
    return Found(spot, move.first, (casts, {**casts, role: target}), outcomes)


def _voters(bench: Bench, casts: Casts, group: int, cast: int) -> list[str]:
    """Return the roles of a class that cast this."""
    return [role for role in bench.ballots.classes[group] if casts.get(role) == CASTS[cast]]


def _guards_bind(places: Places, guards: Sequence[Guard]) -> Counterexample | None:
    strictest = {guard.cap: guard for guard in reversed(guards)}.values()  # caps are all that guards differ in here
    return places.smallest(each for guard in strictest for each in _beating(places, guard))


def _beating(places: Places, guard: Guard) -> Iterator[Found]:
    rulings, note = (
        places.rulings,
        say("the guard {name} is tripped and allows at most {cap}", name=repr(guard.name), cap=guard.cap),
    )
    for spot in places.spots:
        for number, casts in enumerate(spot.bench.casts):
            vote = vote_at(rulings.electorate, casts, spot.place)
            final = rulings.decide(rulings.policy, vote, (Finding(guard, True),)).final
            if RANKS[final] > RANKS[guard.cap]:
                yield Found(spot, number, (casts,), (final,), note, guard)
                break


def _veto_honoured(places: Places, _: Sequence[Guard]) -> Counterexample | None:
    return places.smallest(_overruled(places))


def _overruled(places: Places) -> Iterator[Found]:
    vetoers = places.rulings.electorate.vetoers
    groups = [index for index, roles in enumerate(places.rulings.ballots.classes) if roles[0] in vetoers]
    for spot in places.spots:
        for number, (ballot, ruling) in enumerate(zip(spot.bench.kinds, spot.rulings, strict=True)):
            if ruling.final in PASSING and any(ballot[index][BLOCK] for index in groups):
                yield Found(
                    spot, number, (spot.bench.casts[number],), (ruling.final,), _blocking(spot, number, vetoers)
                )
                break


def _blocking(spot: Spot, number: int, vetoers: frozenset[str]) -> str:
    blocking = [role for role, cast in spot.bench.casts[number].items() if cast == "block" and role in vetoers]
    return (
        say("{role}, who has a veto, blocks", role=blocking[0])
        if len(blocking) == 1
        else say("{roles}, who have a veto, block", roles=say(" and ").join(blocking))
    )


PROPERTIES: Mapping[Property, Search] = {
    "total": _total,
    "monotone": _monotone,
    "absence_never_helps": _absence_never_helps,
    "guards_bind": _guards_bind,
    "veto_honoured": _veto_honoured,
}


def _overlaps(places: Places, _: Sequence[Guard]) -> Counterexample | None:
    return places.smallest(found for spot in places.spots if (found := _overlap_at(places, spot)))


def _overlap_at(places: Places, spot: Spot) -> Found | None:
    rows = places.rulings.policy.rules
    for number, casts in enumerate(spot.bench.casts):
        variables = Variables(vote_at(places.rulings.electorate, casts, spot.place))
        answers = [row_holds(row, variables) for row in rows]
        holding = [index for index, answer in enumerate(answers) if answer is True]
        thens = {rows[index].then for index in holding}
        if len(thens) > 1 and not any(isinstance(answer, Fault) for answer in answers[: holding[0]]):
            also = next(index for index in holding if rows[index].then != rows[holding[0]].then)
            note = say("row {holding} decides, row {also} holds too", holding=holding[0] + 1, also=also + 1)
            return Found(spot, number, (casts,), (spot.rulings[number].final,), note)
    return None


def _idle_rows(places: Places, _: Sequence[Guard]) -> Counterexample | None:
    firing = {ruling.row for spot in places.spots for ruling in spot.rulings}
    for index, row in enumerate(places.rulings.policy.rules):
        if index not in firing:
            return Counterexample(
                (), (), places.spots[0].place, say("row {index} `{when}` never decides", index=index + 1, when=row.when)
            )
    return None


def _asymmetry(places: Places, _: Sequence[Guard]) -> Counterexample | None:
    return places.smallest(_exchange(spot) for spot in places.spots if _differs(spot))


def _differs(spot: Spot) -> bool:
    """Return whether two votes with the same counts have different outcomes."""
    seen: dict[Counts, str] = {}
    pairs = zip(spot.bench.kinds, spot.rulings, strict=True)
    return any(seen.setdefault(totals(ballot), ruling.final) != ruling.final for ballot, ruling in pairs)


def _exchange(spot: Spot) -> Found:
    """Return the first vote whose outcome changes when two roles exchange their stances; where votes differ, one does.

    From each vote, such exchanges lead to any other with the same counts.
    """
    bench, rulings = spot.bench, spot.rulings
    groups, casts = combinations(range(len(bench.ballots.classes)), 2), permutations(range(bench.ballots.casts), 2)

    def other(number: int, groups: tuple[int, int], casts: tuple[int, int]) -> Ruling:
        moved = shifted(bench.kinds[number], groups[0], *casts)
        return rulings[bench.numbers[shifted(moved, groups[1], *reversed(casts))]]

    def changes(found: tuple[int, tuple[int, int], tuple[int, int]]) -> bool:
        ballot, groups, casts = bench.kinds[found[0]], *found[1:]
        can_exchange = ballot[groups[0]][casts[0]] and ballot[groups[1]][casts[1]]
        return bool(can_exchange) and other(*found).final != rulings[found[0]].final

    first = next(filter(changes, product(range(len(bench.kinds)), groups, casts)))
    return _exchanged(spot, *first, (rulings[first[0]].final, other(*first).final))


def _exchanged(
    spot: Spot, number: int, groups: tuple[int, int], casts: tuple[int, int], outcomes: tuple[str, str]
) -> Found:
    vote = spot.bench.casts[number]
    first, second = (_voters(spot.bench, vote, *each)[-1] for each in zip(groups, casts, strict=True))
    return Found(spot, number, (vote, {**vote, first: vote[second], second: vote[first]}), outcomes)


REPORTS: Mapping[Report, Search] = {
    "overlaps": _overlaps,
    "idle_rows": _idle_rows,
    "asymmetry": _asymmetry,
}
