"""Waiting: a call waits for its thread to rest, and is answered with how the thread is then."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from mcp_types import CallToolResult

from graph.languages.catalogue import language_of
from graph.mcp.call import Call, result_of
from graph.mcp.progress import reported
from graph.mcp.ways import ways_to_answer
from graph.problems import StorageError, UsageError
from graph.service.aside import aside
from graph.service.crew import DrainingError
from graph.service.reading import QUEUED, Look, look_at
from graph.store.index import RUNNING
from graph.threads import blaming
from policies.language import phrase, say, speaking

AT_WORK = (QUEUED, RUNNING, "interrupted")
LATER = phrase(
    "the run continues; `show` finds it by the thread `{name}`, and so does `decide` with it and the same arguments"
)
WAITS = phrase("the thread `{name}` waits for people; `to_answer` says who may answer what with the tool `answer`")

Plain = dict[str, Any]


async def rested(call: Call, thread: str, seconds: float) -> Look:
    """Return a thread once it rests, or as it is after some seconds; the client hears meanwhile what happens.

    Raises:
        UsageError: the thread cannot be driven.
        StorageError: the database failed.
    """
    try:
        async with reported(call, thread):
            with suppress(TimeoutError, DrainingError):
                async with asyncio.timeout(seconds):
                    await call.service.drives.rested(thread)
    except StorageError:
        raise
    except UsageError as error:
        raise UsageError(say("{problem}; the thread is `{name}`", problem=error, name=thread)) from None
    return await look_at(call.service, thread)


async def result(call: Call, look: Look, problem: str | None = None) -> CallToolResult:
    """Return how a thread is: its record once it rests, with the ways to answer it where it waits; else where it is.

    `problem` is why an answer was not taken.
    """
    with speaking(language_of(look.past.language)), blaming(look.thread, look.state):
        value = await aside(_told, call, look)
    return result_of({**value, "problem": problem} if problem else value)


def _told(call: Call, look: Look) -> Plain:
    record: Mapping[str, Any] = look.record
    if record["status"] in AT_WORK:
        kept = ("thread_id", "status", "team", "title", "goal")
        return {**{name: record.get(name) for name in kept}, "message": say(LATER, name=look.thread)}
    if look.past.waiting:
        ways = ways_to_answer(look, call.caller)
        return {**record, "message": say(WAITS, name=look.thread), "to_answer": ways}
    return {**record}
