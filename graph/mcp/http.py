"""HTTP: clients of the protocol behind the same gate as those of the service, each session for its own token."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from fastapi import FastAPI
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from graph.mcp.crowd import IDLE_SECONDS, Crowd, Session
from graph.mcp.incoming import find_call, judged
from graph.mcp.lasting import GONE
from graph.mcp.parameters import unknown_version
from graph.mcp.server import Handlers, build_server
from graph.service.service import Service
from graph.service.unless import EndedError, unless
from graph.web.app import build_app
from graph.web.bodies import aside, replayed
from graph.web.calls import CALLER
from graph.web.gate.arrival import arrival_in
from graph.web.gate.lasting import BEGINS, END
from graph.web.gate.rights import TOOLS
from graph.web.logs import Write
from graph.web.routes import operations
from policies.access.caller import Caller
from policies.access.tokens import digest_of

PATH = "/mcp"
VERSION, SESSION = "mcp-protocol-version", "mcp-session-id"


def build_tools(service: Service, write: Write) -> FastAPI:
    """Return the application that serves the tools at `/mcp`, and what monitors ask."""
    server = build_server(Handlers(service, _caller, write))
    manager = StreamableHTTPSessionManager(
        server, session_idle_timeout=IDLE_SECONDS, max_request_body_size=service.terms.max_bytes
    )

    @asynccontextmanager
    async def opened() -> AsyncIterator[Service]:
        async with manager.run():
            yield service

    app = build_app(opened, write, [operations.router], rights=TOOLS)
    app.router.routes.append(Route(PATH, Endpoint(service, manager)))
    return app


async def _caller(context: Any) -> Caller:
    """Return who sent a message, as the gate found."""
    request: Request = context.request
    caller: Caller = request.scope[CALLER]
    return caller


class Endpoint:
    """Hands requests on to the library, each as that of its token's holder."""

    def __init__(self, service: Service, manager: StreamableHTTPSessionManager) -> None:
        self._service, self._manager, self._crowd = service, manager, Crowd()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        token = arrival_in(scope).token
        if token is not None:  # by this the library knows whose a session is
            scope["user"] = AuthenticatedUser(AccessToken(token="-", client_id=digest_of(token), scopes=[]))
        refusal = unknown_version(Headers(scope=scope).get(VERSION))
        if refusal is not None:
            await JSONResponse(refusal, 400)(scope, receive, send)
        elif scope["method"] == "POST":
            await self._post(scope, receive, send)
        elif scope["method"] == "GET":
            await self._follow(scope, receive, send)
        else:
            await self._in_session(scope, receive, send)

    async def _post(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, most = await Request(scope, receive).body(), self._service.terms.max_bytes
        found = await aside(len(body), judged, body, most)
        if found.refusal is not None:
            await JSONResponse(found.refusal, 200 if "result" in found.refusal else 400)(scope, receive, send)
            return
        scope[GONE] = gone = asyncio.Event()
        is_call = await aside(len(found.data), find_call, found.data) is not None
        try:
            with self._crowd.calling(scope[CALLER]) if is_call else nullcontext():
                await self._in_session(_sized(scope, found.data), replayed(found.data, receive), send)
        finally:
            gone.set()

    async def _in_session(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the library serve a request, and note which session it opens, uses or ends."""
        session = self._session(scope)
        if session is None:
            await self._manager.handle_request(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == BEGINS:
                name = Headers(raw=message["headers"]).get(SESSION)
                session.answered(scope["method"], name, is_good=message["status"] < 400)
            await send(message)

        with session.used():
            await self._manager.handle_request(scope, receive, sending)

    def _session(self, scope: Scope) -> Session | None:
        """Return the session of a request, or the one that it is to open; None of a request without one.

        Raises:
            ProblemError: its caller has too many.
        """
        headers, caller = Headers(scope=scope), scope[CALLER]
        name = headers.get(SESSION)
        if headers.get(VERSION) in MODERN_PROTOCOL_VERSIONS:
            return None
        return self._crowd.open(caller) if name is None else self._crowd.find(name, caller)

    async def _follow(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a stream of messages for a client until the process ends, which would wait for it."""
        has_begun = False

        async def sending(message: Message) -> None:
            nonlocal has_begun
            has_begun = has_begun or message["type"] == BEGINS
            await send(message)

        try:
            await unless(self._service.drives.ending.wait(), self._in_session(scope, receive, sending))
            return
        except EndedError:
            pass
        if has_begun:
            await send(END)


def _sized(scope: Scope, body: bytes) -> Scope:
    """Return a request that says how long its body is by now."""
    others = [each for each in scope["headers"] if each[0] != b"content-length"]
    return {**scope, "headers": [*others, (b"content-length", str(len(body)).encode())]}
