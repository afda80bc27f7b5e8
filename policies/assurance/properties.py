"""The properties of a policy, each as the search for the votes that break it, the smallest first."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from policies.assurance.ballots import (
    MAX_RULINGS,
    Ballot,
    Ballots,
    Counts,
    Place,
    Team,
    TooManyVotesError,
    departures,
    moved,
    totals,
)
from policies.conditions import Fault
from policies.guards import Finding, Guard
from policies.outcome import Ruling, decide
from policies.table import Outcome, Policy, Property, Report, row_holds
from policies.vote import Cast, Variables, Vote

Decide = Callable[[Policy, Vote, Sequence[Finding]], Ruling]

RANKS: Mapping[Outcome, int] = {"no_go": 0, "next_round": 1, "escalate": 1, "go_with_caution": 2, "go": 3}
"""How permissive an outcome is; what is undecided stands between a no and a conditional yes."""

GO, CAUTION, BLOCK, ABSENT = range(4)
MORE_CAUTIOUS = ((GO, CAUTION), (GO, BLOCK), (CAUTION, BLOCK))


@dataclass(frozen=True)
class Counterexample:
    """Votes that break a property, the smallest there are: at which round, after how many blocked ones, with what."""

    votes: tuple[Mapping[str, Cast], ...]
    outcomes: tuple[str, ...]
    round: int
    rounds_blocked: int = 0
    note: str | None = None


@dataclass(frozen=True)
class Table:
    """The rulings of every kind of vote at every place."""

    ballots: Ballots
    decide: Decide = decide
    kinds: tuple[Ballot, ...] = ()
    places: tuple[Place, ...] = ()
    first_rounds: tuple[int, ...] = (1,)
    """The rounds from which the team may be as it is: later ones where a role joined."""
    joining: tuple[str, ...] = ()
    """The roles that may join; from then on it is the grown team's table that counts."""

    @cached_property
    def rulings(self) -> dict[Ballot, tuple[Ruling, ...]]:
        """The rulings of each ballot, one a place."""
        policy, votes = self.ballots.policy, self.ballots.votes_at
        return {
            ballot: tuple(self.decide(policy, vote, ()) for vote in votes(ballot, self.places)) for ballot in self.kinds
        }

    def each(self) -> Iterator[tuple[Place, Ballot, Ruling]]:
        """Yield every ruling, the ballots nearest to a unanimous go first, each at the earliest place first."""
        for ballot, rulings in self.rulings.items():
            for place, ruling in zip(self.places, rulings, strict=True):
                yield place, ballot, ruling

    def ruling(self, ballot: Ballot, place: Place) -> Ruling:
        """Return the ruling of one ballot at one place."""
        return self.rulings[ballot][self.places.index(place)]

    def example(self, place: Place, *ballots: Ballot, note: str | None = None) -> Counterexample:
        """Return the counterexample of these ballots at a place, the second one being the first with a role moved."""
        votes = [self.ballots.vote(ballot, place).casts for ballot in ballots]
        outcomes = tuple(self.ruling(ballot, place).final for ballot in ballots)
        return Counterexample(tuple(votes), outcomes, place.round, place.rounds_blocked, note)


def build_table(policy: Policy, team: Team, decide: Decide = decide) -> Table:
    """Return the rulings of a team under a policy; `decide` is what is proved.

    Raises:
        TooManyVotesError: the team casts more kinds of votes than a proof goes through.
    """
    ballots = Ballots(policy, team)
    kinds, places = ballots.kinds(), ballots.places()
    if len(kinds) * len(places) > MAX_RULINGS:
        raise TooManyVotesError(
            f"{len(kinds)} kinds of votes at {len(places)} places of a run are more than {MAX_RULINGS}; "
            "allow fewer rounds, or read fewer variables in the rules"
        )
    return Table(ballots, decide, tuple(sorted(kinds, key=departures)), tuple(places))


def _total(table: Table, _: Sequence[Guard]) -> Iterator[Counterexample]:
    for place, ballot, ruling in table.each():
        if ruling.fault:
            yield table.example(place, ballot, note=ruling.fault)


def _monotone(table: Table, _: Sequence[Guard]) -> Iterator[Counterexample]:
    return _rising(table, MORE_CAUTIOUS)


def _absence_never_helps(table: Table, _: Sequence[Guard]) -> Iterator[Counterexample]:
    return _rising(table, ((GO, ABSENT),) if table.ballots.casts == 4 else ())


def _rising(table: Table, moves: Sequence[tuple[int, int]]) -> Iterator[Counterexample]:
    """Yield the pairs of votes, one role moved, whose second is more permissive."""
    ranks = {ballot: [RANKS[ruling.final] for ruling in rulings] for ballot, rulings in table.rulings.items()}
    for ballot, before in ranks.items():
        for source, target in moves:
            for after in moved(ballot, source, target):
                if ranks[after] != before:
                    yield from _more_permissive(table, ballot, after, before, ranks[after])


def _more_permissive(
    table: Table, ballot: Ballot, after: Ballot, before: list[int], behind: list[int]
) -> Iterator[Counterexample]:
    for place, first, second in zip(table.places, before, behind, strict=True):
        if second > first:
            yield table.example(place, ballot, after)


