"""Progress: what a client hears of a run while it waits, a sentence for each thing that happens."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from graph.mcp.call import Call
from graph.past import Past
from graph.problems import UsageError
from graph.report.terminal.board import Board
from graph.report.terminal.lines import headed, place_of
from policies.language import say

PAUSE_SECONDS = 1.0
"""How often it is looked where a run is that another process works on."""
MOST_KEPT = 1_000

Plain = dict[str, Any]


@asynccontextmanager
async def reported(call: Call, thread: str) -> AsyncIterator[None]:
    """Report to the client what happens to a thread meanwhile."""
    heard, woken, board = deque[Plain](maxlen=MOST_KEPT), asyncio.Event(), Board()

    def hear(event: Plain) -> None:
        heard.append(event)
        woken.set()

    async def pass_on() -> None:
        woken.clear()
        while heard:
            message = _said(board, heard.popleft())
            if message is not None:
                await call.tell(message)

    with call.service.runner.live.listening(thread, hear):
        telling = asyncio.create_task(_told(call, thread, woken, pass_on))
        try:
            yield
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
    await pass_on()


def _said(board: Board, event: Plain) -> str | None:
    """Return an event in words, as `accord run` says it, and that a seat was asked, which takes the time."""
    line = board.take(event, time.monotonic())
    if line is not None:
        return line.plain
    if event["event"] == "asked":
        return say("{where}: asked", where=headed(event, board.titles))
    return None


async def _told(call: Call, thread: str, woken: asyncio.Event, pass_on: Any) -> None:
    """Report what is heard as it comes; of a run that is at work elsewhere, in which round or stage it is."""
    has_heard, place, seen = False, None, None
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(PAUSE_SECONDS):
                await woken.wait()
        if woken.is_set():
            has_heard = True
            await pass_on()
        elif not has_heard and (newest := await call.newest(thread)) != seen:
            seen, now = newest, await _place(call, thread)
            if now not in (None, place):
                place = now
                await call.tell(str(now))


async def _place(call: Call, thread: str) -> str | None:
    """Return in which round or stage a thread is; None before it has begun."""
    with suppress(UsageError):
        past = Past.of(await call.service.runner.threads.state(thread) or {})
        placed = [event for event in past.events if event.get("round") and event.get("role")]
        return place_of(placed[-1], {}) if placed else None
    return None
