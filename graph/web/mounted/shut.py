"""Shut: what others answered to an open question is kept from those who may have to answer it, on the server's routes.

The server shows the whole state of a thread, so what would show it is refused, cut off, or left out.
"""

import json
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph.languages.catalogue import language_of
from graph.people import SHUT, is_shut, may_become_shut
from graph.problems import StorageError
from graph.serving import past_of
from graph.web.bodies import aside
from graph.web.calls import CALLER
from graph.web.gate.rights import FOLLOW, ROWS, SHOW_NOTHING
from graph.web.mounted.door import thread_in
from graph.web.mounted.listing import one_spelling
from graph.web.problems import no_database, problem
from graph.web.watched import NOTES
from policies.access.caller import Caller
from policies.language import say, speaking

STREAM = b"text/event-stream"
PART_OF_AN_ANSWER = b'"seat_of"'
"""What a person's answer has in whatever form it is streamed, and nothing else."""
OF_THREADS = "/threads/{thread_id}/"


class Shut:
    """A middleware inside of the door, which has found the thread to be the caller's."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, and show nothing of open answers."""
        caller: Caller | None = scope.get(CALLER)
        if scope["type"] != "http" or caller is None or caller.may("admin"):
            await self._app(scope, receive, send)
            return
        route = f"{scope['method'].replace('HEAD', 'GET')} {scope[NOTES]['route']}"
        if route in ROWS:
            rows = _Rows(caller, send)
            await self._app(scope, receive, rows.send)
        elif OF_THREADS in route and route not in SHOW_NOTHING:
            await self._watched(_Watch(scope, caller, route in FOLLOW, send), scope, receive)
        else:
            await self._app(scope, receive, send)

    async def _watched(self, watch: "_Watch", scope: Scope, receive: Receive) -> None:
        refused = await watch.refused()
        if refused is None:
            await self._app(scope, receive, watch.send)
        else:
            await refused(scope, receive, watch.pass_on)


class _Watch:
    """What looks at an answer before it is sent, and at every part of a stream: the thread may move meanwhile."""

    def __init__(self, scope: Scope, caller: Caller, follows: bool, send: Send) -> None:
        self._scope, self._thread, self._caller = scope, one_spelling(str(thread_in(scope))), caller
        self._follows, self.pass_on = follows, send
        self._start: Message | None = None
        self._is_over = False

    async def refused(self) -> Response | None:
        """Return why nothing is begun, if so."""
        return await self._judged(looks_ahead=self._follows)

    async def send(self, message: Message) -> None:
        """Send a part; unless it streams, nothing is sent before its first part was looked at."""
        if self._is_over:
            return
        if message["type"] == "http.response.start" and not _is_stream(message):
            self._start = message
            return
        if message["type"] == "http.response.body" and (refused := await self._refused_part(message.get("body", b""))):
            self._is_over = True
            await self._end(refused)
            return
        if self._start:
            await self.pass_on(self._start)
            self._start = None
        await self.pass_on(message)

    async def _refused_part(self, part: bytes) -> Response | None:
        if not part.strip():
            return None
        return await self._judged(looks_ahead=self._follows and PART_OF_AN_ANSWER in part)

    async def _judged(self, looks_ahead: bool) -> Response | None:
        """Return why the caller is shown nothing, if so; looking ahead, also where an answer may be on its way."""
        try:
            past = await past_of(self._thread)
        except StorageError as error:
            return no_database(self._scope, error)
        if not is_shut(past, self._caller) and not (looks_ahead and may_become_shut(past, self._caller)):
            return None
        with speaking(language_of(past.language)):
            return problem(403, say(SHUT, thread=self._thread))

    async def _end(self, refused: Response) -> None:
        if self._start:
            await self.pass_on(
                {"type": "http.response.start", "status": refused.status_code, "headers": refused.raw_headers}
            )
            await self.pass_on({"type": "http.response.body", "body": bytes(refused.body)})
        else:
            await self.pass_on({"type": "http.response.body", "body": b"", "more_body": False})


class _Rows:
    """What takes open answers out of rows of the server's lists."""

    def __init__(self, caller: Caller, send: Send) -> None:
        self._caller, self._send, self._body = caller, send, b""
        self._start: Message = {}

    async def send(self, message: Message) -> None:
        """Send rows once they are there."""
        if message["type"] == "http.response.start":
            self._start = message
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish()

    async def _finish(self) -> None:
        body = await self._without(self._body)
        kept = [(name, value) for name, value in self._start["headers"] if name.lower() != b"content-length"]
        await self._send({**self._start, "headers": [*kept, (b"content-length", str(len(body)).encode())]})
        await self._send({"type": "http.response.body", "body": body})

    async def _without(self, body: bytes) -> bytes:
        try:
            found: Any = await aside(len(body), json.loads, body)
        except ValueError:
            return body
        for row in found if isinstance(found, list) else [found]:
            if isinstance(row, dict):
                await self._shorten(row)
        return await aside(len(body), _json_of, found)

    async def _shorten(self, row: dict[str, Any]) -> None:
        if (row.get("kwargs") or {}).get("command"):
            row["kwargs"]["command"] = None  # an answer, perhaps before it is in the record
        holds = [name for name in ("values", "extracted") if row.get(name)]
        if holds and await self._is_shut(row.get("thread_id")):
            row |= dict.fromkeys(holds)

    async def _is_shut(self, thread: str | None) -> bool:
        """Return whether a thread is shut; so is one that cannot be read, and one that a row does not name."""
        try:
            return thread is None or is_shut(await past_of(thread), self._caller)
        except StorageError:
            return True


def _json_of(found: Any) -> bytes:
    return json.dumps(found, ensure_ascii=False).encode()


def _is_stream(start: Message) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(STREAM) for name, value in start["headers"])
