"""A role: one seat asked once, its answer held against the contract."""

from typing import Any

from langgraph.runtime import Runtime

from nodes.border import budget_from, plain_reply, spent_from
from nodes.call import Call, journal_of, make_call, reservation_of, thread_of
from nodes.journal import CallKey
from nodes.prompting import role_prompt
from nodes.services import Services
from nodes.state import Node, State
from nodes.voices.voice import Answer, Limits, Question
from policies.budgets import seconds_left
from policies.contract import accept
from policies.team import Team

Update = dict[str, Any]


def build_role(name: str, team: Team, services: Services) -> Node:
    """Return the node of one role."""

    async def ask(state: State, runtime: Runtime[Any]) -> Update:
        call = _call(name, state, team, services, thread_of(runtime))
        where = {"round": state["round"], "role": name, "attempt": call.key.attempt}
        runtime.stream_writer({"event": "asked", **where})
        reply = await make_call(call, journal_of(runtime), services)
        runtime.stream_writer({**where, **_event(reply)})
        return {"replies": {name: {**reply, "wave": state["wave"]["number"]}}}

    return ask


def _call(name: str, state: State, team: Team, services: Services, thread: str) -> Call:
    ask = next(ask for ask in state["wave"]["asks"] if ask["role"] == name)
    role = team.roles[name]
    prompt = role_prompt(team, name, state, ask["repair"])
    left = seconds_left(budget_from(state), spent_from(state))
    question = Question(
        name, state["round"], ask["attempt"], role, state["case"]["facts"], prompt, Limits(team.max_output_tokens, left)
    )
    return Call(
        key=CallKey(thread, state["case"]["revision"], state["round"], name, ask["attempt"]),
        ask=lambda: services.voices[role.voice or "rules"].propose(question),
        judge=lambda answer: _judged(answer, name, team),
        prompt=prompt,
        meter=question.meter,
        seconds_left=left,
        reservation=reservation_of(role, prompt, team),
        price=team.price_of(role.model),
    )


def _judged(answer: Answer, name: str, team: Team) -> dict[str, Any]:
    return plain_reply(answer.refusal or accept(answer.said, name, team.access))


def _event(reply: dict[str, Any]) -> dict[str, Any]:
    if reply["kind"] == "contribution":
        said = reply["contribution"]
        return {"event": "answered", "stance": said["stance"], "confidence": said["confidence"]}
    if reply["kind"] == "refusal":
        return {"event": "refused", "reason": reply["refusal"]["reason"]}
    return {"event": "failed", "reason": reply["reason"]}
