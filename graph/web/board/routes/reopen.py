"""Reopen: a decision is taken again, once, in a thread of its own."""

from fastapi import APIRouter
from starlette.responses import HTMLResponse, RedirectResponse

from graph.people import run_path
from graph.service.reopened import reopened
from graph.web.board.pages import HEADERS
from graph.web.calls import Calling, Serving
from graph.web.named import There

router = APIRouter(prefix="/board", include_in_schema=False)


@router.post("/runs/{thread}/reopen", response_class=HTMLResponse)
async def reopen(thread: There, service: Serving, caller: Calling) -> RedirectResponse:
    """Take a decision again that should be, and lead to the thread in which it is; to that one each time."""
    return RedirectResponse(run_path(await reopened(service, thread, caller.tenant)), 303, HEADERS)
