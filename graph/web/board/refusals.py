"""Refusals: whatever refuses something under /board, people read it on a page, in a language that they read."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph.languages.catalogue import best_of
from graph.web.board.pages import HEADERS, shown
from graph.web.calls import is_outer_request
from graph.web.gate.arrival import CREDENTIALS
from graph.web.gate.visits import SAFE
from graph.web.problems import MEDIA
from policies.access.returning import BOARD, LOGIN, is_board, page_after
from policies.language import phrase, say, speaking

TITLES = {
    400: phrase("This cannot be read"),
    401: phrase("Not logged in"),
    403: phrase("Not allowed"),
    404: phrase("Not found"),
    405: phrase("Not possible here"),
    409: phrase("Not possible now"),
    410: phrase("Gone"),
    413: phrase("Too large"),
    422: phrase("Something is wrong with what was sent"),
    429: phrase("Too many requests"),
    503: phrase("Not available now"),
}
OTHER = phrase("This did not work")
KEPT = ("allow", "connection", "retry-after", "www-authenticate")
"""Headers of a problem that its page has too."""


class Refusals:
    """The outermost middleware: it speaks the visitor's language under /board, and makes pages of problems."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; a page about a thread may speak another language while it is drawn."""
        if not is_outer_request(scope) or not is_board(scope["path"]):
            await self._app(scope, receive, send)
            return
        accepts = Headers(scope=scope).get("accept-language", "")
        with speaking(await asyncio.to_thread(best_of, accepts)):  # the first time, it reads catalogues
            await self._app(scope, receive, _Paged(scope, receive, send).send)


class _Paged:
    """What keeps a problem back until it is whole, and sends its page; everything else passes."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        """Send a message of an answer."""
        if message["type"] == "http.response.start" and _is_problem(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(MutableHeaders(raw=self._start["headers"]))

    async def _finish(self, headers: MutableHeaders) -> None:
        answer = await _answer(Request(self._scope), json.loads(self._body))
        for name in headers:
            if name in KEPT or name.startswith("x-"):
                answer.headers[name] = headers[name]
        await answer(self._scope, self._receive, self._send)


def _is_problem(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type") == MEDIA


async def _answer(request: Request, problem: dict[str, Any]) -> Response:
    status = int(problem["status"])
    is_stranger = status == 401 and CREDENTIALS.isdisjoint(request.headers.keys())
    if is_stranger and request.method in SAFE and request.headers.get("sec-fetch-mode", "navigate") == "navigate":
        return await _to_login(request)
    values = {
        "title": say(TITLES.get(status, OTHER)),
        "problem": problem,
        "login": login_for(request),
        "back": _back(request),
    }
    return await shown(request, "refused.html", status, **values)


async def _to_login(request: Request) -> Response:
    """Lead to the login; who followed a link from elsewhere first to the same page again.

    A browser sends a strict cookie only with what a page of ours asks for.
    """
    if request.headers.get("sec-fetch-site") == "cross-site":
        return await shown(request, "again.html", address=_address(request))
    return RedirectResponse(login_for(request), 303, HEADERS)


def login_for(request: Request) -> str:
    """Return the address at which to log in, and come back."""
    return f"{LOGIN}?next={quote(_address(request), safe='')}"


def _address(request: Request) -> str:
    """Return the address of a page that was asked for; of anything else, that of the first page."""
    query = request.url.query
    asked = quote(request.url.path, safe="/~:@+=,") + (f"?{query}" if query else "")
    return page_after(asked) if request.method in SAFE else BOARD


def _back(request: Request) -> str:
    """Return where a form was; it is sent to the page that shows it, or to one part more than that page has."""
    if request.method in SAFE:
        return BOARD
    path = request.url.path
    return page_after(path.rpartition("/")[0] if path.endswith("/reopen") else path)
