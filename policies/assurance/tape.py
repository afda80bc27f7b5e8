"""The tape: a past run as it was asked, answered, decided, stopped and resumed, worked out from its events alone.

It holds what counts: where changes were accepted, what came after them, and where the run was by then.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from policies.contracts.answers import Accepted, Refusal
from policies.decision.marks import UNMARKED, Marks
from policies.decision.stability import Sample
from policies.decision.table import Outcome
from policies.decision.vote import Cast
from policies.people.question import Word
from policies.run.budgets import Spent
from policies.run.seats import Failure, Reply, Reseating
from policies.team.team import Budget

Plain = dict[str, Any]


Asked = Literal["decide", "sign_off", "contribute"]
"""What people are asked for, once a run has its facts."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Seats that were asked at once, in order, and what each gave: None where the work was cut off before it did.

    `limits` is the budget that was in force; the seats in `offering` sent messages to others with their answers.
    `heard` says that messages from outside came with the round. One that `is_late` holds what people answered to the
    one before, after something else happened.
    """

    round: int
    replies: Mapping[str, Reply | None]
    limits: Budget = field(default_factory=Budget)
    offering: frozenset[str] = frozenset()
    heard: bool = False
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class RoundEnd:
    """A round that was finished: what its seats cast, what the policy of then made of it, and its marks."""

    round: int
    casts: Mapping[str, Cast]
    final: Outcome
    marks: Marks = UNMARKED
    convene: str | None = None
    release: str | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Where the run stopped, or where it was cut off: then there is no reason.

    `limits` is the budget that was in force, `resumed` the one with which somebody resumed it (None: nobody did), and
    `max_repairs` what the team allowed from then on. Its phase is `human` where the run waited for people meanwhile.
    """

    reason: str | None
    phase: str | None = None
    limits: Budget = field(default_factory=Budget)
    resumed: Budget | None = None
    max_repairs: int = 1


@dataclass(frozen=True, slots=True)
class Ruled:
    """What people gave who were asked: a decision, `again` or `stop`; or what their silence gave."""

    kind: Asked
    ruled: Word
    round: int = 0
    limits: Budget = field(default_factory=Budget)
    """The limits in force when they did."""
    noted: bool = False
    """Whether somebody asked for another round, whose reason the team read in it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A check of a decision: how many samples it asked for, and those that were completed, by their numbers."""

    round: int
    samples: int
    completed: Mapping[int, Sample]
    limits: Budget = field(default_factory=Budget)


TapeStep = Exchange | RoundEnd | Pause | Ruled | Checked


@dataclass(frozen=True, slots=True)
class Start:
    """Where the tape begins: a round that is open has no outcome; round 0 is before the first.

    `changes` are those of rows before, `rounds_blocked` counts the rounds in a row that had a block, and `stances` has
    the last one of each role that spoke in rounds.
    """

    limits: Budget = field(default_factory=Budget)
    round: int = 0
    outcome: Outcome | None = None
    spent: Spent = field(default_factory=Spent)
    rounds_blocked: int = 0
    changes: tuple[Reseating, ...] = ()
    max_repairs: int = 1
    stances: Mapping[str, Cast] = field(default_factory=dict)

    @property
    def first(self) -> int:
        """The round that is asked first: the one that was open, or the next."""
        return self.round if self.round and self.outcome is None else self.round + 1