def _guards_bind(table: Table, guards: Sequence[Guard]) -> Iterator[Counterexample]:
    policy, vote = table.ballots.policy, table.ballots.vote
    for guard in _strictest(guards):
        held = (Finding(guard, True),)
        for ballot in table.kinds:
            for place in table.places:
                final = table.decide(policy, vote(ballot, place), held).final
                if RANKS[final] > RANKS[guard.cap]:
                    note = f"the guard {guard.name!r} is tripped and allows at most {guard.cap}"
                    yield Counterexample(
                        (vote(ballot, place).casts,), (final,), place.round, place.rounds_blocked, note
                    )


def _strictest(guards: Sequence[Guard]) -> list[Guard]:
    """Return one guard for each cap there is: caps are all that guards differ in here."""
    return list({guard.cap: guard for guard in reversed(guards)}.values())


def _veto_honoured(table: Table, _: Sequence[Guard]) -> Iterator[Counterexample]:
    vetoers = [index for index, roles in enumerate(table.ballots.classes) if roles[0] in table.ballots.team.vetoers]
    for place, ballot, ruling in table.each():
        if ruling.final in ("go", "go_with_caution") and any(ballot[index][BLOCK] for index in vetoers):
            yield table.example(place, ballot)


def _resolves(table: Table, _: Sequence[Guard]) -> Iterator[Counterexample]:
    team = table.ballots.team
    needed = len(team.roles) * team.max_rounds
    if needed > team.max_messages:
        spoken = f"{len(team.roles)} roles in {team.max_rounds} rounds"
        note = f"{spoken} need {needed} messages, allowed are {team.max_messages}"
        yield Counterexample((), (), team.max_rounds, note=note)
    for ballot in table.kinds:
        for first in table.first_rounds:
            yield from _lasting(table, ballot, range(first, team.max_rounds + 1))


def _lasting(table: Table, ballot: Ballot, rounds: range) -> Iterator[Counterexample]:
    """Yield the ballot where it stays open through these rounds, and nobody joins to change the team."""
    for met in zip(*(_met(table, ballot, number) for number in rounds), strict=True):
        rulings = [table.ruling(ballot, place) for place in met]
        joins = any(ruling.convene in table.joining for ruling in rulings[:-1])
        if not joins and all(ruling.final == "next_round" for ruling in rulings):
            yield table.example(met[-1], ballot, note=f"repeated in {len(rounds)} rounds")


def joined_from(table: Table) -> tuple[int, ...]:
    """Return the rounds from which a role that some ruling convenes may speak."""
    rounds = range(1, table.ballots.team.max_rounds)
    return tuple(number + 1 for number in rounds if any(_convenes(table, ballot, number) for ballot in table.kinds))


def _convenes(table: Table, ballot: Ballot, number: int) -> bool:
    return any(table.ruling(ballot, place).convene in table.joining for place in _met_anyhow(table, ballot, number))


def _met_anyhow(table: Table, ballot: Ballot, number: int) -> list[Place]:
    """Return the places of a ballot in a round, whatever was cast before it."""
    at = {table.ballots.place_of(number, blocked) for blocked in range(number)}
    return [place for place in table.places if (place.round, place.rounds_blocked) in at]


def _met(table: Table, ballot: Ballot, number: int) -> list[Place]:
    """Return the places of a ballot that was cast in every round before, too: one by what else is tried."""
    at = table.ballots.place_of(number, number - 1 if totals(ballot)[BLOCK] else 0)
    return [place for place in table.places if (place.round, place.rounds_blocked) == at]


PROPERTIES: Mapping[Property, Callable[[Table, Sequence[Guard]], Iterator[Counterexample]]] = {
    "total": _total,
    "monotone": _monotone,
    "absence_never_helps": _absence_never_helps,
    "guards_bind": _guards_bind,
    "veto_honoured": _veto_honoured,
    "resolves": _resolves,
}


def _overlaps(table: Table, _: Table | None) -> Iterator[Counterexample]:
    rows = table.ballots.policy.rules
    for ballot in table.kinds:
        for place in table.places:
            variables = Variables(table.ballots.vote(ballot, place))
            answers = [row_holds(row, variables) for row in rows]
            holding = [index for index, answer in enumerate(answers) if answer is True]
            if not any(isinstance(answer, Fault) for answer in answers) and len({rows[i].then for i in holding}) > 1:
                also = next(index for index in holding if rows[index].then != rows[holding[0]].then)
                yield table.example(place, ballot, note=f"row {holding[0] + 1} decides, row {also + 1} holds too")


def _idle_rows(table: Table, grown: Table | None) -> Iterator[Counterexample]:
    firing = {ruling.row for each in (table, grown) if each for _, _, ruling in each.each()}
    for index, row in enumerate(table.ballots.policy.rules):
        if index not in firing:
            yield Counterexample((), (), 1, note=f"row {index + 1} `{row.when}` never decides")


def _asymmetry(table: Table, _: Table | None) -> Iterator[Counterexample]:
    seen: dict[Counts, tuple[Ballot, list[Outcome]]] = {}
    for ballot, rulings in table.rulings.items():
        finals = [ruling.final for ruling in rulings]
        first, expected = seen.setdefault(totals(ballot), (ballot, finals))
        for place, one, other in zip(table.places, expected, finals, strict=True):
            if one != other:
                yield table.example(place, first, ballot)


REPORTS: Mapping[Report, Callable[[Table, Table | None], Iterator[Counterexample]]] = {
    "overlaps": _overlaps,
    "idle_rows": _idle_rows,
    "asymmetry": _asymmetry,
}
