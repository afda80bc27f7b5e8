"""The proof of a policy: every vote of a team, at every place of a run, through the very function that decides."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from policies.assurance.ballots import Ballots, Counts, size_of, totals
from policies.assurance.electorate import AS_IT_BEGINS, Electorate, Place
from policies.assurance.places import Counterexample, Places
from policies.assurance.properties import PROPERTIES, REPORTS, Search
from policies.assurance.resolution import RESOLUTION, find_lasting
from policies.assurance.rulings import Decide, Rulings
from policies.decision.guards import Guard
from policies.decision.marks import FIRST_MOVE, MARKS, most_in
from policies.decision.outcome import decide
from policies.decision.table import OUTCOMES, Outcome, Policy, Property, Report
from policies.language import phrase, say


@dataclass(frozen=True)
class PropertyCheck:
    """One property: whether it holds, and if not the smallest counterexample, or the sentence that says why."""

    property: Property | Report
    holds: bool
    counterexample: Counterexample | None = None
    waived: str | None = None
    """Why the policy's owner accepts that it fails."""


@dataclass(frozen=True)
class Cell:
    """One cell of the decision table: counts, how many votes they stand for, and the rows and outcomes they get."""

    counts: Counts
    votes: int
    rows: tuple[int | None, ...]
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True)
class Share:
    """How many votes get each outcome at one place."""

    place: Place
    votes: int
    outcomes: Mapping[Outcome, int]


@dataclass(frozen=True)
class Walked:
    """Where every vote was decided.

    `places` counts those that a run reaches and that rows can tell apart, `resumed` those that it reaches by a resume
    alone. `max_rounds` is looked at as it is and raised up to `raised_to`; no row can tell a higher one apart, unless
    rows calculate with the variables that are `calculated`.
    """

    places: int
    resumed: int
    teams: tuple[tuple[str, ...], ...]
    max_rounds: int
    raised_to: int
    calculated: tuple[str, ...]
    marks: Mapping[str, tuple[int, ...]]
    """For each mark that rows read, the numbers that stand for all."""


@dataclass(frozen=True)
class Proof:
    """What was shown: properties, reports, the share of votes by outcome in the first and the last round, the cells.

    `votes` and `kinds` are those of the team as it begins. No `last` share: no run reaches the last round.
    """

    policy: str
    roles: tuple[str, ...]
    votes: int
    kinds: int
    walked: Walked
    checks: tuple[PropertyCheck, ...]
    reports: tuple[PropertyCheck, ...]
    shares: Mapping[Literal["first", "last"], Share]
    cells: tuple[Cell, ...]
    caveat: str | None = None

    @property
    def holds(self) -> bool:
        """Whether every property holds or is waived, and every report that the policy requires."""
        return all(check.holds or check.waived for check in self.checks)


def prove(policy: Policy, electorate: Electorate, guards: Sequence[Guard] = (), decide: Decide = decide) -> Proof:
    """Return the proof of a policy for a team, and for all the teams that its rows may make of it.

    Every check carries the smallest counterexample: at a place that needs no resume, if there is one, the fewest roles
    away from a unanimous go, in the earliest round.

    Raises:
        TooManyVotesError: the team casts more kinds of votes, or has more rulings, than a proof goes through.
    """
    places = places_of(policy, electorate, decide)
    waived = {str(waiver.property): waiver.because for waiver in policy.accept}
    found = [_check(name, search, places, guards) for name, search in _PROPERTIES.items()]
    checks = [check if check.holds else replace(check, waived=waived.get(str(check.property))) for check in found]
    reports = [_check(name, search, places, guards) for name, search in _REPORTS.items()]
    required = [report for report in reports if report.property in policy.require]
    return Proof(
        policy.name,
        electorate.roles,
        places.rulings.ballots.votes(),
        len(places.rulings.bench(AS_IT_BEGINS).kinds),
        _walked(places),
        (*checks, *required),
        tuple(reports),
        _shares(places),
        tuple(_cells(places)),
        say(_CAVEAT) if policy.trust_confidence else None,
    )