@dataclass(frozen=True, slots=True)
class Tape:
    """What happened to a run, in order."""

    start: Start = field(default_factory=Start)
    steps: tuple[TapeStep, ...] = ()

    def is_resumed_from(self, place: int) -> bool:
        """Return whether somebody resumed the run at that step or later."""
        return any(isinstance(step, Pause) and step.resumed is not None for step in self.steps[place:])

    def end_of(self, number: int) -> tuple[int, RoundEnd] | None:
        """Return the end of a round and its place, or None where the round was not finished."""
        ends = ((at, step) for at, step in enumerate(self.steps) if isinstance(step, RoundEnd))
        return next(((at, step) for at, step in ends if step.round == number), None)

    def changes_before(self, number: int) -> tuple[Reseating, ...]:
        """Return whom rows convened and released before a round."""
        ends = (step for step in self.steps if isinstance(step, RoundEnd) and step.round < number)
        return (*self.start.changes, *(Reseating(step.convene, step.release) for step in ends))

    def stances_before(self, number: int) -> dict[str, Cast]:
        """Return the last stance of each role in the rounds before one, those before the start included."""
        ends = (step for step in self.steps if isinstance(step, RoundEnd) and step.round < number)
        later = {role: cast for end in ends for role, cast in end.casts.items() if cast != "absent"}
        return {**self.start.stances, **later}

    def after_people(self, place: int) -> int | None:
        """Return the place behind people who let the team talk again at a place, and what was done until they did.

        None where they did not. A round that followed on a decision, which was not signed, was asked in other words; so
        was one that somebody gave a reason for.
        """
        ahead = ((at, step) for at, step in enumerate(self.steps[place:], place + 1) if not isinstance(step, Pause))
        after, step = next(ahead, (None, None))
        is_silent = isinstance(step, Ruled) and (step.kind, step.ruled, step.noted) == ("decide", "again", False)
        return after if is_silent else None

    def was_silent(self, number: int) -> bool:
        """Return whether somebody who was to fill a seat of a round did not do so in time."""
        ruled = (step for step in self.steps if isinstance(step, Ruled))
        return any(step.round == number and step.kind == "contribute" for step in ruled)

    def exchanges(self, number: int) -> list[Exchange]:
        """Return the exchanges of a round, in order."""
        return [step for step in self.steps if isinstance(step, Exchange) and step.round == number]

    def offering(self, number: int) -> frozenset[str]:
        """Return the seats that sent messages with their answers in a round."""
        return frozenset(seat for step in self.exchanges(number) for seat in step.offering)

    def heard(self, number: int) -> bool:
        """Return whether messages from outside came with a round."""
        return any(step.heard for step in self.exchanges(number))

    def answers(self, number: int, seat: str) -> list[tuple[Reply, Exchange]]:
        """Return what a seat gave in a round, in order, and where."""
        pairs = ((step.replies.get(seat), step) for step in self.exchanges(number))
        return [(reply, step) for reply, step in pairs if reply is not None]


def tape_from(plain: Mapping[str, Any]) -> Tape:
    """Return the tape that plain values hold."""
    start = plain["start"]
    limits = Budget(**start["limits"])
    begun = Start(
        limits,
        start["round"],
        start["outcome"],
        Spent(**start["spent"]),
        start["rounds_blocked"],
        tuple(Reseating(*change) for change in start["changes"]),
        start["max_repairs"],
        start["stances"],
    )
    return Tape(begun, tuple(_steps(plain["steps"], limits)))


def _steps(plain: Sequence[Mapping[str, Any]], limits: Budget) -> Iterator[TapeStep]:
    for each in plain:
        if "asked" in each:
            replies = {seat: _reply(seat, given) for seat, given in each["asked"]}
            offering = frozenset(seat for seat, given in each["asked"] if given and given.get("offers"))
            heard, is_late = each.get("heard", False), each.get("late", False)
            yield Exchange(each["round"], replies, limits, offering, heard, is_late)
        elif "checked" in each:
            yield Checked(each["round"], each["checked"], dict(map(_sample, each["completed"])), limits)
        elif "casts" in each:
            yield RoundEnd(**{**each, "marks": Marks(**each["marks"])})
        elif "ruled" in each:
            yield Ruled(**each, limits=limits)
        else:
            resumed = None if each["resumed"] is None else Budget(**each["resumed"])
            yield Pause(each["stopped"], each["phase"], limits, resumed, each.get("max_repairs", 1))
            limits = resumed or limits


def _sample(plain: Mapping[str, Any]) -> tuple[int, Sample]:
    return plain["number"], Sample(plain["casts"], tuple(plain["confidences"]), Marks(**plain["marks"]))


def _reply(seat: str, plain: Mapping[str, Any] | None) -> Reply | None:
    if plain is None:
        return None
    if "cast" in plain:
        return Accepted(seat, "contribution", {"stance": plain["cast"], "confidence": plain["confidence"]})
    if "output" in plain:
        return Accepted(seat, plain["output"], {})
    if "refused" in plain:
        return Refusal(plain["refused"], None)
    return Failure(plain["failed"], is_own=plain.get("own_limit", False))
