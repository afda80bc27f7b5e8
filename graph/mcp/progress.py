"""Progress: what a client hears of a run while it waits, a sentence for each thing that happens."""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import anyio

from graph.mcp.call import Call
from graph.report.terminal.board import Board
from graph.report.terminal.lines import headed, place_of
from graph.service.following import LIVE, Following, Told
from policies.language import say

Plain = dict[str, Any]


async def report(call: Call, thread: str) -> None:
    """Tell the client what happens to a thread, until this is cancelled, the thread ends or nobody listens."""
    board, is_live = Board(), False
    with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
        async for batch in Following(call.service, call.caller, thread, -1).told():
            is_live = is_live or any(each.kind == LIVE for each in batch)
            for message in _live(board, batch) if is_live else _recorded(batch):
                await call.tell(message)


def _live(board: Board, batch: Sequence[Told]) -> Iterator[str]:
    """Yield what is said of a run that this process works on, as `accord run` says it."""
    for told in batch:
        if told.kind != LIVE:
            continue
        line = board.take(told.data, time.monotonic())
        if line is not None:
            yield line.plain
        elif told.data["event"] == "asked":
            yield say("{where}: asked", where=headed(told.data, board.titles))


def _recorded(batch: Sequence[Told]) -> Iterator[str]:
    """Yield where a run is that another process works on."""
    places = [place_of(each.data, {}) for each in batch if each.data.get("round") and each.data.get("role")]
    yield from places[-1:]
