"""Lasting: a call lasts only as long as its caller may make it, and its client is there to hear the answer."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import anyio

from graph.problems import StorageError, UsageError
from policies.language import say

LOOK_SECONDS = 2.0
"""How often it is asked again whether the caller still may."""
GONE = "accord.gone"
"""Under this key a request over HTTP has what is set once its client hears nothing more."""
Check = Callable[[], Awaitable[None]]
"""Raises UsageError where the caller may no more."""
T = TypeVar("T")


async def lasting(work: Awaitable[T], check: Check, gone: asyncio.Event) -> T:
    """Return what a call returns to whoever may still have it.

    Raises:
        UsageError: the caller may no more, or nobody hears the answer; the call was broken off.
        StorageError: the database failed.
    """
    problems: list[UsageError] = []
    with anyio.CancelScope() as cut:
        watching = asyncio.create_task(_watch(cut, check, gone, problems))
        try:
            found = await work
            await check()
            return found
        finally:
            watching.cancel()
    raise problems[0] if problems else UsageError(say("the client went away before the answer"))


def gone_of(request: Any) -> asyncio.Event:
    """Return what is set once the client of a call hears nothing more; over stdio the process ends with it."""
    found: asyncio.Event | None = request.scope.get(GONE) if request is not None else None
    return found or asyncio.Event()


async def _watch(cut: anyio.CancelScope, check: Check, gone: asyncio.Event, problems: list[UsageError]) -> None:
    """Break a call off once its client is gone, or its caller may no more."""
    while not gone.is_set() and not problems:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await gone.wait()
        try:
            await check()
        except StorageError:
            continue
        except UsageError as error:
            problems.append(error)
    cut.cancel()
