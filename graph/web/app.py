"""The HTTP service as an application: the same alone and mounted on the LangGraph server."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from graph.service.service import Service
from graph.web.board.forms import Forms
from graph.web.board.refusals import Refusals
from graph.web.board.routes import BOARD
from graph.web.gate.gate import Gate
from graph.web.idempotency import Idempotency
from graph.web.limits import Limits
from graph.web.logs import Write, note_drives
from graph.web.metrics import Metrics
from graph.web.openapi import describe
from graph.web.problems import handle_problems
from graph.web.queries import check_query
from graph.web.routes import agents, assurance, decisions, events, execute, halts, messages, operations, runs
from graph.web.stored import Stored
from graph.web.watched import Noted, Watched

ROUTERS = (
    *(operations.router, agents.router, execute.router, messages.router),
    *(runs.router, events.router, decisions.router, assurance.router, halts.router),
    *BOARD,
)

Opens = Callable[[], AbstractAsyncContextManager[Service]]


def build_app(opens: Opens, write: Write, **gate: Any) -> FastAPI:
    """Return the application, which opens its service when it starts, closes it when it ends, and logs with `write`.

    `gate` is what `Gate` takes besides the application.
    """
    metrics, note = Metrics(), note_drives(write)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opens() as service:
            app.state.service, app.state.metrics = service, metrics
            service.drives.heard_by(note, metrics.hear)
            yield

    app = FastAPI(
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_name_of,
        dependencies=[Depends(check_query)],
        middleware=[
            Middleware(Refusals),
            Middleware(Watched, write=write, metrics=metrics),
            Middleware(Gate, **gate),
            Middleware(Noted),
            Middleware(Limits),
            Middleware(Forms),
            Middleware(Stored),
            Middleware(Idempotency),
        ],
    )
    handle_problems(app)
    for router in ROUTERS:
        app.include_router(router)
    describe(app)
    return app


def _name_of(route: APIRoute) -> str:
    """Return the id of an operation: the function that serves it."""
    return route.name
