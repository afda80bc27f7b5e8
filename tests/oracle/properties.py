"""What must hold of a table, each property found out by trying every vote at every place that a run reaches.

A property gives its failing cases, so that a counterexample that somebody else prints can be looked up among them, and
seen to be one of the smallest: the fewest roles away from a whole team that says go.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from tests.oracle.deciding import ballots, is_permissive, rank_of
from tests.oracle.expressions import Fault, Values
from tests.oracle.guarding import outcomes_beyond
from tests.oracle.places import Simulation
from tests.oracle.tables import Ballot, Place, Table, Told

MORE_CAUTIOUS = {"go": ("caution", "block"), "caution": ("block",), "block": (), "absent": ()}
ABSENT_INSTEAD = {"go": ("absent",), "caution": (), "block": (), "absent": ()}


Places = Iterable[Place]


@dataclass(frozen=True)
class Case:
    """One or two votes at a place that show a failure, and what they give."""

    seen: tuple[Any, ...]
    """The place as the rows see it."""
    votes: tuple[Ballot, ...]
    outcomes: tuple[str, ...]
    told: Told
    place: Place = field(compare=False)
    """The earliest such place."""

    @property
    def size(self) -> int:
        """How many roles of the first vote do not say go."""
        return sum(said != "go" for said in self.votes[0])


def _case(run: Simulation, place: Place, votes: dict[Ballot, str], told: Told) -> Case:
    return Case(run.as_rows_see(place), tuple(votes), tuple(votes.values()), told, place)


def total(run: Simulation, places: Places) -> Iterator[Case]:
    """Yield each vote that no row decides, or at which a row fails."""
    for place in run.different(places):
        for (ballot, told), found in run.votes(place).items():
            if found.faulty:
                yield _case(run, place, {ballot: found.outcome}, told)


def guards_bind(run: Simulation, places: Places) -> Iterator[Case]:
    """Yield each vote of which a guard that is tripped lets through more than its cap."""
    for place in run.different(places):
        for (ballot, told), found in run.votes(place).items():
            for _, left in outcomes_beyond(found.outcome, run.guards, run.capping):
                yield _case(run, place, {ballot: left}, told)


def veto_honoured(run: Simulation, places: Places) -> Iterator[Case]:
    """Yield each vote with a blocking role that has a veto, and with a go all the same."""
    for place in run.different(places):
        seats = run.team.seats(place)
        for (ballot, told), found in run.votes(place).items():
            vetoed = any(said == "block" and role in run.team.vetoers for role, said in zip(seats, ballot, strict=True))
            if vetoed and is_permissive(found.outcome):
                yield _case(run, place, {ballot: found.outcome}, told)


def monotone(run: Simulation, places: Places) -> Iterator[Case]:
    """Yield each vote that gets a more permissive outcome when one role becomes more cautious."""
    yield from _helped_by(MORE_CAUTIOUS, run, places)


def absence_never_helps(run: Simulation, places: Places) -> Iterator[Case]:
    """Yield each vote that gets a more permissive outcome when one role that says go is absent instead."""
    if run.table.counts_absences:
        yield from _helped_by(ABSENT_INSTEAD, run, places)


def _helped_by(moves: dict[str, tuple[str, ...]], run: Simulation, places: Places) -> Iterator[Case]:
    for place in run.different(places):
        votes = run.votes(place)
        for (ballot, told), before in votes.items():
            for other in _one_role_moved(ballot, moves):
                after = votes[other, told]
                if rank_of(after.outcome) > rank_of(before.outcome):
                    yield _case(run, place, {ballot: before.outcome, other: after.outcome}, told)


def _one_role_moved(ballot: Ballot, moves: dict[str, tuple[str, ...]]) -> Iterator[Ballot]:
    for seat, said in enumerate(ballot):
        for word in moves[said]:
            yield (*ballot[:seat], word, *ballot[seat + 1 :])


def asymmetry(run: Simulation, places: Places) -> Iterator[Case]:
    """Yield each two votes with equal counts at one place that do not give the same outcome."""
    for place in run.different(places):
        alike: dict[Any, list[tuple[Ballot, str]]] = defaultdict(list)
        for (ballot, told), found in run.votes(place).items():
            alike[tuple(sorted(ballot)), told].append((ballot, found.outcome))
        for (_, told), cast in alike.items():
            for (one, gives), (other, gives_too) in product(cast, cast):
                if gives != gives_too:
                    yield _case(run, place, {one: gives, other: gives_too}, told)


def overlaps(run: Simulation, places: Places) -> Iterator[tuple[Case, frozenset[int]]]:
    """Yield each vote at which the row that fires and later ones disagree, with the rows that hold."""
    known: dict[Any, tuple[int, ...]] = {}
    for place in run.different(places):
        for (ballot, told), values, seen in run.values(place):
            if seen not in known:
                known[seen] = tuple(_rows_that_hold(run.table, values))
            said = tuple(run.table.rows[number].then for number in known[seen])
            if len(set(said)) > 1:
                yield (
                    _case(run, place, {ballot: run.votes(place)[ballot, told].outcome}, told),
                    frozenset(known[seen]),
                )


def _rows_that_hold(table: Table, values: Values) -> Iterator[int]:
    """Yield the row that fires and the later ones that hold too; none where a row fails before one fires."""
    fired = False
    for number, row in enumerate(table.rows):
        try:
            holds = row.when.value(values)
        except Fault:
            if not fired:
                return
            continue
        if holds:
            fired = True
            yield number


def idle_rows(run: Simulation, places: Places) -> frozenset[int]:
    """Return the rows that decide no vote."""
    fired = {
        found.row
        for place in run.different(places)
        for found in run.votes(place).values()
        if found.row is not None and not found.faulty
    }
    return frozenset(range(len(run.table.rows))) - fired


def resolves(run: Simulation) -> Iterator[Case]:
    """Yield each vote that all roles repeat, whoever may join included, until the rounds end undecided.

    The case is that of the last round: who sits then, and what they say.
    """
    everybody = Place(1, 0, frozenset(run.team.bench), 1)
    for ballot in ballots(run.table, run.team, everybody):
        said = dict(zip(run.team.seats(everybody), ballot, strict=True))
        for place, last, told in repeated(run, said):
            yield _case(run, place, {last: "max_rounds_reached"}, told)


def repeated(run: Simulation, said: dict[str, str]) -> Iterator[tuple[Place, Ballot, Told]]:
    """Yield where the rounds of a run end undecided in which each role always says the same.

    What roles say is repeated, and how sure they are; how many questions are open, and who
    is ungrounded, may change from round to round. Who says the same has not moved.
    """
    for sure in run.confidences:
        yield from _repeated_so_sure(run, said, sure)


def _repeated_so_sure(run: Simulation, said: dict[str, str], sure: float) -> Iterator[tuple[Place, Ballot, Told]]:
    places = {run.start}
    while places:
        after = set()
        for place in places:
            ballot = tuple(said[role] for role in run.team.seats(place))
            for told in (each for each in run.tolds(place) if each.confidence == sure and not each.moved):
                found = run.votes(place)[ballot, told]
                if found.final == "next_round":
                    after.add(run.after(place, ballot, found))
                elif found.final == "max_rounds_reached":
                    yield place, ballot, told
        places = after


def resolves_always(run: Simulation) -> Iterator[Case]:
    """Yield each last vote of some history, without resumes, after which the rounds end undecided."""
    for place in run.different(run.plain):
        for (ballot, told), found in run.votes(place).items():
            if found.final == "max_rounds_reached":
                yield _case(run, place, {ballot: found.final}, told)


def seats_needed(run: Simulation) -> int:
    """Return roles times rounds: for each round up to `max_rounds`, reached or not, the largest team that may sit."""
    sizes = {place.round: 0 for place in run.plain}
    for place in run.plain:
        sizes[place.round] = max(sizes[place.round], len(run.team.seats(place)))
    return sum(sizes.get(number, sizes[max(sizes)]) for number in range(1, run.team.max_rounds + 1))


def messages_suffice(run: Simulation) -> bool:
    """Whether each seat of each round can be asked once."""
    return seats_needed(run) <= run.team.max_messages


def repairs_fit(run: Simulation) -> bool:
    """Whether each seat of each round can be asked once, and again for each repair."""
    return seats_needed(run) * (1 + run.team.max_repairs) <= run.team.max_messages


Finder = Callable[[Simulation, Places], Iterator[Case]]

FINDERS: dict[str, Finder] = {
    "total": total,
    "monotone": monotone,
    "absence_never_helps": absence_never_helps,
    "guards_bind": guards_bind,
    "veto_honoured": veto_honoured,
    "asymmetry": asymmetry,
    "overlaps": lambda run, places: (case for case, _ in overlaps(run, places)),
}
"""How the failing cases of a property are found at some places."""
