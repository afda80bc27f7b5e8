"""The gate: every request passes it before any route, ours or the LangGraph server's, and it says who calls."""

from starlette.types import ASGIApp, Receive, Scope, Send

from graph.web.calls import CALLER
from policies.access.caller import NOBODY


class Gate:
    """The outermost middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or answer it here."""
        if scope["type"] == "http":
            scope[CALLER] = NOBODY
        await self._app(scope, receive, send)
