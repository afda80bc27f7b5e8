"""Runs: the threads of a tenant, newest first."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from graph.service.listing import Listed, Wanted, listed
from graph.store.names import admission_order
from graph.web.board.pages import shown
from graph.web.calls import Calling, Serving
from graph.web.paging import After, cursor_of, mark_of

ON_A_PAGE = 50

router = APIRouter(prefix="/board", include_in_schema=False)


@router.get("", response_class=HTMLResponse)
async def runs(
    request: Request,
    service: Serving,
    caller: Calling,
    status: Listed | None = None,
    team: Annotated[str | None, Query(max_length=80)] = None,
    after: After = None,
) -> HTMLResponse:
    """Show the threads of the caller's tenant, the one that was admitted last first."""
    before = None if after is None else mark_of(after)
    found, has_more = await listed(service, Wanted(caller.tenant, team, status), ON_A_PAGE, before)
    following = cursor_of(admission_order(found[-1])) if has_more else None
    return await shown(request, "runs.html", runs=found, following=following, status_now=status, team=team)
