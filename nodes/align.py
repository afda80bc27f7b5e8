"""Align: takes the answers in order, and closes the round or stage when every seat is filled or absent."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from langgraph.runtime import Runtime

from nodes.asking import Asking, asked_event, plain_questions
from nodes.border import (
    charge_from,
    name_of,
    named,
    plain_seat,
    plain_stop,
    plain_usage,
    replies_of,
    reply_from,
    seat_from,
    spent_from,
    usage_from,
    wave_from,
)
from nodes.call import learned
from nodes.closing import Closing, Update
from nodes.events import Body, answered, events_of, recorded, traced
from nodes.grounding import read_facts
from nodes.labels import round_labels
from nodes.mail import delivered, send
from nodes.samples import is_due
from nodes.services import Services
from nodes.stability import StabilityCheck
from nodes.stages import Stages
from nodes.state import Node, State
from policies.people.question import Question
from policies.run.routing import Step, next_step
from policies.run.seats import Reply, Seat, is_full
from policies.run.usage import Usage, add_usage
from policies.run.waves import Settlement, settle
from policies.team.team import Team

NODE = "align"

Plain = dict[str, Any]


def build_align(team: Team, services: Services, stages: Stages) -> Node:
    """Return the node for this team."""
    asking, check = Asking(team), StabilityCheck(team, stages)

    async def align(state: State, runtime: Runtime[Any]) -> Update:
        started = services.clock()
        closing = await check.takes(state) if is_due(state) else await _taken(state, team, stages, services)
        update = {**closing.update}
        if closing.shown:
            runtime.stream_writer(dict(closing.shown))
        ratios = learned(state, team)
        if ratios != state.get("ratios", {}):
            update["ratios"] = ratios
        now = services.now()
        questions = _to_people(state, update, closing.events, asking, now)
        if questions or state.get("questions"):
            update["questions"] = plain_questions(questions)
        update["usage"] = _usage(state, services.clock() - started)
        return recorded(state, update, [*closing.events, *map(asked_event, questions)], now)

    return align


async def _taken(state: State, team: Team, stages: Stages, services: Services) -> Closing:
    """Return what the answers make of the open round or stage, with all that happened."""
    replies = {seat: reply_from(reply) for seat, reply in replies_of(state).items()}
    settled = _settle(state, team, replies, stages)
    seats = [_charged(seat, state) for seat in settled.seats]
    messages, sent = send(state, team, _offers(state, settled), services.now())
    update: Update = {
        "seats": [plain_seat(seat) for seat in seats],
        "trace": _traced(state, settled),
        "pending": plain_stop(settled.stop, settled.raw, settled.cause),
    }
    if messages:
        update["messages"] = messages
    closing = Closing({})
    if settled.stop is None and is_full(seats):
        await read_facts(state, team)
        update, closing = _closed(update, state, stages, seats)
    told = round_labels(state, update.get("outcome"), closing.events)
    if told:
        services.annotate(told)
    happened = [*_answers(state, team, replies), *_absences(state, update["seats"]), *sent, *closing.events]
    return Closing(update, happened, closing.shown)


def route_after_align(state: State) -> Step:
    """Return the step the conflict and consensus policy prescribes."""
    return next_step(state.get("outcome"), state.get("pending"), is_due(state))


def _to_people(state: State, update: Update, events: Sequence[Body], asking: Asking, now: str) -> list[Question]:
    """Return the question that the round leaves to people, where the policy escalates."""
    if update.get("outcome") != "escalate" or update.get("pending"):
        return []
    after: Any = {**state, **update, "events": [*state["events"], *events]}
    return [asking.to_decide(after, events_of(after, "outcome")[-1], now)]


def _settle(state: State, team: Team, replies: Mapping[str, Reply], stages: Stages) -> Settlement:
    seats = [seat_from(seat) for seat in state["seats"]]
    wave = wave_from(state["wave"], spent_from(state))
    where = stages.where(state)
    return settle(seats, replies, wave, where, team.max_repairs, stages.counts_absent(state))


def _charged(seat: Seat, state: State) -> Seat:
    """Return the seat with what the team that answers for it has been charged so far."""
    charged = replies_of(state).get(seat.name, {}).get("charged")
    return replace(seat, charged=charge_from(charged)) if charged else seat


def _accepted(state: State, settled: Settlement) -> list[Seat]:
    """Return the seats that were filled now, in order."""
    before = [seat["accepted"] is not None for seat in state["seats"]]
    pairs = zip(before, settled.seats, strict=True)
    return [seat for was_filled, seat in pairs if not was_filled and seat.accepted is not None]


def _traced(state: State, settled: Settlement) -> list[Plain]:
    return [traced(state["round"], seat, seat.accepted) for seat in _accepted(state, settled) if seat.accepted]


def _offers(state: State, settled: Settlement) -> list[tuple[str, Any]]:
    replies = replies_of(state)
    return [(seat.role, replies[seat.name].get("offered")) for seat in _accepted(state, settled)]


def _answers(state: State, team: Team, replies: Mapping[str, Reply]) -> list[Body]:
    """Return the events of the wave's answers, in the order in which they were asked for."""
    plain, events = replies_of(state), []
    for ask in state["wave"]["asks"]:
        role, seat = ask["role"], name_of(ask)
        where = {"round": state["round"], "role": role, "attempt": ask["attempt"], **named(ask)}
        if seat in replies:
            events += answered(where, plain[seat], replies[seat], team.roles[role])
    return events


def _absences(state: State, seats: Sequence[Plain]) -> list[Body]:
    """Return the events of the seats that stay absent now; those of a stage that is asked again do not."""
    before = {name_of(seat) for seat in state["seats"] if seat["absent"]}
    return [
        {"event": "absent", "round": state["round"], "role": seat["role"], "reason": seat["absent"], **named(seat)}
        for seat in seats
        if seat["absent"] and name_of(seat) not in before
    ]


def _closed(update: Update, state: State, stages: Stages, seats: Sequence[Seat]) -> tuple[Update, Closing]:
    """Return the update with what the full round or stage makes."""
    now: Any = {**state, "messages": [*state.get("messages", []), *update.get("messages", [])]}
    closing = stages.closes(now, seats)
    handed_over = delivered(seats) if closing.update.get("outcome") else []
    trace = [*update["trace"], *closing.update.pop("trace", [])]
    given = {"delivered": handed_over} if handed_over else {}
    return {**update, **closing.update, "trace": trace, **given}, closing


def _usage(state: State, seconds: float) -> dict[str, Any]:
    """Return the usage with the wave's calls added; roles answer in parallel, so the longest counts."""
    total = usage_from(state)
    used = [Usage(**reply["usage"]) for reply in replies_of(state).values()]
    for each in used:
        total = add_usage(total, each)
    longest = max((each.seconds for each in used), default=0.0)
    return plain_usage(add_usage(total, Usage(), longest + seconds))
