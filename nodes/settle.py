"""Settle: takes what a person answered, or says why not, and what an answered question leads to.

One superstep, one checkpoint and one event an answer. A question that nobody answered in time is settled here, too.
"""

from typing import Any

from langgraph.runtime import Runtime

from nodes.asking import plain_questions, questions_of, waiting_of
from nodes.closing import Update
from nodes.effects import Effects
from nodes.events import recorded
from nodes.labels import ruling_labels
from nodes.services import Services
from nodes.stages import Stages
from nodes.state import Node, State
from nodes.taking import Taking
from policies.people.question import is_expired
from policies.run.routing import next_after_people
from policies.team.team import Team

NODE = "settle"


def build_settle(team: Team, services: Services, stages: Stages) -> Node:
    """Return the node for this team."""
    taking, effects = Taking(team, stages), Effects(team, stages)

    async def settle(state: State, runtime: Runtime[Any]) -> Update:
        now, given = services.now(), state.get("given") or {}
        expired = next((each for each in waiting_of(state) if is_expired(each, now)), None)
        if expired is not None:
            effect = effects.of_expiry(state, expired)
            services.annotate(ruling_labels(effect.events))
            runtime.stream_writer({"event": "expired", "question": expired.id})
            return recorded(state, {**effect.update, "given": None}, effect.events, now)
        answered = taking.take(state, given.get("answer"), given.get("identity"), now)
        if answered.question is None or answered.problem is not None:
            runtime.stream_writer({"event": "declined", "problem": answered.problem})
            update: Update = {"questions": plain_questions(answered.questions), "given": None}
            return recorded(state, update, [answered.event], now)
        runtime.stream_writer({"event": "taken", "question": answered.question.id, "by": answered.event["by"]})
        effect = effects.of_answer(state, answered.question, answered.questions)
        services.annotate(ruling_labels(effect.events))
        return recorded(state, {**effect.update, "given": None}, [answered.event, *effect.events], now)

    return settle


def route_after_settle(state: State) -> str:
    """Return where an answer leads: to whoever has not answered, or on with the run."""
    return next_after_people(
        bool(waiting_of(state)),
        any(each.kind == "contribute" for each in questions_of(state)),
        state.get("outcome"),
        state.get("pending"),
        state.get("stop_reason"),
    )
