"""Lasting: an answer that comes bit by bit comes only as long as whoever asked for it may have it."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOK_SECONDS = 2.0
"""How often it is asked again whether they may."""
BEGINS = "http.response.start"
END: Message = {"type": "http.response.body", "body": b"", "more_body": False}


class Lasting:
    """What the gate lets a request through to; it cuts a stream off whose token was revoked, or expired.

    An answer that was long in coming is not given to them either.
    """

    def __init__(self, app: ASGIApp, may_still: Callable[[], Awaitable[bool]], refusal: ASGIApp) -> None:
        self._app, self._may_still, self._refusal = app, may_still, refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; once it is answered, the caller is looked at again and again."""
        looking: asyncio.Task[None] | None = None
        began, has_begun = time.monotonic(), False
        with anyio.CancelScope() as cut:

            async def sending(message: Message) -> None:
                nonlocal looking, has_begun
                is_late = not has_begun and time.monotonic() - began > LOOK_SECONDS
                if is_late and not await self._may_still():
                    cut.cancel()
                    await anyio.lowlevel.checkpoint()
                has_begun = True
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
            await (send(END) if has_begun else self._refusal(scope, receive, send))

    async def _look(self, cut: anyio.CancelScope) -> None:
        may = True
        while may:
            await asyncio.sleep(LOOK_SECONDS)
            may = await self._may_still()
        cut.cancel()
