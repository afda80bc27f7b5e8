"""Watched: each request gets an id, is counted and logged, and fails with a problem where nobody foresaw it."""

import re
import time
import uuid
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph.web.calls import is_outer_request
from graph.web.logs import CAUSE, REQUEST, Write, places_of
from graph.web.metrics import Metrics
from graph.web.problems import unexpected
from policies.access.tokens import holds_half_token

HEADER = "x-request-id"
SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
"""Which ids of a client are kept."""
NOTES = "accord.notes"
"""Under this key the scope has a table of what is noted of the request; every copy of the scope has the same."""
UNKNOWN = "-"
"""The route of what has none."""
CLOSED = 499
"""What is noted where the client went away before it was answered."""


class Watched:
    """The outermost middleware."""

    def __init__(self, app: ASGIApp, write: Write, metrics: Metrics) -> None:
        self._app, self._write, self._metrics = app, write, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, and note it."""
        if not is_outer_request(scope):
            await self._app(scope, receive, send)
            return
        status, began = CLOSED, time.perf_counter()
        scope[REQUEST] = request = _id_of(scope)
        scope["headers"] = _with_id(scope, request)
        notes: dict[str, Any] = {}
        scope[NOTES] = notes

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            self._write("failed", "error", request=request, error=type(error).__name__, places=places_of(error))
            if status != CLOSED:  # the answer has begun, and cannot become another
                raise
            await unexpected()(scope, receive, sending)
        finally:
            self._note(scope, notes, status, time.perf_counter() - began)

    def _note(self, scope: Scope, notes: dict[str, Any], status: int, seconds: float) -> None:
        method, route = scope["method"][:20], notes.pop("route", UNKNOWN)
        self._metrics.answered(method, route, status, seconds)
        told = {"request": scope[REQUEST], "method": method, "route": route, "status": status}
        beside = {name: value for name, value in notes.items() if value is not None}
        self._write("request", **told, ms=round(seconds * 1_000, 1), **beside)


class Noted:
    """The middleware behind the gate: what is known of a request once it was routed, for the outermost one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, and note which thread it names; who calls and on which route, the gate has noted."""
        notes: dict[str, Any] = scope.get(NOTES, {})
        try:
            await self._app(scope, receive, send)
        finally:
            path = scope.get("path_params") or {}
            notes["thread"] = path.get("thread") or path.get("thread_id")
            notes["cause"] = scope.get(CAUSE)
            notes.setdefault("route", getattr(scope.get("route"), "path", UNKNOWN))


def _id_of(scope: Scope) -> str:
    given = Headers(scope=scope).get(HEADER, "")
    return given if SANE.fullmatch(given) and not holds_half_token(given) else uuid.uuid4().hex


def _with_id(scope: Scope, request: str) -> list[tuple[bytes, bytes]]:
    """Return the headers with this id in place of what the client sent: the LangGraph server logs what it finds."""
    others = [(name, value) for name, value in scope["headers"] if name.lower() != HEADER.encode()]
    return [*others, (HEADER.encode(), request.encode())]
