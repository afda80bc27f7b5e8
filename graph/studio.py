"""What `langgraph dev` and Studio load: a graph for each pattern, of the team that an assistant names.

Compiled without a checkpointer and a store: the server brings both, from `graph/store/served.py`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from functools import cache
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph_sdk.runtime import ServerRuntime

from graph.build import RECURSION_LIMIT, build_graph
from graph.facts.loader import load_facts
from graph.problems import UsageError
from graph.settings import Settings, load_settings
from graph.store.fences import FencedError, Fences
from graph.store.index import note_served
from graph.store.locks import ThreadBusyError
from graph.teams.approval import approved
from graph.teams.examples import examples
from graph.teams.loader import load_team
from graph.teams.voicing import voiced
from graph.tracing import config_of, serve_tracing
from graph.versions import installed_versions
from graph.voices import build_voices
from nodes.services import InputRefusedError, Services
from policies.team.team import PATTERN_NAMES, PatternName

Factory = Callable[[RunnableConfig, ServerRuntime[Any]], AbstractAsyncContextManager[Any]]

WRITING = ("threads.create_run", "threads.update")
"""What the server wants a graph for when it writes to the thread."""
BUSY = "busy: somebody else works on this thread; try again when they are done"
PAUSES, PAUSE_SECONDS = 20, 0.2
"""A run waits for one of the same thread that this server has just cut."""


def _serve(pattern: PatternName) -> Factory:
    """Return the factory of a pattern's graph, as langgraph.json names it."""

    @asynccontextmanager
    async def graph(config: RunnableConfig, runtime: ServerRuntime[Any]) -> AsyncIterator[Any]:
        """Yield the graph of the team named in `configurable.team`; without a name, of the pattern's example.

        Raises:
            InputRefusedError: there is no such team, its pattern is another one, or its file has problems; or
                somebody else works on the thread, or has taken it meanwhile.
        """
        configurable = config.get("configurable", {})
        named = configurable.get("team")
        try:
            # In a thread: in its event loop the server refuses to read files.
            compiled = await asyncio.to_thread(_compiled, pattern, None if named is None else str(named))
        except UsageError as error:
            raise InputRefusedError(str(error)) from None
        thread = configurable.get("thread_id") if runtime.access_context in WRITING else None
        async with _held(runtime.store, thread):
            yield compiled

    return graph


@asynccontextmanager
async def _held(store: Any, thread: str | None) -> AsyncIterator[None]:
    """Hold a thread while the server writes to it, as the command line does; no thread: it only looks."""
    if thread is None:
        yield
        return
    try:
        async with AsyncExitStack() as stack:
            await _enter(stack, store.fences, str(thread))
            yield
    except FencedError as error:
        raise InputRefusedError(f"busy: {error}") from None
    except ThreadBusyError:
        raise InputRefusedError(BUSY) from None


async def _enter(stack: AsyncExitStack, fences: Fences, thread: str) -> None:
    for _ in range(PAUSES):
        with suppress(ThreadBusyError):
            return await stack.enter_async_context(fences.hold(thread))
        await asyncio.sleep(PAUSE_SECONDS)
    await stack.enter_async_context(fences.hold(thread))


globals().update({pattern: _serve(pattern) for pattern in PATTERN_NAMES})
"""A graph a pattern, as langgraph.json names them."""


@cache
def _process() -> tuple[Settings, Services]:
    """Return what all runs of this process share, made at the first one."""
    settings = load_settings()
    told = serve_tracing(settings)
    return settings, Services(
        build_voices(settings), load_facts, versions=installed_versions(), note_thread=note_served, annotate=told
    )


def _compiled(pattern: PatternName, name: str | None) -> Any:
    settings, services = _process()
    team = load_team(name or examples()[pattern])
    if team.pattern != pattern:
        raise UsageError(f"the team `{name}` works by `{team.pattern}`; run it on the graph `{team.pattern}`")
    team = approved(voiced(team, settings))
    graph = build_graph(team, services).compile(name=team.name)
    return graph.with_config(recursion_limit=RECURSION_LIMIT, **config_of(team))
