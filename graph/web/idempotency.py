"""Idempotency: a POST with a key is done once, and asked again under that key answered as it was.

The key is held by a lock while the request is at work, so that two at once do one thing. What is asked is kept before
anything is done. Where the process dies before the answer is kept, the request is done again on the same thread.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph.service.service import Service
from graph.store.keys import Answer, KeyedRequest, thread_of
from graph.store.locks import ThreadBusyError
from graph.store.tombstones import PurgedError
from graph.web.bodies import replayed
from graph.web.calls import CALLER, ONCE
from graph.web.problems import PREFIX, ended_answer, problem
from policies.language import phrase, say

HEADER = "idempotency-key"
REPLAYED = "idempotent-replayed"
MAX_KEY = 200
MAX_KEPT = 1_000_000
"""An answer with more bytes is not kept, but made again from the thread."""
WAIT_SECONDS = 0.1
ANOTHER = phrase("this `Idempotency-Key` was used for another request; use a new key for each request")
ANOTHERS = phrase("this `Idempotency-Key` was used by another person; use a new key for each request")


@dataclass(slots=True)
class _Answer:
    """What a route answers, kept back until it is noted."""

    start: Message = field(default_factory=dict)
    body: bytes = b""

    async def take(self, message: Message) -> None:
        """Take a message of the route's."""
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")

    @property
    def is_kept(self) -> bool:
        """Whether something was done, and the answer says what."""
        is_done = self.start["status"] < 300 and "retry-after" not in MutableHeaders(scope=self.start)
        return is_done and len(self.body) <= MAX_KEPT

    @property
    def kept(self) -> Answer:
        """The answer as it is kept."""
        location = MutableHeaders(scope=self.start).get("location")
        return Answer(self.start["status"], self.body.decode(), location)

    @property
    def thread(self) -> str:
        """The thread that the answer is of; empty where it is of none."""
        said = json.loads(self.body) if self.body else None
        return str(said.get("thread_id", "")) if isinstance(said, dict) else ""


class Idempotency:
    """The middleware, behind the gate, which says who calls."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; one that was made before under its key is answered here."""
        given = Headers(scope=scope).getlist(HEADER) if _may_have_key(scope) else []
        if len(given) > 1:
            await problem(400, say("the header `Idempotency-Key` is there twice; keep one"))(scope, receive, send)
            return
        key = given[0] if given else None
        if key is None:
            await self._app(scope, receive, send)
            return
        if not 1 <= len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
            told = say("the header `Idempotency-Key` is not allowed; allowed: 1 to 200 printable ASCII characters")
            await problem(400, told)(scope, receive, send)
            return
        service: Service = scope["app"].state.service
        try:
            async with _held(service, scope[CALLER].tenant, key):
                await self._once(service, key, scope, receive, send)
        except ThreadBusyError:
            await ended_answer()(scope, receive, send)

    async def _once(self, service: Service, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        tenant, body, now = scope[CALLER].tenant, await _body(receive), service.runner.now()
        who, digest = scope[CALLER].person, hashlib.sha256(body).hexdigest()
        asked = KeyedRequest(_route(scope), who, digest, now, thread_of(tenant, key))
        kept = await service.keys.find(tenant, key, now)
        refused = await self._refused(service, asked, kept)
        if refused is not None:
            await refused(scope, receive, send)
        elif kept is not None and kept.answer is not None:
            await _replayed(kept.answer)(scope, receive, send)
        else:
            await service.keys.keep(tenant, key, kept or asked)
            scope[ONCE] = thread_of(tenant, key)
            await self._do(service, key, kept or asked, scope, replayed(body, receive), send)

    async def _refused(self, service: Service, asked: KeyedRequest, kept: KeyedRequest | None) -> Response | None:
        if kept is not None and not kept.is_same(asked):
            told = say(ANOTHER if kept.person == asked.person else ANOTHERS)
            return problem(409, told)
        if kept is None and await service.drives.is_known(asked.thread):
            told = say("this `Idempotency-Key` was used more than 24 hours ago; use a new key for each request")
            return problem(409, told)
        try:
            await service.runner.threads.tombstones.refuse((kept or asked).thread)
        except PurgedError as error:
            return problem(410, str(error))
        return None

    async def _do(
        self, service: Service, key: str, asked: KeyedRequest, scope: Scope, receive: Receive, send: Send
    ) -> None:
        tenant, answer = scope[CALLER].tenant, _Answer()
        await self._app(scope, receive, answer.take)
        if answer.is_kept:
            await service.keys.keep(tenant, key, asked.answered(answer.thread, answer.kept))
        elif 400 <= answer.start["status"] < 500 and not await service.drives.is_known(scope[ONCE]):  # nothing was done
            await service.keys.forget(tenant, key)
        await send(answer.start)
        await send({"type": "http.response.body", "body": answer.body})


def _may_have_key(scope: Scope) -> bool:
    return bool(scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith(PREFIX))


def _replayed(answer: Answer) -> Response:
    headers = {REPLAYED: "true"} | ({"location": answer.location} if answer.location else {})
    return Response(answer.body, answer.status, headers, "application/json")


def _route(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return f"{scope['path']}?{query}" if query else str(scope["path"])


@asynccontextmanager
async def _held(service: Service, tenant: str, key: str) -> AsyncIterator[None]:
    """Hold a key, waiting for who has it; raises ThreadBusyError where the process ends before."""
    while True:
        holding = service.keys.hold(tenant, key)
        try:
            await holding.__aenter__()
            break
        except ThreadBusyError:
            if service.drives.ending.is_set():
                raise
        await asyncio.sleep(WAIT_SECONDS)
    try:
        yield
    finally:
        await holding.__aexit__(None, None, None)


async def _body(receive: Receive) -> bytes:
    body, is_more = b"", True
    while is_more:
        message = await receive()
        body += message.get("body", b"")
        is_more = message.get("more_body", False)
    return body
