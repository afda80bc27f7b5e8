"""Watched: each request gets an id, is counted and logged, and fails with a problem where nobody foresaw it."""

import re
import time
import uuid
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph.web.calls import CALLER
from graph.web.logs import CAUSE, REQUEST, Write, places_of
from graph.web.metrics import Metrics
from graph.web.problems import unexpected

HEADER = "x-request-id"
SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
"""Which ids of a client are kept."""
ROUTE = "accord.route"
"""Under this key the scope may have the path of its route as it is written, where the router does not say."""
CLOSED = 499
"""What is noted where the client went away before it was answered."""


class Watched:
    """The outermost middleware."""

    def __init__(self, app: ASGIApp, write: Write, metrics: Metrics) -> None:
        self._app, self._write, self._metrics = app, write, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, and note it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began = CLOSED, time.perf_counter()
        scope[REQUEST] = request = _id_of(scope)

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
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route_of(scope)
        self._metrics.answered(scope["method"], route, status, seconds)
        self._write("request", **_told(scope, route, status, seconds))


def _id_of(scope: Scope) -> str:
    given = Headers(scope=scope).get(HEADER, "")
    return given if SANE.fullmatch(given) else uuid.uuid4().hex


def _route_of(scope: Scope) -> str:
    route = getattr(scope.get("route"), "path", None) or scope.get(ROUTE)
    return route or "-"


def _told(scope: Scope, route: str, status: int, seconds: float) -> dict[str, Any]:
    caller = scope.get(CALLER)
    told = {
        "request": scope[REQUEST],
        "method": scope["method"][:20],
        "route": route,
        "status": status,
        "ms": round(seconds * 1_000, 1),
        "tenant": caller and caller.tenant,
        "person": caller and caller.person,
        "thread": (scope.get("path_params") or {}).get("thread"),
        "cause": scope.get(CAUSE),
    }
    return {name: value for name, value in told.items() if value is not None}
