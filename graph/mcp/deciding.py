"""Deciding: a team is put to work, once for each thread; people are asked meanwhile, and the record comes back."""

import anyio
from mcp_types import CallToolResult

from graph.mcp.arguments import Answering, Deciding
from graph.mcp.asking import settled
from graph.mcp.call import Call, refused
from graph.mcp.waiting import Patience, rested, result
from graph.mcp.ways import unsigned
from graph.problems import UsageError
from graph.service.answering import answered, check_name
from graph.service.asked import RunRequest
from graph.service.beginning import begin_once
from graph.service.questions import Asked
from graph.service.reading import Look, look_at
from graph.store.names import new_thread
from policies.language import say, speaking
from policies.people.answering import named
from policies.plain import find_unplain


async def decide(call: Call, asked: Deciding) -> CallToolResult:
    """Run a team, or find the run that the same call began; return its record, or where it is."""
    patience = Patience.of(asked.wait_seconds)
    thread = asked.thread or (call.pause.thread if call.pause else new_thread())
    request = RunRequest(team=asked.team, goal=asked.goal, facts=asked.facts, budget=asked.budget)
    with anyio.CancelScope(shield=True):  # a client that goes away meanwhile leaves no half-made run
        await begin_once(call.service, call.caller, request, thread)
    with speaking(await call.service.runner.threads.language(thread)):
        await call.tell(say("thread {name}", name=thread))
        look = await rested(call, thread, patience.left)
        return await result(call, *await settled(call, look, patience))


async def answer(call: Call, asked: Answering) -> CallToolResult:
    """Answer what a thread asks, or have the person at the client asked; return its record, or where it is."""
    patience, thread = Patience.of(asked.wait_seconds), await call.thread(asked.thread)
    with speaking(await call.service.runner.threads.language(thread)):
        look = await look_at(call.service, thread)
        if not asked.is_given:
            return await result(call, *await settled(call, look, patience))
        refusal = find_unsigned(look, asked, call)
        if refusal is not None:
            return refused(refusal)
        with anyio.CancelScope(shield=True):
            await answered(call.service, thread, asked.said, call.caller)
        await call.tell(say("thread {name}", name=thread))
        return await result(call, await rested(call, thread, patience.left))


def find_unsigned(look: Look, asked: Answering, call: Call) -> str | None:
    """Return what somebody is to sign whose answer must be signed, and is not; None where nothing is."""
    check_name(asked.by, call.caller)
    by = call.caller.person if call.caller.is_proved else asked.by or ""
    question = named(look.past.waiting, asked.question, by, look.past.approvers)
    if asked.signature is not None or isinstance(question, str):
        return None
    waiting = Asked(look.past, question)
    key = waiting.key_of(by)
    if key is None:
        return None
    fault = find_unplain(asked.said["answer"])
    if fault:
        raise UsageError(fault)
    return unsigned(waiting, by, key, asked.said["answer"], asked.because)
