"""Finalize: the last word, as code states it or as it is written from what was said."""

from typing import Any

from langgraph.runtime import Runtime

from nodes.asking import Asking, asked_event, plain_questions, waiting_of
from nodes.border import plain_stop
from nodes.call import journal_of, thread_of
from nodes.closing import Ending, Update
from nodes.events import Body, announced, recorded
from nodes.rulings import ruling_of
from nodes.services import Services
from nodes.stages import Stages
from nodes.state import Node, State
from nodes.writing import Writing
from policies.language import Language, speaking
from policies.run.stop import Stop, stop_reason
from policies.team.team import Team

NODE = "finalize"


def build_finalize(team: Team, services: Services, stages: Stages, language: Language) -> Node:
    """Return the node for this team; the decision line and the brief are in a language that may be another."""
    asking = Asking(team)

    async def finalize(state: State, runtime: Runtime[Any]) -> Update:
        with speaking(language):
            ending = stages.ending(state)
        if ending.text is not None:
            stopped = await _stopped(services, runtime)
            if stopped is not None:
                return recorded(state, stopped, [], services.now())
            ended, last = _ended(state, team, asking, _finished(ending, ending.text), services.now())
            return recorded(state, ended, [last | {"answer": ended["answer"]}], services.now())
        writing = Writing(team, services, state, ending, runtime, language)
        written = await writing.write()
        if written.reply is None:
            stopped = plain_stop(Stop(written.refused or "", NODE))
            return recorded(state, {"pending": stopped}, [], services.now())
        reply = written.reply
        if reply["kind"] == "failure":
            failed = {"pending": plain_stop(Stop(reply["reason"], NODE), cause=reply.get("cause"))}
            return recorded(state, written.usage | failed, written.events, services.now())
        late = await _stopped(services, runtime)
        if late is not None:  # the text is in the journal, and counts once the run is resumed
            return recorded(state, late, [], services.now())
        shown = {**writing.place, "decision": state["outcome"], "usage": reply["usage"]}
        runtime.stream_writer({"event": "decided", **shown})
        ended, last = _ended(state, team, asking, _finished(ending, reply["text"]), services.now())
        return recorded(state, written.usage | ended, [*written.events, last], services.now())

    return finalize


async def _stopped(services: Services, runtime: Runtime[Any]) -> Update | None:
    """Return the stop of a run that somebody stopped before it could end; None where nobody did."""
    cut = await services.cut(journal_of(runtime), thread_of(runtime))
    if cut is None or cut.stoppage is None:  # a process that is halted ends what needs no more calls
        return None
    return {"pending": plain_stop(Stop(stop_reason("cancelled"), NODE), cause=cut.stoppage.told())}


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


def _finished(ending: Ending, text: str) -> Update:
    answer = f"{ending.heading}{text}"
    return {"answer": answer, "final_decision": ending.decision, "stop_reason": stop_reason("success")}
