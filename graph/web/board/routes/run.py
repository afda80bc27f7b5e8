"""Run: the page of one thread in whatever state it is, the part of it that changes, and what happens as a stream."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, StreamingResponse

from graph.past import Past
from graph.service.following import Following
from graph.service.service import Service
from graph.web.board.answers.arrived import arrived_in_words
from graph.web.board.pages import shown
from graph.web.board.seen import seen
from graph.web.board.standing import around
from graph.web.calls import Calling, Serving
from graph.web.named import Kept, There
from graph.web.printed import verification_of
from graph.web.routes.events import LastSeen, Seq, stream_of
from policies.access.caller import Caller
from policies.language import speaking
from policies.people.answering import MAX_NAME

Answered = Annotated[str | None, Query(max_length=MAX_NAME)]

router = APIRouter(prefix="/board/runs", include_in_schema=False)


@router.get("/{thread}", response_class=HTMLResponse)
async def run(
    request: Request, thread: Kept, service: Serving, caller: Calling, answered: Answered = None
) -> HTMLResponse:
    """Show a thread: live while it runs, what it asks while it waits, the decision once it has one.

    Whoever was led here by an answer to the question `answered` reads what the record has of it.
    """
    return await _drawn(request, service, thread, "run.html", caller, answered)


@router.get("/{thread}/live", response_class=HTMLResponse)
async def live(request: Request, thread: Kept, service: Serving, caller: Calling) -> HTMLResponse:
    """Return the part of that page which changes, alone."""
    return await _drawn(request, service, thread, "live.html", caller)


@router.get("/{thread}/events", response_class=StreamingResponse)
async def events(
    thread: There, service: Serving, caller: Calling, after: Seq = -1, last_event_id: LastSeen = None
) -> StreamingResponse:
    """Follow a thread, as `GET /v1/runs/{thread}/events` does."""
    return stream_of(Following(service, caller, thread, after if last_event_id is None else last_event_id))


async def _drawn(
    request: Request, service: Service, thread: str, template: str, caller: Caller, answered: str | None = None
) -> HTMLResponse:
    found, past = await seen(service, thread), Past()
    if answered is not None and found.dossier is not None:
        past = Past.of(await service.runner.threads.state(thread) or {})
    with speaking(found.language):
        arrived = arrived_in_words(past, answered, caller)
        is_over = found.dossier is not None and not found.is_followed
        verified = await verification_of(service, thread, caller) if is_over else None
        later = await around(service, caller, thread) if template == "run.html" and not found.lost else None
        beside = {"arrived": arrived, "verified": verified, "around": later}
        return await shown(request, template, found.status, **beside, **found.values)
