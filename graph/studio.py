"""What `langgraph dev` and Studio load: a graph for each pattern, held as the command line holds a thread.

Compiled without a checkpointer and a store: the server brings both, from `graph/store/served.py`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph_sdk.runtime import ServerRuntime

from graph.serving import BUSY, begin, compiled_for, compiled_to_read, note_resumed, note_traced, refusals, speak_of
from graph.store.database import served_database
from graph.store.fences import TAKEN, FencedError, Fences
from graph.store.locks import ThreadBusyError
from nodes.services import InputRefusedError
from policies.language import phrase, say
from policies.team.team import PATTERN_NAMES, PatternName

Factory = Callable[[RunnableConfig, ServerRuntime[Any]], AbstractAsyncContextManager[Any]]

RUN, UPDATE = "threads.create_run", "threads.update"
"""What the server wants a graph for when it runs a thread, and when it is to write to its state past the nodes."""
PAST_NODES = phrase("the state of a thread is written by its nodes alone; send a run with an input instead")
PAUSES, PAUSE_SECONDS = 20, 0.2
"""A run waits for one of the same thread that this server has just cut."""


def _serve(pattern: PatternName) -> Factory:
    """Return the factory of a pattern's graph, as langgraph.json names it."""

    @asynccontextmanager
    async def graph(config: RunnableConfig, runtime: ServerRuntime[Any]) -> AsyncIterator[Any]:
        """Yield the graph of the thread's own team, or of the one that is named, else of the pattern's example.

        Raises:
            InputRefusedError: no such team is offered, its pattern is another one, or its file has problems; somebody
                else works on the thread, or has taken it meanwhile; the run would go back to an earlier checkpoint; or
                the state is to be written past the nodes.
        """
        configurable, context = config.get("configurable", {}), runtime.access_context
        thread = None if context == "assistants.read" else configurable.get("thread_id")
        if context == UPDATE:
            await speak_of(thread)
            raise InputRefusedError(say(PAST_NODES))
        async with _held(thread if context == RUN else None):
            with refusals():
                found = await begin(thread)
                if context == RUN:
                    found.refuse_rewriting(configurable)
                if context == RUN and not found.is_over:
                    await note_traced(thread, configurable)
                    await note_resumed(thread)
                if found.team is not None and context != RUN:
                    compiled = await compiled_to_read(found.team)
                else:
                    compiled = await compiled_for(pattern, configurable, found.team)
            yield compiled

    return graph


@asynccontextmanager
async def _held(thread: str | None) -> AsyncIterator[None]:
    """Hold a thread while the server writes to it, as the command line does; no thread: it only looks."""
    if thread is None:
        yield
        return
    try:
        async with AsyncExitStack() as stack:
            await _enter(stack, served_database().fences, str(thread))
            yield
    except FencedError:
        await speak_of(thread)
        raise InputRefusedError(say("busy: {why}", why=say(TAKEN))) from None
    except ThreadBusyError:
        await speak_of(thread)
        raise InputRefusedError(say(BUSY)) from None


async def _enter(stack: AsyncExitStack, fences: Fences, thread: str) -> None:
    for _ in range(PAUSES):
        with suppress(ThreadBusyError):
            return await stack.enter_async_context(fences.hold(thread))
        await asyncio.sleep(PAUSE_SECONDS)
    await stack.enter_async_context(fences.hold(thread))


globals().update({pattern: _serve(pattern) for pattern in PATTERN_NAMES})
"""A graph a pattern, as langgraph.json names them."""
