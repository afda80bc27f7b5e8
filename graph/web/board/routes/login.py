"""Login: a person shows their token once, and the board keeps a session for them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from graph.service.service import Service
from graph.store.tokens import Tokens
from graph.web.board.forms import form_of, is_secure
from graph.web.board.pages import HEADERS, shown
from graph.web.calls import Calling, Serving
from graph.web.gate.arrival import SESSION_COOKIE
from graph.web.gate.visits import FORM_COOKIE, SESSION
from policies.access.caller import NOBODY
from policies.access.cookies import find_cookie
from policies.access.returning import BOARD, LOGIN, page_after
from policies.access.tokens import find_token
from policies.language import say

router = APIRouter(prefix=BOARD, include_in_schema=False)


@router.get("/login", response_class=HTMLResponse)
async def login(
    request: Request, caller: Calling, next: Annotated[str, Query(max_length=2_000)] = BOARD, out: str | None = None
) -> Response:
    """Ask for a token; where there is none at all, nobody need log in. Whoever has logged out reads that they have."""
    following = page_after(next)
    return _to(following) if caller == NOBODY else await _asked(request, following, is_out=out is not None)


@router.post("/login", response_class=HTMLResponse)
async def log_in(request: Request, service: Serving, caller: Calling) -> Response:
    """Begin a session of whoever holds a token; the browser has a new cookie from then on."""
    form = form_of(request)
    following = page_after(form.get("next", ""))
    if caller == NOBODY:
        return _to(following)
    text, now = find_token([], ["".join(form.get("token", "").split())]), service.runner.now()
    token = await Tokens(service.database.store).find(text, now) if text else None
    if text is None or token is None:
        told = say("the token is not accepted: it is not known, it expired or was revoked")
        return await _asked(request, following, told, status=403)
    await _end(request, service)
    cookie, session = await service.sessions.begin(text, token, now)
    answer, secure, lasts = _to(following), is_secure(service), session.seconds_left(now)
    answer.set_cookie(SESSION_COOKIE, cookie, lasts, path=BOARD, secure=secure, httponly=True, samesite="strict")
    answer.delete_cookie(FORM_COOKIE, path=BOARD, secure=secure, httponly=True, samesite="lax")
    return answer


@router.post("/logout", response_class=HTMLResponse)
async def log_out(request: Request, service: Serving) -> Response:
    """End the session."""
    await _end(request, service)
    answer = _to(f"{LOGIN}?out=yes")
    answer.delete_cookie(SESSION_COOKIE, path=BOARD, secure=is_secure(service), httponly=True, samesite="strict")
    return answer


async def _asked(
    request: Request, following: str, problem: str | None = None, status: int = 200, is_out: bool = False
) -> Response:
    return await shown(request, "login.html", status, following=following, problem=problem, is_out=is_out)


async def _end(request: Request, service: Service) -> None:
    """End the session that the browser has, good or not."""
    cookie = request.scope.get(SESSION) or find_cookie(SESSION_COOKIE, request.headers.getlist("cookie"))
    if cookie is not None:
        await service.sessions.end(cookie)


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, 303, HEADERS)
