"""Runs: the threads of a tenant, newest first, and those alone that are looked for."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from graph.past import Past
from graph.report.dossier.offices import NO_OFFICES, Titles, offices_of
from graph.service.listing import Listed, Wanted, taken_again
from graph.service.service import Service
from graph.states import UNREADABLE
from graph.web.board.pages import ON_A_PAGE, address_of, shown
from graph.web.board.rows import STATUSES, row_of, said_status
from graph.web.calls import Calling, Serving
from graph.web.listed import threads_page
from graph.web.paging import After
from policies.access.returning import BOARD

router = APIRouter(prefix="/board", include_in_schema=False)


@router.get("", response_class=HTMLResponse)
async def runs(
    request: Request,
    service: Serving,
    caller: Calling,
    status: Listed | Literal[""] = "",
    team: Annotated[str, Query(max_length=80)] = "",
    after: After = None,
) -> HTMLResponse:
    """Show the threads of the caller's tenant, the one that was admitted last first."""
    page = await threads_page(service, Wanted(caller.tenant, team or None, status or None), ON_A_PAGE, after or None)
    found = page["items"]
    newer = await taken_again(service, found)
    return await shown(
        request,
        "runs.html",
        runs=[row_of(each, await _offices(service, each), newer.get(each["thread_id"])) for each in found],
        statuses=[(name, said_status(name)) for name in STATUSES],
        status_now=status,
        team_now=team,
        teams=sorted({str(each["team"]) for each in found if each["team"]}),
        is_first=not after,
        first=address_of(BOARD, status=status, team=team),
        following=address_of(BOARD, status=status, team=team, after=page["next"]) if page["next"] else None,
    )


async def _offices(service: Service, entry: Mapping[str, Any]) -> Titles:
    """Return what people call those whom a thread waits for; nothing of one that does not wait, or cannot be read."""
    if entry["status"] != "waiting":
        return NO_OFFICES
    try:
        return offices_of(Past.of(await service.runner.threads.state(entry["thread_id"]) or {}))
    except UNREADABLE:
        return NO_OFFICES
