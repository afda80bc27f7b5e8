"""What a route is given: the service of the process, and who calls."""

from typing import Annotated

from fastapi import Depends, Request

from graph.service.service import Service
from policies.access.caller import Caller

CALLER = "accord.caller"
"""Under this key the gate puts who calls into the scope of a request."""


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _caller(request: Request) -> Caller:
    caller: Caller = request.scope[CALLER]
    return caller


Serving = Annotated[Service, Depends(_service)]
Calling = Annotated[Caller, Depends(_caller)]
