"""The places that runs reach, found by simulating rounds vote by vote from the first.

A run is at a place: its round, the rounds in a row before it with a block, who has joined and left, and
`max_rounds` as it is.
From each place every vote is cast, and what the run does leads to the next. Two histories that meet in a place have
one future, so each place is visited once.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from itertools import product
from typing import Any

from tests.oracle.deciding import (
    Decision,
    Moves,
    ballots,
    capped,
    decide_values,
    next_place,
    values_of_place,
    values_of_vote,
)
from tests.oracle.guarding import Capping, Limit
from tests.oracle.tables import Ballot, Place, Table, Team, Told

Votes = dict[tuple[Ballot, Told], Decision]
"""What each vote, with what is told beside it, gives in one place."""

Cast = tuple[tuple[Ballot, Told], dict[str, Any], tuple[str, ...]]
"""A vote and what is told beside it, the values of both, and those of them that a row reads."""

MOST_QUESTIONS = 10
SURE = (0.0, 0.5, 1.0)
"""The confidences for which a proof speaks, each that of all roles."""


Move = tuple[bool, Moves, str]
"""Whether a vote blocks, who joins and leaves by it, and what becomes of the run."""


class Simulation:
    """A team under a table: what every vote gives at a place, and which places there are."""

    def __init__(
        self,
        table: Table,
        team: Team,
        raised_to: int | None = None,
        guards: tuple[Limit, ...] = (),
        capping: Capping = capped,
    ) -> None:
        """Take the highest `max_rounds` that resumes may set; None: no run is resumed."""
        self.table, self.team, self.guards, self.capping = table, team, guards, capping
        self.raised_to = raised_to if raised_to is not None else team.max_rounds
        self.reads = table.reads
        self.questions = range(MOST_QUESTIONS + 1 if "open_questions" in self.reads else 1)
        self.confidences = SURE if table.trusts_confidence else (1.0,)
        self._casts: dict[Any, list[Cast]] = {}
        self._votes: dict[Any, Votes] = {}
        self._moves: dict[Any, frozenset[Move]] = {}
        self._decided: dict[Any, Decision] = {}

    @property
    def start(self) -> Place:
        return Place(1, 0, frozenset(), self.team.max_rounds)

    def tolds(self, place: Place) -> list[Told]:
        """Everything that may be told beside a vote, and that some row may read.

        A role carries a flag or does not, and who has not spoken before has not moved.
        """
        most = len(self.team.seats(place))
        ungrounded = range(most + 1 if "ungrounded" in self.reads else 1)
        moved = range(most + 1 if "moved" in self.reads and place.round > 1 else 1)
        return [Told(*each) for each in product(self.questions, self.confidences, ungrounded, moved)]

    def as_read(self, told: Told) -> Told:
        """Return what is told without what no row reads; more questions than are tried are like the most."""
        return Told(
            min(told.open_questions, self.questions[-1]),
            told.confidence if len(self.confidences) > 1 else 1.0,
            told.ungrounded if "ungrounded" in self.reads else 0,
            told.moved if "moved" in self.reads else 0,
        )

    def votes(self, place: Place) -> Votes:
        """Return what every vote gives there, worked out once for places that no row can tell apart."""
        known = self.as_rows_see(place)
        if known not in self._votes:
            self._votes[known] = dict(self._decide_all(place))
        return self._votes[known]

    def as_rows_see(self, place: Place) -> tuple[Any, ...]:
        """Return what of the place a row reads, and what else the run looks at."""
        return (
            (place.joined, place.left),
            place.is_last,
            place.round if "round" in self.reads else None,
            place.max_rounds - place.round if "rounds_left" in self.reads else None,
            place.blocked if "block_streak" in self.reads else None,
            place.round > 1 if "moved" in self.reads else None,
        )

    def _decide_all(self, place: Place) -> Iterator[tuple[tuple[Ballot, Told], Decision]]:
        """Decide each vote, once for equal values of what the rows read."""
        for vote, values, seen in self.values(place):
            if seen not in self._decided:
                self._decided[seen] = decide_values(self.table, self.team, place, values)
            yield vote, self._decided[seen]

    def values(self, place: Place) -> Iterator[tuple[tuple[Ballot, Told], dict[str, Any], tuple[Any, ...]]]:
        """Yield each vote with all its values, and with as much of them as a decision depends on."""
        for vote, values, seen in self._cast(place):
            now = values_of_place(place, vote[0])
            known = (place.is_last, place.joined, place.left, *seen, *(now[name] for name in now if name in self.reads))
            yield vote, {**values, **now}, known

    def _cast(self, place: Place) -> list[Cast]:
        """Return every vote of those who sit, with its values and what of them the rows read."""
        seated = (self.team.seats(place), place.round > 1)
        if seated not in self._casts:
            self._casts[seated] = [
                ((ballot, told), values, tuple(str(values[name]) for name in values if name in self.reads))
                for ballot in ballots(self.table, self.team, place)
                for told in self.tolds(place)
                for values in [values_of_vote(self.team, place, ballot, told)]
            ]
        return self._casts[seated]

    def different(self, places: Iterable[Place]) -> list[Place]:
        """Return one of the places for each kind that no row can tell apart, the earliest."""
        earliest_last = sorted(places, key=lambda place: (place.round, place.max_rounds), reverse=True)
        return list({self.as_rows_see(place): place for place in earliest_last}.values())

    @cached_property
    def plain(self) -> frozenset[Place]:
        """The places of runs that are never resumed."""
        return self._reached(self.steps)

    @cached_property
    def resumed(self) -> frozenset[Place]:
        """Those, and where a human, or a raised `max_rounds`, lets a run go on."""
        return self._reached(self.steps_of_resumes)

    def _reached(self, steps: Callable[[Place], Iterator[Place]]) -> frozenset[Place]:
        reached, waiting = {self.start}, [self.start]
        while waiting:
            new = set(steps(waiting.pop())) - reached
            reached |= new
            waiting += new
        return frozenset(reached)

    def moves(self, place: Place) -> frozenset[Move]:
        """Return what the votes of a place can lead to."""
        known = self.as_rows_see(place)
        if known not in self._moves:
            votes = self.votes(place).items()
            self._moves[known] = frozenset(("block" in vote[0], found.moves, found.final) for vote, found in votes)
        return self._moves[known]

    def after(self, place: Place, ballot: Ballot, found: Decision) -> Place:
        """Return the place of the round that this vote opened."""
        return next_place(place, "block" in ballot, found.moves, place.max_rounds)

    def steps(self, place: Place) -> Iterator[Place]:
        """Yield where each vote that opens another round leads."""
        for blocks, moves, final in self.moves(place):
            if final == "next_round":
                yield next_place(place, blocks, moves, place.max_rounds)

    def steps_of_resumes(self, place: Place) -> Iterator[Place]:
        """Yield also what a resume can do.

        It may raise `max_rounds` before a vote is complete; where the rounds ended; or, after the vote went to a human
        who asks for another round, if none was left.
        """
        yield from self.steps(place)
        for max_rounds in range(place.max_rounds + 1, self.raised_to + 1):
            yield replace(place, max_rounds=max_rounds)
        for blocks, moves, final in self.moves(place):
            if final in ("escalate", "max_rounds_reached"):
                for max_rounds in range(max(place.round + 1, place.max_rounds), self.raised_to + 1):
                    yield next_place(place, blocks, moves, max_rounds)
