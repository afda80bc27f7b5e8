"""The door to threads: whoever asks for one that is not theirs learns no more than of one that does not exist.

The server's own routes answer the two in different ways: with an empty stream, a conflict, or a sentence of their own.
"""

import json
import re
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from graph.store.names import unknown_thread
from graph.web.bodies import replayed
from graph.web.calls import CALLER
from graph.web.mounted.listing import one_spelling
from graph.web.mounted.owners import owner_of
from graph.web.problems import problem
from policies.access.caller import Caller

THREAD = re.compile(r"/threads/([^/]+)(/.*)?")
COLLECTIONS = ("POST /threads/search", "POST /threads/count", "POST /threads/prune")
MAKING = re.compile(r"POST /threads/[^/]+/(runs|runs/stream|runs/wait|commands)")
"""What may make the thread that it names, if its body says so."""
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
            heard = replayed(body, receive)
            is_let_in = await _is_let_in(thread, caller, makes=makes_thread(body))
        else:
            is_let_in = await _is_let_in(thread, caller, makes=False)
        answer = self._app if is_let_in else problem(404, str(unknown_thread(thread[:MAX_NAME])))
        await answer(scope, heard, send)


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


async def _is_let_in(thread: str, caller: Caller, makes: bool) -> bool:
    owner = await owner_of(one_spelling(thread))
    return makes if owner is None else owner == caller.tenant
