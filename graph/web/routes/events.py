"""Events: what happens to a thread as a stream (SSE), from any event on."""

import json
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

import rfc8785
from fastapi import APIRouter, Header, Query
from starlette.responses import StreamingResponse

from graph.service.following import Following, Told
from graph.web.calls import Calling, Serving
from graph.web.named import There

router = APIRouter(prefix="/v1/runs", tags=["runs"])
MEDIA = "text/event-stream"
STREAM: dict[int | str, Any] = {200: {"content": {MEDIA: {"schema": {"type": "string"}}}, "description": "The events."}}
KEEP_ALIVE_SECONDS = 15.0
MOST = 2**53 - 1
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""No proxy keeps a stream back, nor what it said."""
FIRST, ALIVE = b"retry: 1000\n\n", b":\n\n"

Seq = Annotated[int, Query(ge=-1, le=MOST, description="The `seq` of the last event that is known.")]
LastSeen = Annotated[int | None, Header(ge=-1, le=MOST, description="As `after`, and it counts where both are given.")]


@router.get(
    "/{thread}/events",
    response_class=StreamingResponse,
    responses=STREAM,
)
async def events(
    thread: There, service: Serving, caller: Calling, after: Seq = -1, last_event_id: LastSeen = None
) -> StreamingResponse:
    """Follow a thread: its recorded events, each with its `seq` as id, and what is only live as `live`.

    The stream ends with `end` once the thread rests for good; cut off, it continues from `Last-Event-ID`.
    """
    return stream_of(Following(service, caller, thread, after if last_event_id is None else last_event_id))


def stream_of(following: Following) -> StreamingResponse:
    """Return the stream of what happens to a thread, however it is asked for."""
    return StreamingResponse(_written(following), media_type=MEDIA, headers=HEADERS)


async def _written(following: Following) -> AsyncIterator[bytes]:
    yield FIRST
    told_at = time.monotonic()
    async for batch in following.told():
        for told in batch:
            yield written(told)
        if batch:
            told_at = time.monotonic()
        elif time.monotonic() - told_at > KEEP_ALIVE_SECONDS:
            told_at = time.monotonic()
            yield ALIVE
        if following.is_ending:
            return


def written(told: Told) -> bytes:
    r"""Return an item of a stream as bytes.

    >>> written(Told("admitted", {"seq": 0}, 0))
    b'id: 0\nevent: admitted\ndata: {"seq":0}\n\n'
    """
    if told.seq is None:
        return f"event: {told.kind}\ndata: {json.dumps(told.data, ensure_ascii=False)}\n\n".encode()
    return f"id: {told.seq}\nevent: {told.kind}\ndata: ".encode() + rfc8785.dumps(told.data) + b"\n\n"
