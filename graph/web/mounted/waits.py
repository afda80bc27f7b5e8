"""Waits: which threads wait for people, as the server's list says it of those that others than the server ran."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from langgraph_sdk.errors import APIStatusError

from graph.web.mounted.listing import this_server, unasked

WAITING, UNSETTLED = "waiting", ("running", "damaged")
IDLE, INTERRUPTED = "idle", "interrupted"
"""What the server calls a thread that rests, and one that waits for people."""


async def note_waits(statuses: Mapping[str, str]) -> None:
    """Have the server say of its threads that rest whether they wait for people, by what the database says of each.

    One that works, or that cannot be read, is left as it is.
    """
    asked = [thread for thread, status in statuses.items() if status not in UNSETTLED]
    if not asked:
        return
    threads = this_server().threads
    rows = await unasked(threads.search(ids=asked, select=["thread_id", "status"], limit=len(asked)))
    for row in rows:
        waits = statuses[row["thread_id"]] == WAITING
        if row["status"] == (IDLE if waits else INTERRUPTED):
            with suppress(APIStatusError):  # it was deleted meanwhile, or its state cannot be read
                await _set_status(row["thread_id"], await unasked(threads.get_state(row["thread_id"])), waits)


async def _set_status(thread: str, seen: Any, waits: bool) -> None:
    # Its clients cannot set a status, and only the server on one machine keeps the list in this process.
    try:
        from langgraph_runtime.database import connect  # noqa: PLC0415
        from langgraph_runtime.ops import Threads  # noqa: PLC0415
    except ImportError:
        return
    asks = [{"id": task["id"], "interrupts": task["interrupts"]} for task in seen["tasks"]]
    values = {} if waits else seen["values"]  # no list shows what others answered to a question that is open
    kept = {"next": seen["next"], "values": values, "tasks": asks}
    async with connect() as connection:
        await Threads.set_status(connection, UUID(thread), kept, None)
