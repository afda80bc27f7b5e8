"""The proof of a policy: every vote of a team, at every place of a run, through the very function that decides."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from policies.assurance.ballots import Counts, Place, Team, size_of, totals
from policies.assurance.properties import (
    PROPERTIES,
    REPORTS,
    Counterexample,
    Decide,
    Table,
    build_table,
    joined_from,
)
from policies.guards import Guard
from policies.outcome import decide
from policies.table import OUTCOMES, Outcome, Policy, Property, Report


@dataclass(frozen=True)
class Check:
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
class Proof:
    """What was shown: properties, reports, the share of votes by outcome in the first and the last round, the cells."""

    policy: str
    roles: tuple[str, ...]
    votes: int
    kinds: int
    places: int
    checks: tuple[Check, ...]
    reports: tuple[Check, ...]
    shares: Mapping[Literal["first", "last"], Mapping[Outcome, int]]
    cells: tuple[Cell, ...]
    caveat: str | None = None

    @property
    def holds(self) -> bool:
        """Whether every property holds or is waived, and every report that the policy requires."""
        return all(check.holds or check.waived for check in self.checks)


def prove(
    policy: Policy, team: Team, joining: Sequence[str] = (), guards: Sequence[Guard] = (), decide: Decide = decide
) -> Proof:
    """Return the proof of a policy for a team, and for the team that its `convene` rows may make of it.

    Every check carries the smallest counterexample: the fewest roles away from a unanimous go, the earliest round.

    Raises:
        TooManyVotesError: the team casts more kinds of votes than a proof goes through.
    """
    table, grown = _tables(policy, team, joining, decide)
    waived = {str(waiver.property): waiver.because for waiver in policy.accept}
    found = [_first_failing(name, table, grown, guards) for name in PROPERTIES]
    checks = [check if check.holds else replace(check, waived=waived.get(str(check.property))) for check in found]
    reports = [Check(name, *_failing(find(table, grown))) for name, find in REPORTS.items()]
    required = [report for report in reports if report.property in policy.require]
    return Proof(
        policy.name,
        team.roles,
        table.ballots.votes,
        len(table.kinds),
        len(table.places),
        (*checks, *required),
        tuple(reports),
        {"first": _shares(table, table.places[0]), "last": _shares(table, _last(table))},
        tuple(_cells(table)),
        _CAVEAT if policy.trust_confidence else None,
    )


_CAVEAT = (
    "This policy trusts self-reported confidence, which carries no signal in recorded councils; "
    "shown only for teams whose roles all report 0, 0.5 or 1."
)


def find_unproved(policy: Policy, team: Team, joining: Sequence[str] = ()) -> list[Check]:
    """Return the properties without which no run starts, total and monotone, that fail and that nobody accepted.

    Raises:
        TooManyVotesError: the team casts more kinds of votes than a proof goes through.
    """
    accepted = {waiver.property for waiver in policy.accept}
    needed = [name for name in _NEEDED if name not in accepted]
    if not needed:
        return []
    table, grown = _tables(policy, team, joining, decide)
    checks = [_first_failing(name, table, grown, ()) for name in needed]
    return [check for check in checks if not check.holds]


def _tables(policy: Policy, team: Team, joining: Sequence[str], decide: Decide) -> tuple[Table, Table | None]:
    """Return the table of the team, and that of the team with everybody who may join, if anybody may."""
    table = replace(build_table(policy, team, decide), joining=tuple(joining))
    if not joining:
        return table, None
    return table, replace(build_table(policy, _grown(team, joining), decide), first_rounds=joined_from(table))


def _grown(team: Team, joining: Sequence[str]) -> Team:
    return Team(
        (*team.roles, *joining), team.min_go_votes, team.max_rounds, team.max_messages, team.weights, team.vetoers
    )


def _first_failing(name: Property, table: Table, grown: Table | None, guards: Sequence[Guard]) -> Check:
    for each in (table, grown) if grown else (table,):
        check = Check(name, *_failing(PROPERTIES[name](each, guards)))
        if not check.holds:
            return check
    return Check(name, True)


def _failing(found: Iterator[Counterexample]) -> tuple[bool, Counterexample | None]:
    example = next(found, None)
    return example is None, example


_NEEDED: tuple[Property, ...] = ("total", "monotone")


def _last(table: Table) -> Place:
    return next(place for place in table.places if place.round == table.ballots.team.max_rounds)


def _shares(table: Table, place: Place) -> Mapping[Outcome, int]:
    counted: Counter[Outcome] = Counter()
    for ballot in table.kinds:
        counted[table.ruling(ballot, place).final] += size_of(ballot)
    return dict(counted)


def _cells(table: Table) -> Iterator[Cell]:
    """Yield the cells by counts, each with every row and outcome that its votes get anywhere in a run."""
    cells: dict[Counts, tuple[set[int | None], set[Outcome]]] = {}
    sizes: Counter[Counts] = Counter()
    for ballot, rulings in table.rulings.items():
        counts = totals(ballot)
        sizes[counts] += size_of(ballot)
        rows, outcomes = cells.setdefault(counts, (set(), set()))
        for ruling in rulings:
            rows.add(ruling.row)
            outcomes.add(ruling.final)
    for counts, (rows, outcomes) in cells.items():
        ordered = sorted(rows, key=lambda row: (row is None, row))
        yield Cell(counts, sizes[counts], tuple(ordered), tuple(sorted(outcomes, key=OUTCOMES.index)))
