"""Limits: which bodies are read, before a route sees anything of a request."""

import asyncio
import re

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from graph.documents import read_json
from graph.problems import UsageError
from graph.service.service import Service
from graph.service.unless import EndedError, unless
from graph.web.bodies import aside, read_form, replayed
from graph.web.calls import is_outer_request
from graph.web.problems import ended_answer, is_ours, problem
from policies.access.returning import LOGIN, is_board
from policies.language import phrase, say
from policies.plain import find_unplain

BODY_SECONDS = 30.0
"""Within this time a body must have arrived."""
SKIPPED_BYTES = 10_000_000
"""So much more is read of a body that is too large: who still sends would not see the answer."""
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
LOGIN_BYTES = 16_384
"""So much is read of who is not known yet."""
SHOWN_AGAIN = re.compile(r"/board/runs/[^/]+/answer/[^/]+")
"""Where forms are sent that say at each field what is wrong, so that nobody has to type it all once more."""
CLOSE = {"connection": "close"}
"""Sent where a body was not read to its end."""


class Limits:
    """The middleware behind the gate: nothing is read of who may not ask."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request whose body was read whole, or refuse it."""
        if not is_outer_request(scope):
            await self._app(scope, receive, send)
            return
        service: Service = scope["app"].state.service
        most = LOGIN_BYTES if scope["path"] == LOGIN else service.terms.max_bytes
        refused = _path_fault(scope)
        if refused is None:
            try:
                body = await _body_of(scope, receive, most, service.drives.ending)
            except ClientDisconnect:
                return
            refused = body if isinstance(body, Response) else await aside(len(body), _body_fault, scope, body, most)
        if refused is not None:
            await refused(scope, receive, send)
            return
        assert isinstance(body, bytes)
        await self._app(scope, replayed(body, receive) if _has_body(scope) else receive, send)


def _path_fault(scope: Scope) -> Response | None:
    """Refuse a NUL, which no database takes."""
    if "\0" in scope["path"] or b"%00" in scope.get("query_string", b""):
        return problem(400, say("the address has a NUL character; leave it out"))
    return None


async def _body_of(scope: Scope, receive: Receive, most: int, ending: asyncio.Event) -> bytes | Response:
    """Return the body, whole, or why it is not read to its end; one that is still coming when the process ends is not.

    Who hangs up raises ClientDisconnect.
    """
    if not _has_body(scope):
        return b""
    length = Headers(scope=scope).get("content-length", "")
    if length.isdecimal() and int(length[:20]) > most + SKIPPED_BYTES:
        return _too_large(most)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await unless(ending.wait(), _read(receive, most))
    except EndedError:
        return ended_answer(CLOSE)
    except TimeoutError:
        told = say("the body did not arrive within {seconds} s; send it again", seconds=round(BODY_SECONDS))
        return problem(408, told, headers=CLOSE)
    return _too_large(most) if body is None else body


def _has_body(scope: Scope) -> bool:
    """Return whether a body comes with a request; what is not read here is not handed out again either."""
    headers = Headers(scope=scope)
    return bool(headers.get("content-length")) or "transfer-encoding" in headers


async def _read(receive: Receive, most: int) -> bytes | None:
    """Return the body, also one that comes in chunks and without its length; None where it is larger."""
    parts, size, has_more = [], 0, True
    while has_more and size <= most + SKIPPED_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part, has_more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if size <= most:
            parts.append(part)
    return b"".join(parts) if size <= most else None


def _too_large(most: int) -> Response:
    return problem(413, say("the body has more than {most} bytes; send less", most=f"{most:,}"), headers=CLOSE)


def _body_fault(scope: Scope, body: bytes, most: int) -> Response | None:
    """Refuse a body for our routes that is not JSON as it may be kept: strict, finite, not too deep or too long."""
    if not body or not is_ours(scope["path"]):
        return None
    form = FORM if is_board(scope["path"]) else JSON
    headers = Headers(scope=scope)
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != form or headers.get("content-encoding", "identity").lower() != "identity":
        told = phrase("the body is {kind}; allowed: {allowed}, without an encoding")
        return problem(415, say(told, kind=kind[:80] or say("of no kind"), allowed=form))
    try:
        said = read_form(body) if form == FORM else read_json(body, say("the body"), most).value
        fault = None if SHOWN_AGAIN.fullmatch(scope["path"]) else find_unplain(said, whole=say("the body"))
    except UsageError as error:
        return problem(400, str(error))
    return problem(422, fault) if fault else None
