"""Closing: what a full round or stage makes, each kept in its own way; and how a run ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nodes.border import budget_from, plain_seat, plain_stop
from nodes.events import Body, decided
from nodes.grounding import invented_in_round, plain_invented
from nodes.mail import open_count
from nodes.spoken import altered_since, spoken_before
from nodes.state import State
from nodes.voices.voice import Prompt
from policies.contracts.contribution import Contribution, contribution_of
from policies.decision.marks import Marks
from policies.decision.table import Decision
from policies.grounding.said import flags_of
from policies.patterns.course import count_of
from policies.patterns.rounds import entry_of, stop_after
from policies.patterns.stages import Closed, Count, Entry, Finish, Log, Next
from policies.run.routing import DONE, GOES_ON
from policies.run.seats import Seat, casts_of, phase_at
from policies.run.stop import ESCALATED, Stop
from policies.team.flags import MOVED, UNGROUNDED, carrying, find_flags, find_moves
from policies.team.team import Team

Update = dict[str, Any]

NO_FLAGS: Body = {"flags": []}
"""What a vote by ballots is flagged with: they have no evidence, and are cast once."""


@dataclass(frozen=True, slots=True)
class Closing:
    """What a full round or stage makes: the state's update, the events, and what is shown live."""

    update: Update
    events: Sequence[Body] = ()
    shown: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ends: `text` written by code, or the question for the brief; `heading` is the decision line.

    `people` is how people took the decision, see `nodes.rulings.said_by_people`; None where the team took it.
    """

    text: str | None
    prompt: Prompt
    heading: str
    decision: Decision | None
    guards: tuple[str, ...] = ()
    results: tuple[Mapping[str, Any], ...] | None = None
    people: Mapping[str, Any] | None = None


def nobody_answered(label: str, seats: Sequence[Seat]) -> Closing:
    """Return the stop of a stage in which every seat failed; the seats stay open, so that they can be asked again."""
    first = seats[0]
    reopened = [plain_seat(replace(seat, absent=None)) for seat in seats]
    stop = Stop(first.absent or "", phase_at(label, first))
    return Closing({"seats": reopened, "pending": plain_stop(stop)})


def close_round(state: State, seats: Sequence[Seat], log: Log, team: Team) -> Closing:
    """Return what a full round makes: the policy's outcome, an entry of the history, and a line of the trace."""
    counted, flagged = count_round(state, seats, log, team)
    closed = replace(log[-1], outcome=counted.ruling.final)
    entry, stop = entry_of(closed), within(state, stop_after(closed))
    line = {"round": state["round"], "conflicts": entry["conflicts"], "decision": closed.outcome}
    why = {"row": counted.ruling.row, "because": counted.ruling.because, "guards": list(counted.ruling.guards)}
    update: Update = {"outcome": closed.outcome, "history": [entry], "trace": [line]}
    if stop:
        update["pending"] = plain_stop(stop)
    named = [{"event": "conflict", "round": state["round"], "conflict": name} for name in entry["conflicts"]]
    return Closing(update, [*named, _outcome_event(state, seats, counted, flagged)], {"event": "round", **line, **why})


def count_round(state: State, seats: Sequence[Seat], log: Log, team: Team) -> tuple[Count, Body]:
    """Return the vote of a full round with the ruling on it, and what it is flagged with; the log ends with it."""
    flagged = _flags_and_moves(state, seats, team)
    counted = _count_in(state, log, team, flagged)
    assert counted is not None, "a round is counted"
    return counted, flagged


def within(state: State, stop: Stop | None) -> Stop | None:
    """Return the stop of what only a human may decide, in a team within: people are asked by the run's own team."""
    return stop if state["case"]["task"] is not None else None


def close_stage(state: State, seats: Sequence[Seat], log: Log, team: Team, follows: Next) -> Closing:
    """Return what a full stage leads to: another stage, the end, or a stop."""
    place = {"round": state["round"], "stage": log[-1].label}
    line = {**place, "absent": [seat.name for seat in seats if seat.absent]}
    closed = _plain_closed(place, seats)
    update: Update = {"outcome": GOES_ON, "stages": [closed], "trace": [line]}
    if isinstance(follows, Finish):
        update |= {"outcome": DONE, "ending": plain_ending(follows)}
    elif follows == ESCALATED and within(state, ESCALATED) is None:
        update["outcome"] = "escalate"
    elif isinstance(follows, Stop):
        update["pending"] = plain_stop(follows)
    counted = _count_in(state, log, team, NO_FLAGS)
    events = [_outcome_event(state, seats, counted, NO_FLAGS)] if counted else []
    return Closing(update, events, {"event": "stage", **line})


def _count_in(state: State, log: Log, team: Team, flagged: Body) -> Count | None:
    """Return the vote that the log ends with, under the limits of the state; None where nobody voted."""
    limited = team.model_copy(update={"budget": budget_from(state)})
    counts = (carrying(flagged["flags"], name) for name in (UNGROUNDED, MOVED))
    return count_of(limited, log, state["case"]["facts"], Marks(open_count(state), *counts))


def _flags_and_moves(state: State, seats: Sequence[Seat], team: Team) -> Body:
    """Return the flags of a round, which are known before it is decided, and the roles whose stance moved."""
    said, earlier = _contributions_of(seats), spoken_before(state)
    flags = find_flags(team, said, earlier, state["case"]["facts"], altered_since(state))
    invented = invented_in_round(state, team, said, [*casts_of(seats).values()])
    moves = [*find_moves(team, said, earlier)]
    return {"flags": [*flags, *flags_of(invented)], "moves": moves, **plain_invented(invented)}


def _outcome_event(state: State, seats: Sequence[Seat], counted: Count, flagged: Body) -> Body:
    """Return the event of a vote: its outcome, with what the round is flagged with."""
    confidences = {each.agent: each.confidence for each in _contributions_of(seats)}
    outcome = decided(counted.vote, counted.findings, counted.ruling, confidences)
    return {**outcome, "round": state["round"], **flagged}


def _contributions_of(seats: Sequence[Seat]) -> list[Contribution]:
    """Return the contributions in seats, in order; other answers are left out."""
    accepted = [seat.accepted for seat in seats if seat.accepted]
    return [contribution_of(each) for each in accepted if each.contract == "contribution"]


def closed_of(label: str, seats: Sequence[Seat]) -> Closed:
    """Return a full stage as the log has it."""
    return Closed(label, tuple(_entry_in(seat) for seat in seats))


def _entry_in(seat: Seat) -> Entry:
    """Return what a settled seat is in the log."""
    said = seat.accepted
    return Entry(seat.name, seat.role, said.contract if said else "output", said.answer if said else None, seat.absent)


def _plain_closed(place: Mapping[str, Any], seats: Sequence[Seat]) -> Update:
    """Return a full stage as the state keeps it."""
    return {**place, "entries": [_plain_entry(seat) for seat in seats]}


def _plain_entry(seat: Seat) -> Update:
    entry, inner = _entry_in(seat), seat.accepted.inner if seat.accepted else None
    return {
        "seat": entry.seat,
        "role": entry.role,
        "contract": entry.contract,
        "answer": dict(entry.answer) if entry.answer is not None else None,
        "absent": entry.absent,
        "inner": dict(inner) if inner else None,
    }


def plain_ending(finish: Finish) -> Update:
    """Return the end of stages as the state keeps it."""
    return {
        "results": [dict(result) for result in finish.results],
        "answer": finish.answer,
        "decision": finish.decision,
        "ended_early": finish.ended_early,
        "details": dict(finish.details),
    }
