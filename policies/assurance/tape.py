"""The tape: a past run as it was asked, answered, decided, stopped and resumed, worked out from its events alone.

It holds what counts: where changes were accepted, what came after them, and where the run was by then.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from policies.contracts.answers import Accepted, Refusal
from policies.decision.table import DECISIONS, Outcome
from policies.decision.vote import Cast, rounds_blocked
from policies.patterns.course import pattern_named
from policies.patterns.vote import CAST
from policies.people.question import Word
from policies.run.budgets import Spent
from policies.run.seats import Failure, Reply
from policies.run.stop import stop_reason
from policies.team.fields import Stance
from policies.team.team import Budget

Plain = dict[str, Any]
Event = Mapping[str, Any]

BRIEF, PEOPLE = "brief", "people"
"""Who is asked besides the seats of a round."""
ANSWERS = ("accepted", "refused", "failed")


Asked = Literal["decide", "sign_off", "contribute"]
"""What people are asked for, once a run has its facts."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Seats that were asked at once, in order, and what each gave: None where the work was cut off before it did.

    `limits` is the budget that was in force; the seats in `offering` sent messages to others with their answers. One
    that `is_late` holds what people answered to the one before, after something else happened.
    """

    round: int
    replies: Mapping[str, Reply | None]
    limits: Budget = field(default_factory=Budget)
    offering: frozenset[str] = frozenset()
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class RoundEnd:
    """A round that was finished: what its seats cast, what the policy of then made of it, and what was left open."""

    round: int
    casts: Mapping[str, Cast]
    final: Outcome
    open_questions: int = 0
    convene: str | None = None


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


TapeStep = Exchange | RoundEnd | Pause | Ruled


@dataclass(frozen=True, slots=True)
class Start:
    """Where the tape begins: a round that is open has no outcome; round 0 is before the first.

    `called` are the roles that were convened before, `rounds_blocked` the rounds in a row that had a block.
    """

    limits: Budget = field(default_factory=Budget)
    round: int = 0
    outcome: Outcome | None = None
    spent: Spent = field(default_factory=Spent)
    rounds_blocked: int = 0
    called: tuple[str | None, ...] = ()
    max_repairs: int = 1

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

    def called_before(self, number: int) -> tuple[str | None, ...]:
        """Return the roles that were convened before a round."""
        ends = (step for step in self.steps if isinstance(step, RoundEnd) and step.round < number)
        return (*self.start.called, *(step.convene for step in ends))

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

    def answers(self, number: int, seat: str) -> list[tuple[Reply, Exchange]]:
        """Return what a seat gave in a round, in order, and where."""
        pairs = ((step.replies.get(seat), step) for step in self.exchanges(number))
        return [(reply, step) for reply, step in pairs if reply is not None]


# --- from events to plain values -------------------------------------------------------------------------------------


def taped(events: Sequence[Event]) -> Plain:
    """Return the tape of a record as plain values: {start, steps}.

    >>> taped([{"event": "admitted", "pattern": "rounds", "limits": {}, "max_repairs": 1}])["steps"]
    []
    """
    moves = [place for place, event in enumerate(events) if event.get("moved")]
    begun = moves[-1] if moves else 0
    steps = _Taping()
    for event in events[begun + 1 :]:
        steps.take(event)
    return {"start": _start(events[:begun], events[begun:]), "steps": steps.taken}


@dataclass(slots=True)
class _Taping:
    """The steps of the events taken so far."""

    taken: list[Plain] = field(default_factory=list)
    last: str = ""
    waits: bool = False
    """Whether the run waits for people."""

    def take(self, event: Event) -> None:
        """Take the next event; those that say nothing of how the run went leave no step."""
        kind = event["event"]
        if event.get("role") == PEOPLE:
            self._heed(event)
        elif event.get("role") != BRIEF:
            self._note(event)
            self.last = kind

    def _note(self, event: Event) -> None:
        kind = event["event"]
        if kind == "asked":
            self._ask(event)
        elif kind in ANSWERS:
            self._answer(event)
        elif kind == "outcome":
            self.taken.append({key: event[key] for key in ("round", "casts", "final", "open_questions", "convene")})
        elif kind == "finished" and event["stop_reason"] != stop_reason("success"):
            self.taken.append({"stopped": event["stop_reason"], "phase": event["phase"], "resumed": None})
        elif kind == "resumed":
            self._resume(event)
        elif kind == "recovered":
            self._set_back(event["set_back"])

    def _heed(self, event: Event) -> None:
        """Take an event of people; facts are there from the beginning."""
        kind = event["event"]
        if event.get("kind") == "supply":
            return
        if kind == "asked":
            self.waits = True
        elif kind == "ruled":
            self.waits, self.last = event["kind"] == "contribute", kind
            self.taken.append({"ruled": event["outcome"], "kind": event["kind"], "round": event["round"]})

    def _ask(self, event: Event) -> None:
        """Add the seat to those asked at once: convene writes them one after the other, each once."""
        seat = seat_of(event)
        self.waits = "question" in event
        if self.last != "asked" or seat in (pair[0] for pair in self.taken[-1]["asked"]):
            self.taken.append({"round": event["round"], "asked": []})
        self.taken[-1]["asked"].append([seat, None])

    def _answer(self, event: Event) -> None:
        """Add an answer to whoever was asked; apart from the asking where something else happened meanwhile."""
        self.waits = False
        if "asked" not in self.taken[-1]:
            self.taken.append({"round": event["round"], "asked": [], "late": True})
        asked = self.taken[-1]["asked"]
        if self.taken[-1].get("late"):
            asked.append([seat_of(event), None])
        next(pair for pair in asked if pair[0] == seat_of(event))[1] = _plain_reply(event)

    def _set_back(self, seats: Sequence[str]) -> None:
        """Leave out the seats that were not asked again when the run was brought back: as if they never were."""
        if seats:
            asked = self.taken.pop()
            left = [pair for pair in asked["asked"] if pair[0] not in seats]
            self.taken += [{**asked, "asked": left}] if left else []

    def _resume(self, event: Event) -> None:
        if event["after"] is None:
            self.taken.append({"stopped": None, "phase": "human" if self.waits else None})
        self.taken[-1] |= {"resumed": event["limits"], "max_repairs": event["max_repairs"]}


def seat_of(event: Event) -> str:
    """Return the name of the seat that an event is about: its own, or its role's."""
    return str(event.get("seat") or event["role"])


