"""Run: the page of one thread in whatever state it is, the part of it that changes, and what happens as a stream."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, StreamingResponse

from graph.people import is_shut
from graph.service.following import Following
from graph.service.questions import asked_in
from graph.service.service import Service
from graph.web.board.answers.arrived import arrived_in_words
from graph.web.board.pages import shown
from graph.web.board.routes.teams import is_open_to
from graph.web.board.seen import Seen, seen
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
    """Show a thread: live while it runs, what it asks while it waits, its decision, and what became of that.

    Whoever was led here by an answer to the question `answered` reads what the record has of it.
    """
    found = await seen(service, thread)
    with speaking(found.language):
        values, arrived = await _values(service, caller, found), arrived_in_words(found.past, answered, caller)
        return await shown(request, "run.html", found.status, arrived=arrived, **values)


@router.get("/{thread}/live", response_class=HTMLResponse)
async def live(request: Request, thread: Kept, service: Serving, caller: Calling) -> HTMLResponse:
    """Return the part of that page which changes, alone."""
    found = await seen(service, thread)
    with speaking(found.language):
        return await shown(request, "live.html", found.status, **await _values(service, caller, found))


@router.get("/{thread}/events", response_class=StreamingResponse)
async def events(
    thread: There, service: Serving, caller: Calling, after: Seq = -1, last_event_id: LastSeen = None
) -> StreamingResponse:
    """Follow a thread, as `GET /v1/runs/{thread}/events` does."""
    return stream_of(Following(service, caller, thread, after if last_event_id is None else last_event_id))


async def _values(service: Service, caller: Caller, found: Seen) -> dict[str, Any]:
    """Return what the part that changes is drawn from; the record of a thread is verified once that is over.

    The caller may answer the questions `mine`, and see the team where it `is_offered`.

    Raises:
        StorageError: the database failed.
    """
    dossier = found.dossier or {}
    is_over = found.dossier is not None and not found.is_followed
    return {
        **found.values,
        "verified": await verification_of(service, found.thread, caller) if is_over else None,
        "around": None if found.lost else await around(service, caller, found.thread, found.past),
        "is_shut": is_shut(found.past, caller),
        "is_offered": bool(dossier) and await is_open_to(service, dossier["team"]["name"], caller),
        "mine": [] if found.lost else [*_mine(caller, found)],
    }


def _mine(caller: Caller, found: Seen) -> Iterator[str]:
    """Yield the ids of the open questions that a caller may answer."""
    for each in found.values["asked"]:
        asked = asked_in(found.past, each["id"])
        if asked is not None and asked.may_answer(caller):
            yield asked.question.id
