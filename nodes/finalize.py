"""Finalize: the brief, from the history alone, under a decision line printed by code."""

from collections.abc import Mapping
from typing import Any

from langgraph.runtime import Runtime

from nodes.border import budget_from, plain_stop, plain_usage, spent_from, usage_from
from nodes.call import Call, journal_of, make_call, reservation_of, thread_of
from nodes.events import Body, asked, events_of, recorded
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
ENDING = ("stop_reason", "final_decision")
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
        happened = [asked(state["round"], SEAT, 1, team.brief), _proposed(state, team, reply)]
        if reply["kind"] == "failure":
            events = recorded(state, happened, services.now())
            return update | {"events": events, "pending": plain_stop(Stop(reply["reason"], NODE))}
        runtime.stream_writer({"event": "decided", **where, "decision": state["outcome"]})
        ended = _finished(state, reply["text"])
        happened.append({"event": "finished", "phase": None, **{key: ended[key] for key in ENDING}})
        return update | ended | {"events": recorded(state, happened, services.now())}

    return finalize


def route_after_finalize(state: State) -> str:
    """Return `end` once the run has its answer, else `stop`."""
    return "stop" if state.get("pending") else "end"


def _proposed(state: State, team: Team, reply: Mapping[str, Any]) -> Body:
    """Return the event of the brief: its text, or why there is none."""
    said = {"voice": team.brief.voice, "model": team.brief.model, "prompt": reply["prompt"], "usage": reply["usage"]}
    where = {"round": state["round"], "role": SEAT, "attempt": 1}
    if reply["kind"] == "failure":
        return {"event": "failed", **where, "reason": reply["reason"], **said}
    return {"event": "proposed", **where, "text": reply["text"], **said}


def _finished(state: State, text: str) -> Update:
    answer = f"Decision: {state['outcome']}{_capped(state)}\n\n{text}"
    return {"answer": answer, "final_decision": state["outcome"], "stop_reason": stop_reason("success")}


def _capping(state: State) -> tuple[str, ...]:
    """Return the guards that lowered the outcome of the vote."""
    last = events_of(state, "outcome")[-1]
    holding = [found for found in last["findings"] if found["holds"] and found["at_most"] == last["final"]]
    return tuple(found["name"] for found in holding) if last["vote"] != last["final"] else ()


def _capped(state: State) -> str:
    """Return how the decision line names the guards that lowered the outcome."""
    capping = _capping(state)
    vote = events_of(state, "outcome")[-1]["vote"]
    return f" (capped by {', '.join(capping)}; the vote alone gave {vote})" if capping else ""


def _call(state: State, team: Team, services: Services, thread: str) -> Call:
    capping = _capping(state)
    prompt = brief_prompt(team, state, capping)
    left = seconds_left(budget_from(state), spent_from(state))
    limits = Limits(team.max_output_tokens, left)
    writer = team.brief
    question = BriefQuestion(
        state["history"], state["round"], capping, prompt, writer.model, writer.temperature, limits
    )
    return Call(
        key=CallKey(thread, state["case"]["revision"], state["round"], SEAT, 1),
        ask=lambda: services.voices[team.brief.voice or "rules"].write_brief(question),
        judge=_judged,
        prompt=prompt,
        meter=question.meter,
        seconds_left=left,
        reservation=reservation_of(team.brief, prompt, team),
        price=team.price_of(team.brief.model),
    )


def _judged(answer: Answer) -> dict[str, Any]:
    text = clean_text(str(answer.said)).strip()[:MAX_TEXT]
    return {"kind": "brief", "text": text} if text else {"kind": "failure", "reason": stop_reason("llm_empty")}
