"""The door to threads: whoever asks for one that is not theirs learns no more than of one that does not exist.

The server's own routes answer the two in different ways: with an empty stream, a conflict, or a sentence of their own.
"""

import json
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph.web.calls import CALLER
from graph.web.mounted.listing import one_spelling
from graph.web.mounted.owners import owner_of
from graph.web.problems import problem
from policies.access.caller import Caller
from policies.access.ids import find_reserved
from policies.language import phrase, say

THREAD = re.compile(r"/threads/([^/]+)(/.*)?")
COLLECTIONS = ("POST /threads/search", "POST /threads/count", "POST /threads/prune")
MAKING = re.compile(r"POST /threads/[^/]+/(runs|runs/stream|runs/wait|commands)")
"""What may make the thread that it names, if its body says so."""
NONE = phrase("there is no thread `{name}`")
MAX_NAME = 80


class Door:
    """A middleware inside of the gate, which has found out who calls."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, unless it names a thread that its caller does not have."""
        caller: Caller | None = scope.get(CALLER)
        thread = thread_in(scope) if scope["type"] == "http" else None
        if thread is None or caller is None:  # nobody calls in the server's own process
            await self._app(scope, receive, send)
            return
        heard = receive
        if MAKING.fullmatch(_asked(scope)):
            body = await Request(scope, receive).body()
            heard = _again(body, receive)
            refused = await _refused(thread, caller, makes=makes_thread(body))
        else:
            refused = await _refused(thread, caller, makes=False)
        await (refused or self._app)(scope, heard, send)


def thread_in(scope: Scope) -> str | None:
    """Return the thread that a request names in its path; None where it names none."""
    found = None if _asked(scope) in COLLECTIONS else THREAD.fullmatch(scope["path"])
    return found[1] if found else None


def makes_thread(body: bytes) -> bool:
    """Return whether a run is to make its thread where there is none.

    >>> makes_thread(b'{"if_not_exists": "create"}'), makes_thread(b'{"input": {}}'), makes_thread(b"[")
    (True, False, False)
    >>> makes_thread(b'{"id": 1, "method": "run.start"}')
    True
    """
    try:
        said: Any = json.loads(body)
    except ValueError:
        return False
    return isinstance(said, dict) and (said.get("if_not_exists") == "create" or said.get("method") == "run.start")


def _asked(scope: Scope) -> str:
    return f"{scope['method']} {scope['path']}"


async def _refused(thread: str, caller: Caller, makes: bool) -> Response | None:
    owner = await owner_of(one_spelling(thread))
    reserved = find_reserved(thread) if makes and owner != caller.tenant else None
    if reserved is not None:  # asked first: whether it is another tenant's is not told
        return problem(422, reserved)
    return None if _is_let_in(owner, caller, makes) else problem(404, say(NONE, name=thread[:MAX_NAME]))


def _is_let_in(owner: str | None, caller: Caller, makes: bool) -> bool:
    return makes if owner is None else owner == caller.tenant


def _again(body: bytes, receive: Receive) -> Receive:
    """Return what gives a body once more that was read, and then what comes after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def heard() -> Message:
        return waiting.pop() if waiting else await receive()

    return heard
