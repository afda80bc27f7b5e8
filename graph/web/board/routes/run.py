"""Run: the page of one thread in whatever state it is, the part of it that changes, and what happens as a stream."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, StreamingResponse

from graph.past import Past
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
    found, past = await seen(service, thread), Past()
    if answered is not None and found.dossier is not None:
        past = Past.of(await service.runner.threads.state(thread) or {})
    with speaking(found.language):
        arrived = arrived_in_words(past, answered, caller)
        beside = {"around": None if found.lost else await around(service, caller, thread), "arrived": arrived}
        values = {**await _beside(service, caller, thread, found), **found.values}
        return await shown(request, "run.html", found.status, **beside, **values)


@router.get("/{thread}/live", response_class=HTMLResponse)
async def live(request: Request, thread: Kept, service: Serving, caller: Calling) -> HTMLResponse:
    """Return the part of that page which changes, alone."""
    found = await seen(service, thread)
    with speaking(found.language):
        values = {**await _beside(service, caller, thread, found), **found.values}
        return await shown(request, "live.html", found.status, **values)


@router.get("/{thread}/events", response_class=StreamingResponse)
async def events(
    thread: There, service: Serving, caller: Calling, after: Seq = -1, last_event_id: LastSeen = None
) -> StreamingResponse:
    """Follow a thread, as `GET /v1/runs/{thread}/events` does."""
    return stream_of(Following(service, caller, thread, after if last_event_id is None else last_event_id))


async def _beside(service: Service, caller: Caller, thread: str, found: Seen) -> dict[str, Any]:
    """Return {verified, mine, is_offered}, besides the dossier of a page; the caller may answer the questions `mine`.

    Raises:
        StorageError: the database failed.
    """
    dossier = found.dossier or {}
    is_offered = bool(dossier) and await is_open_to(service, dossier["team"]["name"], caller)
    mine = [] if found.lost else await _mine(service, caller, thread, found)
    return {"verified": await _verified(service, caller, thread, found), "mine": mine, "is_offered": is_offered}


async def _mine(service: Service, caller: Caller, thread: str, found: Seen) -> list[str]:
    """Return the ids of the open questions that a caller may answer."""
    names = [each["id"] for each in found.values["asked"]]
    past = Past.of(await service.runner.threads.state(thread) or {}) if names else Past()
    asked = [each for name in names if (each := asked_in(past, name)) is not None]
    return [each.question.id for each in asked if each.may_answer(caller)]


async def _verified(service: Service, caller: Caller, thread: str, found: Seen) -> Any:
    """Return whether the record of a thread that is over is as it was written."""
    is_over = found.dossier is not None and not found.is_followed
    return await verification_of(service, thread, caller) if is_over else None
