"""Lasting: an answer that comes bit by bit comes only as long as whoever asked for it may have it."""

import asyncio
from collections.abc import Awaitable, Callable

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOK_SECONDS = 2.0
"""How often it is asked again whether they may."""
BEGINS = "http.response.start"
END: Message = {"type": "http.response.body", "body": b"", "more_body": False}


class Lasting:
    """What the gate lets a request through to; it cuts a stream off whose token was revoked, or expired."""

    def __init__(self, app: ASGIApp, may_still: Callable[[], Awaitable[bool]]) -> None:
        self._app, self._may_still = app, may_still

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; once it is answered, the caller is looked at again and again."""
        looking: asyncio.Task[None] | None = None
        with anyio.CancelScope() as cut:

            async def sending(message: Message) -> None:
                nonlocal looking
                is_open = message["type"] == BEGINS or bool(message.get("more_body"))
                if is_open and looking is None:
                    looking = asyncio.create_task(self._look(cut))
                if looking is not None and not is_open:
                    looking.cancel()
                await send(message)

            try:
                await self._app(scope, receive, sending)
            finally:
                if looking is not None:
                    looking.cancel()
        if cut.cancelled_caught:
            await send(END)

    async def _look(self, cut: anyio.CancelScope) -> None:
        may = True
        while may:
            await asyncio.sleep(LOOK_SECONDS)
            may = await self._may_still()
        cut.cancel()
