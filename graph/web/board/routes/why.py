"""Why: the whole explanation of a thread, its page to print, and its record to keep."""

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import HTMLResponse

from graph.people import is_shut
from graph.report.dossier.whole import whole_of
from graph.service.aside import aside
from graph.service.reading import Look, reading
from graph.service.service import Service
from graph.web.board.pages import HEADERS, shown
from graph.web.board.routes.teams import is_open_to
from graph.web.calls import Calling, Serving
from graph.web.named import Kept, There
from graph.web.printed import dossier_for, export_of, report_of, verification_of
from policies.access.caller import Caller

router = APIRouter(prefix="/board/runs", include_in_schema=False)


@router.get("/{thread}/why", response_class=HTMLResponse)
async def why(request: Request, thread: There, service: Serving, caller: Calling) -> HTMLResponse:
    """Show why a thread decided as it did: every row with what it read, the guards, and what would have changed it."""
    async with reading(service, thread) as look:
        whole = await aside(whole_of, thread, look.state)
        return await shown(request, "why.html", whole=whole, **await decided(service, look, caller))


async def decided(service: Service, look: Look, caller: Caller) -> dict[str, Any]:
    """Return {dossier, verified, is_offered, is_shut} of a thread that has begun, in the language that is spoken.

    Raises:
        StorageError: the database failed.
    """
    dossier = await dossier_for(service, look, caller)
    return {
        "dossier": dossier,
        "verified": await verification_of(service, look.thread, caller),
        "is_offered": await is_open_to(service, dossier["team"]["name"], caller),
        "is_shut": is_shut(look.past, caller),
    }


@router.get("/{thread}/report", response_class=Response)
async def report(thread: There, service: Serving, caller: Calling) -> Response:
    """Return the page of a thread that loads nothing, to be kept and printed."""
    return await report_of(service, thread, caller)


@router.get("/{thread}/audit", response_class=Response)
async def audit(thread: Kept, service: Serving, caller: Calling) -> Response:
    """Return the events of a thread as a file, whose record can be verified without this service."""
    answer = await export_of(service, thread, caller)
    answer.headers.update(HEADERS)
    answer.headers["content-disposition"] = 'attachment; filename="record.ndjson"'
    return answer
