"""A role: the seats it is asked for, all at once, each answer checked against its contract."""

import asyncio
from dataclasses import dataclass
from typing import Any

from langgraph.runtime import Runtime

from nodes.border import name_of, named, plain_reply
from nodes.call import Call, journal_of, limits_of, make_call, reservation_of, scope_of, thread_of
from nodes.closing import Update
from nodes.events import shown_reply
from nodes.journal import CallKey
from nodes.labels import reply_labels, role_labels, seat_labels
from nodes.samples import is_due, sample_of
from nodes.services import Services
from nodes.stages import SeatQuestion, Stages
from nodes.state import Node, State
from nodes.voices.voice import Question, Utterance
from policies.contracts.reading import offered_messages
from policies.team.team import Team

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Seat:
    """One seat that is asked: the round or stage, the role, what convene granted, and where it runs."""

    place: Plain
    role: str
    ask: Plain
    state: State
    runtime: Runtime[Any]

    @property
    def name(self) -> str:
        return name_of(self.ask)

    @property
    def where(self) -> Plain:
        """Where the seat is, as it is shown live."""
        where = {"round": self.state["round"], "role": self.role, "attempt": self.ask["attempt"]}
        sample = {"sample": sample_of(self.name)[1]} if is_due(self.state) else {}
        return {**where, **self.place, **named(self.ask), **sample}

    @property
    def labels(self) -> Plain:
        """What the trace says of the seat."""
        return seat_labels(self.state, self.ask, self.place, thread_of(self.runtime))


def build_role(name: str, team: Team, services: Services, stages: Stages) -> Node:
    """Return the node of one role."""

    async def ask(state: State, runtime: Runtime[Any]) -> Update:
        asks = [each for each in state["wave"]["asks"] if each["role"] == name]
        seats = [_Seat(stages.place(state), name, each, state, runtime) for each in asks]
        services.annotate(role_labels([seat.labels for seat in seats]))
        works = [_asked(seat, team, services, stages) for seat in seats]
        replies = await asyncio.gather(*works) if len(works) > 1 else [await works[0]]
        number = state["wave"]["number"]
        told = {seat.name: {**reply, "wave": number} for seat, reply in zip(seats, replies, strict=True)}
        services.annotate(reply_labels(told))
        return {"replies": told}

    return ask


async def _asked(seat: _Seat, team: Team, services: Services, stages: Stages) -> Plain:
    call = _call(seat, team, services, stages)
    seat.runtime.stream_writer({"event": "asked", **seat.where})
    reply = await make_call(call, journal_of(seat.runtime), services)
    seat.runtime.stream_writer({**seat.where, **shown_reply(reply), "usage": reply["usage"]})
    return reply


def _call(seat: _Seat, team: Team, services: Services, stages: Stages) -> Call:
    state, ask, role, scope = seat.state, seat.ask, team.roles[seat.role], scope_of(seat.runtime)
    asked = stages.question(state, seat.name, ask["repair"])
    limits = limits_of(team, state, ask["grows"])
    question = Question(
        asked.task,
        state["round"],
        ask["attempt"],
        role,
        asked.facts,
        asked.prompt,
        limits,
        scope=scope,
        sends=team.messages is not None,
        labels=seat.labels,
        seed=asked.seed,
    )
    return Call(
        key=CallKey(
            thread_of(seat.runtime), state["case"]["revision"], state["round"], seat.name, ask["attempt"], scope
        ),
        ask=lambda: services.voices[role.voice or "rules"].propose(question),
        judge=lambda answer: _judged(answer, asked, sends=question.sends),
        prompt=asked.prompt,
        meter=question.meter,
        limits=limits,
        reservation=reservation_of(role, asked.prompt, team, state.get("ratios", {})),
        price=team.price_of(role.model),
    )


def _judged(answer: Utterance, asked: SeatQuestion, sends: bool) -> Plain:
    reply = plain_reply(answer.refusal or asked.accept(answer.said))
    offered = offered_messages(answer.said) if sends and reply["kind"] == "accepted" else None
    return {**reply, "offered": offered} if offered else reply
