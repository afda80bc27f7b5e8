"""Runs: the threads of a tenant, newest first, and those alone that are looked for."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from graph.past import Past
from graph.report.dossier.offices import NO_OFFICES, Titles, offices_of
from graph.service.listing import Listed, Wanted, listed, taken_again
from graph.service.service import Service
from graph.states import UNREADABLE
from graph.store.names import admission_order
from graph.web.board.pages import shown
from graph.web.board.rows import STATUSES, row_of, said_status
from graph.web.calls import Calling, Serving
from graph.web.paging import After, cursor_of, mark_of

ON_A_PAGE = 50

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
    before = mark_of(after) if after else None
    found, has_more = await listed(service, Wanted(caller.tenant, team or None, status or None), ON_A_PAGE, before)
    newer = await taken_again(service, found)
    following = cursor_of(admission_order(found[-1])) if has_more else None
    return await shown(
        request,
        "runs.html",
        runs=[row_of(each, await _offices(service, each), newer.get(each["thread_id"])) for each in found],
        statuses=[(name, said_status(name)) for name in STATUSES],
        status_now=status,
        team_now=team,
        teams=sorted({str(each["team"]) for each in found if each["team"]}),
        is_first=before is None,
        first=_address(status, team),
        following=_address(status, team, following) if following else None,
    )


async def _offices(service: Service, entry: Mapping[str, Any]) -> Titles:
    """Return what people call those whom a thread waits for; nothing of one that does not wait, or cannot be read."""
    if entry["status"] != "waiting":
        return NO_OFFICES
    try:
        return offices_of(Past.of(await service.runner.threads.state(entry["thread_id"]) or {}))
    except UNREADABLE:
        return NO_OFFICES


def _address(status: str, team: str, after: str | None = None) -> str:
    """Return the address of a page of the list as it is looked through."""
    query = {name: value for name, value in (("status", status), ("team", team), ("after", after)) if value}
    return f"/board?{urlencode(query)}" if query else "/board"