_CAVEAT = phrase(
    "This policy trusts self-reported confidence, which carries no signal in recorded councils; "
    "shown only for teams whose roles all report 0, 0.5 or 1."
)
_PROPERTIES: Mapping[Property, Search] = {**PROPERTIES, "resolves": find_lasting}
_REPORTS: Mapping[Report, Search] = {**REPORTS, **RESOLUTION}
NEEDED: tuple[Property, ...] = ("total", "monotone")
"""Without these no run starts."""
NEEDED_OF_PEOPLE: tuple[Property, ...] = (*NEEDED, "absence_never_helps", "veto_honoured", "resolves")
"""Without these no table decides over people: silence may not help, and somebody has to be heard."""


def places_of(policy: Policy, electorate: Electorate, decide: Decide = decide, raised_to: int = 0) -> Places:
    """Return every place of a run under a policy, to be looked at when it is first asked for."""
    return Places(Rulings(policy, Ballots(policy, electorate), decide), raised_to)


def find_unproved(
    policy: Policy, electorate: Electorate, raised_to: int = 0, needed: Sequence[Property] = NEEDED
) -> list[PropertyCheck]:
    """Return the properties without which no run starts, total and monotone, that fail and that nobody accepted.

    `raised_to` is what a resume raised `max_rounds` to: rows that calculate with rounds are tried that far and further.

    Raises:
        TooManyVotesError: the team casts more kinds of votes, or has more rulings, than a proof goes through.
    """
    accepted = {waiver.property for waiver in policy.accept}
    places = places_of(policy, electorate, decide, raised_to)
    checks = [_check(name, _PROPERTIES[name], places, ()) for name in needed if name not in accepted]
    return [check for check in checks if not check.holds]


def _check(name: Property | Report, search: Search, places: Places, guards: Sequence[Guard]) -> PropertyCheck:
    example = search(places, guards)
    return PropertyCheck(name, example is None, example)


def _walked(places: Places) -> Walked:
    lens, reads = places.rulings.lens, places.rulings.policy.variables
    highest = max(each.place.max_rounds for each in places.reached)
    most = most_in(FIRST_MOVE, max(len(places.rulings.electorate.seated(seating)) for seating in places.benches))
    return Walked(
        len(places.reached),
        sum(each.is_resumed for each in places.reached),
        tuple(map(places.rulings.electorate.seated, places.benches)),
        places.rulings.electorate.max_rounds,
        places.bound if lens.calculated else highest,
        lens.calculated,
        {mark: lens.samples(mark, getattr(most, mark)) for mark in MARKS if mark in reads},
    )


def _shares(places: Places) -> Mapping[Literal["first", "last"], Share]:
    """Return the shares in the first round, and in the last where a run reaches it: the team least changed."""
    first = _share(places, places.rounds[0][0].place)
    if len(places.rounds) < places.rulings.electorate.max_rounds:
        return {"first": first}
    last = min((node.place for node in places.rounds[-1]), key=_changed)
    return {"first": first, "last": _share(places, last)}


def _changed(place: Place) -> tuple[int, int]:
    return len(place.joined) + len(place.released), place.rounds_blocked


def _share(places: Places, place: Place) -> Share:
    variant = places.rulings.variants(place)[0]
    counted: Counter[Outcome] = Counter()
    pairs = zip(places.rulings.bench(place.seating).kinds, places.rulings.at(variant), strict=True)
    for ballot, ruling in pairs:
        counted[ruling.final] += size_of(ballot)
    return Share(variant, places.rulings.ballots.votes(place.seating), dict(counted))


def _cells(places: Places) -> Iterator[Cell]:
    """Yield the cells by counts, each with every row and outcome that its votes get anywhere in a run."""
    cells: dict[Counts, tuple[set[int | None], set[Outcome]]] = {}
    sizes: Counter[Counts] = Counter()
    for spots in places.benches.values():
        for number, ballot in enumerate(spots[0].bench.kinds):
            counts = totals(ballot)
            sizes[counts] += size_of(ballot)
            rows, outcomes = cells.setdefault(counts, (set(), set()))
            rows.update(spot.rulings[number].row for spot in spots)
            outcomes.update(spot.rulings[number].final for spot in spots)
    for counts, (rows, outcomes) in cells.items():
        ordered = sorted(rows, key=lambda row: (row is None, row))
        yield Cell(counts, sizes[counts], tuple(ordered), tuple(sorted(outcomes, key=OUTCOMES.index)))
