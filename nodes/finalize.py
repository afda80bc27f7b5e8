"""Finalize: the last word, as code states it or as it is written from what was said."""

from collections.abc import Mapping
from typing import Any

from langgraph.runtime import Runtime

from nodes.asking import Asking, asked_event, plain_questions, waiting_of
from nodes.border import budget_from, plain_stop, plain_usage, spent_from, usage_from
from nodes.call import Call, journal_of, limits_of, make_call, reservation_of, scope_of, thread_of
from nodes.closing import Ending, Update
from nodes.events import Body, announced, asked, recorded, said_by, shown_reply
from nodes.journal import CallKey
from nodes.labels import brief_labels
from nodes.rulings import ruling_of
from nodes.services import Services
from nodes.stages import Stages
from nodes.state import Node, State
from nodes.voices.voice import BriefQuestion, Utterance
from policies.contracts.unwrapping import without_thinking
from policies.language import say
from policies.plain import MAX_TEXT, clean_text
from policies.run.budgets import grant, grant_longer, refuse_call
from policies.run.stop import Stop, stop_reason
from policies.run.usage import Usage, add_usage
from policies.team.team import Team

NODE = "finalize"
SEAT = "brief"


def build_finalize(team: Team, services: Services, stages: Stages) -> Node:
    """Return the node for this team."""
    asking = Asking(team)

    async def finalize(state: State, runtime: Runtime[Any]) -> Update:
        ending = stages.ending(state)
        if ending.text is not None:
            ended, last = _ended(state, team, asking, _finished(ending, ending.text), services.now())
            return recorded(state, ended, [last | {"answer": ended["answer"]}], services.now())
        call = _call(state, team, services, ending, (scope_of(runtime), thread_of(runtime)))
        refused = refuse_call(budget_from(state), spent_from(state), call.reservation)
        if refused:
            return recorded(state, {"pending": plain_stop(Stop(refused, NODE))}, [], services.now())
        services.annotate(brief_labels(state, SEAT, thread_of(runtime)))
        stage = {} if ending.results is None else {"stage": "synthesis"}
        where = {"round": state["round"], "role": SEAT, **stage}
        runtime.stream_writer({"event": "asked", **where, "attempt": 1})
        reply = await make_call(call, journal_of(runtime), services)
        usage = Usage(**reply["usage"])
        update: Update = {"usage": plain_usage(add_usage(usage_from(state), usage, usage.seconds))}
        happened = [asked(state["round"], SEAT, 1, team.brief), _proposed(state, team, reply)]
        if reply["kind"] == "failure":
            runtime.stream_writer({**where, **shown_reply(reply), "usage": reply["usage"]})
            failed = {"pending": plain_stop(Stop(reply["reason"], NODE), cause=reply.get("cause"))}
            return recorded(state, update | failed, happened, services.now())
        runtime.stream_writer({"event": "decided", **where, "decision": state["outcome"], "usage": reply["usage"]})
        ended, last = _ended(state, team, asking, _finished(ending, reply["text"]), services.now())
        return recorded(state, update | ended, [*happened, last], services.now())

    return finalize


def route_after_finalize(state: State) -> str:
    """Return `end` once the run has its answer, `human` where that is to be signed, else `stop`."""
    if state.get("pending"):
        return "stop"
    return "human" if waiting_of(state) else "end"


def _ended(state: State, team: Team, asking: Asking, ended: Update, now: str) -> tuple[Update, Body]:
    """Return the end of the run and its event; or, where people sign what the team decided, the question to them."""
    decision = ended["final_decision"]
    if not team.sign_off or decision is None or ruling_of(state) is not None:  # nobody signs twice
        return ended, announced(decision)
    question = asking.to_sign(state, decision, now)
    unsigned = {key: value for key, value in ended.items() if key != "stop_reason"}
    return unsigned | {"questions": plain_questions([question])}, asked_event(question)


def _proposed(state: State, team: Team, reply: Mapping[str, Any]) -> Body:
    """Return the event of the brief: its text, or why there is none."""
    said = said_by(team.brief, reply)
    where = {"round": state["round"], "role": SEAT, "attempt": 1}
    if reply["kind"] == "failure":
        caused = {"cause": reply["cause"]} if reply.get("cause") else {}
        return {"event": "failed", **where, "reason": reply["reason"], **said, **caused}
    return {"event": "proposed", **where, "text": reply["text"], **said}


def _finished(ending: Ending, text: str) -> Update:
    answer = f"{ending.heading}{text}"
    return {"answer": answer, "final_decision": ending.decision, "stop_reason": stop_reason("success")}


def _call(state: State, team: Team, services: Services, ending: Ending, where: tuple[str, str]) -> Call:
    scope, thread = where
    writer = team.brief
    held = reservation_of(writer, ending.prompt, team, state.get("ratios", {}))
    budget, spent = budget_from(state), spent_from(state)
    limits = limits_of(team, state, grows=grant_longer(budget, grant(spent, held), held) is not None)
    question = BriefQuestion(
        state.get("history", []),
        state["round"],
        ending.guards,
        ending.prompt,
        writer.model,
        writer.temperature,
        limits,
        results=ending.results,
        titles={name: role.title or name for name, role in team.roles.items()},
        people=ending.people,
        scope=scope,
        labels=brief_labels(state, SEAT, thread),
    )
    return Call(
        key=CallKey(thread, state["case"]["revision"], state["round"], SEAT, 1, scope),
        ask=lambda: services.voices[writer.voice or "rules"].write_brief(question),
        judge=_judged,
        prompt=ending.prompt,
        meter=question.meter,
        limits=limits,
        reservation=held,
        price=team.price_of(writer.model),
    )


def _judged(answer: Utterance) -> dict[str, Any]:
    text = clean_text(without_thinking(str(answer.said))).strip()[:MAX_TEXT]
    if text:
        return {"kind": "brief", "text": text}
    return {"kind": "failure", "reason": stop_reason("llm_empty"), "cause": say("the answer has no text")}
