"""What a route is given: the service of the process, and who calls."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.types import Scope

from graph.service.service import Service
from graph.store.names import new_thread
from policies.access.caller import Caller

CALLER = "accord.caller"
"""Under this key the gate puts who calls into the scope of a request."""

INSIDE = "/noauth"
"""The root path of what the LangGraph server asks itself, in this process; no request can set one."""


def is_inside(scope: Scope) -> bool:
    """Return whether the LangGraph server asks itself: nobody calls, and nothing of it is judged, counted or logged."""
    root = str(scope.get("root_path", ""))
    return scope["type"] == "http" and (root == INSIDE or root.startswith(f"{INSIDE}/"))


def is_outer_request(scope: Scope) -> bool:
    """Return whether somebody asks over HTTP: not the start of an application, nor the server that asks itself."""
    return scope["type"] == "http" and not is_inside(scope)


ONCE = "accord.once"
"""Under this key `Idempotency` puts the id of the thread that a request with a key begins."""


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _caller(request: Request) -> Caller:
    caller: Caller = request.scope[CALLER]
    return caller


def _new_thread(request: Request) -> str:
    return str(request.scope.get(ONCE) or new_thread())


Serving = Annotated[Service, Depends(_service)]
Calling = Annotated[Caller, Depends(_caller)]
NewThread = Annotated[str, Depends(_new_thread)]
"""The id of the thread that a request begins: with an idempotency key the same each time."""
