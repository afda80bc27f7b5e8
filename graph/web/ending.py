"""Ending: a service that is asked to end begins to drain at once, and no connection holds it up."""

from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

GRACE_SECONDS = 2
"""How long connections may take to end by themselves."""


class EndingServer(uvicorn.Server):
    """A server that has the service of its application drain once it is asked to end, while requests are under way."""

    def __init__(self, app: FastAPI, **options: Any) -> None:
        super().__init__(uvicorn.Config(app, timeout_graceful_shutdown=GRACE_SECONDS, **options))
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End; called by the signal's handler."""
        service = getattr(self._app.state, "service", None)
        if service is not None:
            service.drives.end()
        super().handle_exit(sig, frame)
