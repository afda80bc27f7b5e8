"""Whether a run can tell two policies apart: both decide the same votes side by side, for as long as they act alike.

Two runs of the same roles get the same answers, one under each policy. While each vote is answered by the same act
(a decision, who joins and leaves, another round, a human, the end of the rounds, a stop at an absence) both are in the
same round with the same history, and may be resumed alike; only their `max_rounds` may differ.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from tests.oracle.deciding import NOBODY, Decision, Moves, ballots, next_place
from tests.oracle.places import Simulation
from tests.oracle.tables import Ballot, Place, Table, Team, Told

Act = tuple[str, Moves, bool]
"""What becomes of the run, who joins and leaves, and whether a human who asks for more gets it without a raise."""

STOPS: Act = ("stopped", NOBODY, False)
"""What a policy that does not count absences does at one."""


@dataclass(frozen=True)
class Difference:
    """A vote that the two answer differently, where each is then."""

    first: Place
    second: Place
    ballot: Ballot
    told: Told
    acts: tuple[Act, Act]


class Comparison:
    """Two tables, each with a team of the same roles."""

    def __init__(self, first: tuple[Table, Team], second: tuple[Table, Team], raised_to: int) -> None:
        """Take the highest `max_rounds` that resumes may set."""
        bench = tuple(dict.fromkeys((*first[1].bench, *second[1].bench)))
        self.runs = tuple(Simulation(table, replace(team, bench=bench), raised_to) for table, team in (first, second))
        self.raised_to = raised_to
        self.counting = first[0].counts_absences or second[0].counts_absences
        questions = max((run.questions for run in self.runs), key=len)
        confidences = max((run.confidences for run in self.runs), key=len)
        self.told = (questions, confidences)
        self.reads = self.runs[0].reads | self.runs[1].reads

    def tolds(self, place: Place) -> list[Told]:
        """Return everything that may be told beside a vote, and that a row of either may read."""
        most = len(self.runs[0].team.seats(place))
        ungrounded = range(most + 1 if "ungrounded" in self.reads else 1)
        moved = range(most + 1 if "moved" in self.reads and place.round > 1 else 1)
        return [Told(*each) for each in product(*self.told, ungrounded, moved)]

    def differences(self) -> Iterator[Difference]:
        """Yield every vote that is answered differently where both runs were alike until then."""
        start = (self.runs[0].start, self.runs[1].start)
        reached, waiting = {start}, [start]
        while waiting:
            pair = waiting.pop()
            yield from self.differences_at(*pair)
            new = set(self._steps(*pair)) - reached
            reached |= new
            waiting += new

    def can_be_told_apart(self) -> bool:
        """Return whether some run shows a difference."""
        return next(self.differences(), None) is not None

    def differences_at(self, first: Place, second: Place) -> Iterator[Difference]:
        for ballot, told, one, other in self._acts(first, second):
            if one != other:
                yield Difference(first, second, ballot, told, (one, other))

    def _acts(self, first: Place, second: Place) -> Iterator[tuple[Ballot, Told, Act, Act]]:
        table = replace(self.runs[0].table, on_absent="count" if self.counting else "stop")
        for ballot in ballots(table, self.runs[0].team, first):
            for told in self.tolds(first):
                yield ballot, told, self.act(0, first, ballot, told), self.act(1, second, ballot, told)

    def act(self, which: int, place: Place, ballot: Ballot, told: Told) -> Act:
        """Return what a run under one of the policies does at this vote."""
        run = self.runs[which]
        if "absent" in ballot and not run.table.counts_absences:
            return STOPS
        return act_of(place, run.votes(place)[ballot, run.as_read(told)])

    def _steps(self, first: Place, second: Place) -> Iterator[tuple[Place, Place]]:
        """Yield the places after each vote that both answer alike, and after each resume of both."""
        highest = max(first.max_rounds, second.max_rounds)
        for most in range(highest, self.raised_to + 1):
            yield replace(first, max_rounds=most), replace(second, max_rounds=most)
        alike = {("block" in ballot, one) for ballot, _, one, two in self._acts(first, second) if one == two}
        for blocks, (final, moves, again) in alike:
            for most, other in self._budgets(final, again, first, second):
                yield next_place(first, blocks, moves, most), next_place(second, blocks, moves, other)

    def _budgets(self, final: str, again: bool, first: Place, second: Place) -> Iterator[tuple[int, int]]:
        """Yield the `max_rounds` of both with which the next round opens."""
        if final == "next_round" or again:
            yield first.max_rounds, second.max_rounds
        if final in ("escalate", "max_rounds_reached"):
            highest = max(first.max_rounds, second.max_rounds, first.round + 1)
            for most in range(highest, self.raised_to + 1):
                yield most, most


def act_of(place: Place, found: Decision) -> Act:
    """Return what a run does at a decision."""
    return found.final, found.moves, found.final == "escalate" and not place.is_last
