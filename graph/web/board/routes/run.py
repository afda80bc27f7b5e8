"""Run: the page of one thread in whatever state it is, the part of it that changes, and what happens as a stream."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, StreamingResponse

from graph.service.following import Following
from graph.service.service import Service
from graph.web.board.pages import shown
from graph.web.board.seen import seen
from graph.web.calls import Calling, Serving
from graph.web.named import Kept, There
from graph.web.routes.events import LastSeen, Seq, stream_of
from policies.language import speaking

router = APIRouter(prefix="/board/runs", include_in_schema=False)


@router.get("/{thread}", response_class=HTMLResponse)
async def run(request: Request, thread: Kept, service: Serving) -> HTMLResponse:
    """Show a thread: live while it runs, what it asks while it waits, the decision once it has one."""
    return await _drawn(request, service, thread, "run.html")


@router.get("/{thread}/live", response_class=HTMLResponse)
async def live(request: Request, thread: Kept, service: Serving) -> HTMLResponse:
    """Return the part of that page which changes, alone."""
    return await _drawn(request, service, thread, "live.html")


@router.get("/{thread}/events", response_class=StreamingResponse)
async def events(
    thread: There, service: Serving, caller: Calling, after: Seq = -1, last_event_id: LastSeen = None
) -> StreamingResponse:
    """Follow a thread, as `GET /v1/runs/{thread}/events` does."""
    return stream_of(Following(service, caller, thread, after if last_event_id is None else last_event_id))


async def _drawn(request: Request, service: Service, thread: str, template: str) -> HTMLResponse:
    found = await seen(service, thread)
    with speaking(found.language):
        return await shown(request, template, found.status, **found.values)
