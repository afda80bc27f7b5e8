"""Watch: the decisions of a tenant, what became of them, and looking at them now."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from graph.people import run_path
from graph.report.dossier.people import moment
from graph.service.aside import aside
from graph.service.looking import as_clashes
from graph.service.service import Service
from graph.service.watched import Ranked, Standing, ranked, standings
from graph.store.looks import LastLook
from graph.store.names import PATTERN, unknown_thread
from graph.web.board.forms import form_of
from graph.web.board.pages import HEADERS, shown
from graph.web.board.standing import LISTED, sight_of
from graph.web.calls import Calling, Serving
from graph.web.named import kept, there
from graph.web.paging import After, cursor_of, mark_of
from policies.access.caller import Caller
from policies.assurance.attention import URGENCY, Attention
from policies.language import phrase, say, say_count

ON_A_PAGE = 25
SOON_SECONDS = 2.0
"""So long whoever asks for a look waits for it; a longer one is seen when the page is loaded again."""
PAGE = "/board/watch"
UNDER_WAY = phrase("a look is under way already; this one was not begun")
NEVER = phrase("Nobody has asked here for a look at all decisions yet.")
ONE = phrase("One decision is being looked at.")

router = APIRouter(prefix="/board", include_in_schema=False)


@router.get("/watch", response_class=HTMLResponse)
async def watch(
    request: Request, service: Serving, caller: Calling, verdict: Attention | Literal[""] = "", after: After = None
) -> HTMLResponse:
    """Show the decisions of the caller's tenant and what the last look at each found, what needs attention first."""
    return await _page(request, service, caller, verdict or None, after)


@router.post("/watch", response_class=HTMLResponse)
async def look(request: Request, service: Serving, caller: Calling) -> Response:
    """Look at all decisions of the caller's tenant, or at that of a thread, and show what is found once it is."""
    form = form_of(request)
    thread = form.get("thread") or None
    if thread is not None:
        await _check(service, caller, thread)
    doing = await service.looking.begin(caller.tenant, caller.person, thread)
    if doing is None:
        return await _page(request, service, caller, status=409, problem=say(UNDER_WAY))
    await _soon(doing)
    back = run_path(thread) if thread and form.get("page") == "run" else PAGE
    return RedirectResponse(back, 303, HEADERS)


async def _check(service: Service, caller: Caller, thread: str) -> None:
    """Check that a form names a thread of the caller's tenant, which was not purged.

    Raises:
        NotFoundError: it is another tenant's, or there is none.
        PurgedError: it was purged.
    """
    if not PATTERN.fullmatch(thread):
        raise unknown_thread(thread)
    await there(await kept(thread, service, caller), service)


async def _soon(doing: "asyncio.Future[None]") -> None:
    """Wait a little for a look; one that lasts longer is not cut off.

    Raises:
        ConflictError: there is nothing to look at.
        StorageError: the database failed.
    """
    done, _ = await asyncio.wait([doing], timeout=SOON_SECONDS)
    with as_clashes():
        for each in done:
            each.result()


async def _page(
    request: Request,
    service: Service,
    caller: Caller,
    wanted: Attention | None = None,
    after: str | None = None,
    status: int = 200,
    problem: str | None = None,
) -> HTMLResponse:
    before = None if after is None else mark_of(after)
    last, is_under_way = await service.looking.now(caller.tenant)
    found = await ranked(service, caller.tenant)
    listed = [each for each in found if wanted in (None, each.attention)]
    left = [each for each in listed if before is None or each.mark > before]
    page = left[:ON_A_PAGE]
    return await shown(
        request,
        "watch.html",
        status,
        sights=await aside(_sights, await standings(service, page, caller.tenant)),
        following=cursor_of(page[-1].mark) if len(left) > ON_A_PAGE else None,
        wanted=wanted,
        total=len(found),
        filters=_filters(found),
        is_under_way=is_under_way,
        progress=_progress(last, is_under_way),
        may_run=caller.may("run"),
        problem=problem,
    )


def _sights(found: Sequence[Standing]) -> list[dict[str, Any]]:
    return [*map(sight_of, found)]


def _filters(found: Sequence[Ranked]) -> list[dict[str, Any]]:
    """Return {name, label, number} of what decisions ask for; what none asks for is left out."""
    counted = Counter(each.attention for each in found)
    return [{"name": each, "label": say(LISTED[each]), "number": counted[each]} for each in URGENCY if counted[each]]


def _progress(last: LastLook | None, is_under_way: bool) -> str:
    """Return in a sentence how the last look at all decisions went, or how far the one is that is under way."""
    if last is None or (is_under_way and last.ended_at is not None):
        return say(ONE if is_under_way else NEVER)
    said = {"person": last.by, "time": moment(last.ended_at or last.began_at)}
    if is_under_way:
        return say_count(
            "{person} asked for a look on {time}; it has looked at {number} decision so far.",
            "{person} asked for a look on {time}; it has looked at {number} decisions so far.",
            last.looked,
            **said,
        )
    return f"{_ended(last, said)} {_looked_at(last.looked)}"


def _ended(last: LastLook, said: dict[str, str]) -> str:
    if last.ended_at is None:
        return say("The last look broke off; {person} asked for it on {time}.", **said)
    if last.has_failed:
        return say(
            "The last look, which {person} asked for, failed on {time}; the log of the service says why.", **said
        )
    if last.is_cut_off:
        return say("The last look, which {person} asked for, took too long and ended on {time}.", **said)
    return say("The last look, which {person} asked for, ended on {time}.", **said)


def _looked_at(number: int) -> str:
    return say_count("It looked at {number} decision.", "It looked at {number} decisions.", number)
