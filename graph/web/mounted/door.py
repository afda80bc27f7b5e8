"""The door to threads: whoever asks for one that is not theirs learns no more than of one that does not exist.

The server's own routes answer the two in different ways: with an empty stream, a conflict, or a sentence of their own.
"""

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from graph.store.names import unknown_thread
from graph.web.bodies import aside, object_in, replayed
from graph.web.calls import CALLER
from graph.web.metrics import refuse_reader
from graph.web.mounted.listing import list_thread, one_spelling
from graph.web.mounted.owners import owner_of
from graph.web.mounted.requests import refuse_history, refuse_limit
from graph.web.problems import problem
from policies.access.caller import Caller
from policies.access.ids import find_reserved

THREAD = re.compile(r"/threads/([^/]+)(/.*)?")
COLLECTIONS = ("POST /threads/search", "POST /threads/count", "POST /threads/prune")
MAKING = re.compile(r"POST /threads/[^/]+/(runs|runs/stream|runs/wait|commands)")
"""What may make the thread that it names, if its body says so."""
HISTORY = re.compile(r"POST /threads/[^/]+/history")
"""What may point before a checkpoint in its body; the server itself fails where that is not as LangGraph has it."""
NUMBERS = "/metrics"
"""Where the server shows what it counts of all tenants."""
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
            refused = caller and scope["path"] == NUMBERS and refuse_reader(caller)
            await (problem(403, refused) if refused else self._app)(scope, receive, send)
            return
        heard, may_make = receive, bool(MAKING.fullmatch(_asked(scope)))
        said = dict[str, Any]()
        if may_make or HISTORY.fullmatch(_asked(scope)):
            body = await Request(scope, receive).body()
            heard, said = replayed(body, receive), await aside(len(body), object_in, body)
        refused = await _refused(thread, caller, makes=may_make and makes_thread(said))
        await (refused or await self._answer(scope, thread, said))(scope, heard, send)

    async def _answer(self, scope: Scope, thread: str, said: Mapping[str, Any]) -> ASGIApp:
        """Return what answers a request about a thread of the caller's."""
        if scope["method"] == "DELETE":  # the server looks for a thread before it asks its handler
            await list_thread(one_spelling(thread))
        refused = refuse_limit(Request(scope).query_params)
        if HISTORY.fullmatch(_asked(scope)):
            refused = refused or refuse_history(said)
        return problem(422, refused) if refused else self._app


def thread_in(scope: Scope) -> str | None:
    """Return the thread that a request names in its path; None where it names none."""
    found = None if _asked(scope) in COLLECTIONS else THREAD.fullmatch(scope["path"])
    return found[1] if found else None


def makes_thread(said: Mapping[str, Any]) -> bool:
    """Return whether a run is to make its thread where there is none.

    >>> makes_thread({"if_not_exists": "create"}), makes_thread({"input": {}}), makes_thread({"method": "run.start"})
    (True, False, True)
    """
    return said.get("if_not_exists") == "create" or said.get("method") == "run.start"


def _asked(scope: Scope) -> str:
    return f"{scope['method']} {scope['path']}"


async def _refused(thread: str, caller: Caller, makes: bool) -> Response | None:
    owner = await owner_of(one_spelling(thread))
    reserved = find_reserved(thread) if makes and owner != caller.tenant else None
    if reserved is not None:  # asked first: whether it is another tenant's is not told
        return problem(422, reserved)
    return None if _is_let_in(owner, caller, makes) else problem(404, str(unknown_thread(thread[:MAX_NAME])))


def _is_let_in(owner: str | None, caller: Caller, makes: bool) -> bool:
    return makes if owner is None else owner == caller.tenant
