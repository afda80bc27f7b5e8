"""Stored: where the database fails a request, whatever it asks for, the answer says that it does not answer."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph.problems import StorageError
from graph.service.service import Service
from graph.store.lane import PATIENCE
from graph.store.location import storage_errors
from graph.web.calls import is_outer_request
from graph.web.gate.gate import PATIENCE_SECONDS
from graph.web.problems import is_ours, no_database


class Stored:
    """The middleware around all that asks the database for a request; behind the gate, which asks it who calls."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; what one of ours waits too long to write is given up, and never written."""
        if not is_outer_request(scope):
            await self._app(scope, receive, send)
            return
        service: Service = scope["app"].state.service
        has_begun = False

        async def sending(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        if is_ours(scope["path"]):
            PATIENCE.set(PATIENCE_SECONDS)
        try:
            with storage_errors(service.runner.threads.location):
                await self._app(scope, receive, sending)
        except StorageError as error:
            if has_begun:  # the answer cannot become another
                raise
            await no_database(scope, error)(scope, receive, send)