def _plain_reply(event: Event) -> Plain:
    if event["event"] == "refused":
        return {"refused": event["rule"]}
    if event["event"] == "failed":
        return {"failed": event["reason"], **({"own_limit": True} if event.get("own_limit") else {})}
    if "output" not in event:
        offers = {"offers": True} if event.get("offered") else {}
        return {"cast": event["contribution"]["stance"], "confidence": event["contribution"]["confidence"], **offers}
    contract, answer = event["output"]["contract"], event["output"]["answer"]
    return {"cast": CAST[answer["vote"]], "confidence": 1.0} if contract == "ballot" else {"output": contract}


@dataclass(slots=True)
class _Beginning:
    """Where the loop is after the events taken so far, as far as what follows rests on it."""

    round: int = 0
    outcome: Outcome | None = None
    pattern: str | None = None
    before: str | None = None
    stances: list[list[Stance]] = field(default_factory=list)
    called: list[str | None] = field(default_factory=list)

    def take(self, event: Event) -> None:
        """Take the next event; `pattern` is in force, and was `before` until somebody resumed the run."""
        kind = "" if event.get("role") == BRIEF else event["event"]
        if kind in ("admitted", "resumed"):
            self.before, self.pattern = self.pattern, event["pattern"]
        elif kind == "asked" and event["role"] != PEOPLE:
            self.round, self.outcome = event["round"], None
        elif kind == "ruled" and event["outcome"] in DECISIONS:
            self.outcome = event["outcome"]
        elif kind == "ruled" and event["kind"] in ("decide", "sign_off"):
            self.outcome = "next_round" if event["outcome"] == "again" else self.outcome
        elif kind == "superseded":
            self._reopen(event["round"])
        elif kind == "outcome":
            self.outcome = event["final"]
            self.called.append(event["convene"])
            if pattern_named(self.pattern).is_rounds:
                self.stances.append([event["casts"][role] for role in event["confidences"]])

    def _reopen(self, number: int) -> None:
        """Take back the open round: it is asked again, but the stages of another pattern begin with a new one."""
        if not pattern_named(self.before).is_rounds or self.outcome in (*DECISIONS, "escalate"):
            self.outcome = "next_round"
        elif number != self.round:
            self.outcome = None
        self.round = number


def _start(before: Sequence[Event], standing: Sequence[Event]) -> Plain:
    """Return where the standing part of a record begins, after the events before it."""
    begun = _Beginning()
    for event in (*before, standing[0], *(each for each in standing[1:2] if each["event"] == "superseded")):
        begun.take(event)
    return {
        "limits": standing[0]["limits"],
        "max_repairs": standing[0]["max_repairs"],
        "round": begun.round,
        "outcome": begun.outcome,
        "spent": standing[0]["spent"] if before else {},
        "rounds_blocked": rounds_blocked(begun.stances),
        "called": begun.called,
    }


# --- from plain values to the tape -----------------------------------------------------------------------------------


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
        tuple(start["called"]),
        start["max_repairs"],
    )
    return Tape(begun, tuple(_steps(plain["steps"], limits)))


def _steps(plain: Sequence[Mapping[str, Any]], limits: Budget) -> Iterator[TapeStep]:
    for each in plain:
        if "asked" in each:
            replies = {seat: _reply(seat, given) for seat, given in each["asked"]}
            offering = frozenset(seat for seat, given in each["asked"] if given and given.get("offers"))
            yield Exchange(each["round"], replies, limits, offering, each.get("late", False))
        elif "casts" in each:
            yield RoundEnd(**each)
        elif "ruled" in each:
            yield Ruled(**each, limits=limits)
        else:
            resumed = None if each["resumed"] is None else Budget(**each["resumed"])
            yield Pause(each["stopped"], each["phase"], limits, resumed, each.get("max_repairs", 1))
            limits = resumed or limits


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
