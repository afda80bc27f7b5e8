"""Waiting: a call waits for its thread to rest, and is answered with how the thread is then."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
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

NOT_AT_REST = (QUEUED, RUNNING, "interrupted")
LATER = phrase(
    "the run continues; `show` finds it by the thread `{name}`, and so does `decide` with it and the same arguments"
)
WAITS = phrase("the thread `{name}` waits for people; `to_answer` says who may answer what with the tool `answer`")

Plain = dict[str, Any]
SHORT_SECONDS = 5.0
"""So long a run is waited for after an answer, though the time of the call has run out while the person thought."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call waits for its run, and until when, however often somebody is asked meanwhile."""

    seconds: float
    until: float

    @classmethod
    def of(cls, seconds: float) -> "Patience":
        """Begin to wait."""
        return cls(seconds, time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """The seconds that are left."""
        return max(self.until - time.monotonic(), 0)

    @property
    def after_answer(self) -> float:
        """The seconds that are waited after an answer, so that whoever gave it sees what comes of it."""
        return max(self.left, min(self.seconds, SHORT_SECONDS))


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
    if record["status"] in NOT_AT_REST:
        kept = ("thread_id", "status", "team", "title", "goal")
        return {**{name: record.get(name) for name in kept}, "message": say(LATER, name=look.thread)}
    if look.past.waiting:
        ways = ways_to_answer(look, call.caller)
        return {**record, "message": say(WAITS, name=look.thread), "to_answer": ways}
    return {**record}
