"""Ending: a service that is asked to end begins to drain at once, and no connection holds it up."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

from graph.web.gate.targets import TargetProtocol
from graph.web.running import server_of_process

GRACE_SECONDS = 2
"""How long connections may take to end by themselves."""
ENDS = (signal.SIGINT, signal.SIGTERM)


class EndingServer(uvicorn.Server):
    """A server that has the service of its application drain once it is asked to end, while requests are under way.

    A client has the address that it connects from, whatever its headers say.
    """

    def __init__(self, app: FastAPI, **options: Any) -> None:
        own: dict[str, Any] = {"http": TargetProtocol, "timeout_graceful_shutdown": GRACE_SECONDS}
        config = uvicorn.Config(app, proxy_headers=False, **own, **options)
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end; asked by a second Ctrl-C, end at once."""
        if self.should_exit and sig == signal.SIGINT:
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
        service = getattr(self._app.state, "service", None)
        if service is not None and not self.should_exit:
            service.drives.end()
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle the signals that end a service; once it has ended they are not raised again."""
        loop = asyncio.get_running_loop()
        for each in ENDS:
            loop.add_signal_handler(each, self.handle_exit, each, None)
        yield


def end_with_server(end: Callable[[], None]) -> None:
    """Have `end` called as soon as the server of this process is asked to end, and have no connection hold that up."""
    server = server_of_process()
    if server is None:
        return

    def handle(sig: int, frame: FrameType | None) -> None:
        end()
        server.handle_exit(sig, frame)

    server.config.timeout_graceful_shutdown = GRACE_SECONDS
    for each in ENDS:
        signal.signal(each, handle)
