"""Finalize: the brief, from the history alone, under a decision line printed by code."""

from typing import Any

from langgraph.runtime import Runtime

from nodes.border import budget_from, plain_stop, plain_usage, spent_from, usage_from
from nodes.call import Call, journal_of, make_call, reservation_of, thread_of
from nodes.journal import CallKey
from nodes.prompting import brief_prompt
from nodes.services import Services
from nodes.state import Node, State
from nodes.voices.voice import Answer, BriefQuestion, Limits
from policies.budgets import Usage, add_usage, refuse_call, seconds_left
from policies.plain import MAX_TEXT, clean_text
from policies.stop import Stop, stop_reason
from policies.team import Team

NODE = "finalize"
SEAT = "brief"
Update = dict[str, Any]


def build_finalize(team: Team, services: Services) -> Node:
    """Return the node for this team."""

    async def finalize(state: State, runtime: Runtime[Any]) -> Update:
        call = _call(state, team, services, thread_of(runtime))
        refused = refuse_call(budget_from(state), spent_from(state), call.reservation)
        if refused:
            return {"pending": plain_stop(Stop(refused, NODE))}
        where = {"round": state["round"], "role": SEAT}
        runtime.stream_writer({"event": "asked", **where, "attempt": 1})
        reply = await make_call(call, journal_of(runtime), services)
        usage = Usage(**reply["usage"])
        update: Update = {"usage": plain_usage(add_usage(usage_from(state), usage, usage.seconds))}
        if reply["kind"] == "failure":
            return update | {"pending": plain_stop(Stop(reply["reason"], NODE))}
        runtime.stream_writer({"event": "decided", **where, "decision": state["outcome"]})
        return update | _finished(state, reply["text"])

    return finalize


def route_after_finalize(state: State) -> str:
    """Return `end` once the run has its answer, else `stop`."""
    return "stop" if state.get("pending") else "end"


def _finished(state: State, text: str) -> Update:
    answer = f"Decision: {state['outcome']}\n\n{text}"
    return {"answer": answer, "final_decision": state["outcome"], "stop_reason": stop_reason("success")}


def _call(state: State, team: Team, services: Services, thread: str) -> Call:
    prompt = brief_prompt(team, state)
    left = seconds_left(budget_from(state), spent_from(state))
    limits = Limits(team.max_output_tokens, left)
    question = BriefQuestion(state["history"], prompt, team.brief.model, team.brief.temperature, limits)
    return Call(
        key=CallKey(thread, state["case"]["revision"], state["round"], SEAT, 1),
        ask=lambda: services.voices[team.brief.voice or "rules"].write_brief(question),
        judge=_judged,
        meter=question.meter,
        seconds_left=left,
        reservation=reservation_of(team.brief, prompt, team),
        price=team.price_of(team.brief.model),
    )


def _judged(answer: Answer) -> dict[str, Any]:
    text = clean_text(str(answer.said)).strip()[:MAX_TEXT]
    return {"kind": "brief", "text": text} if text else {"kind": "failure", "reason": stop_reason("llm_empty")}
