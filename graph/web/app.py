"""The HTTP service as an application: the same alone and mounted on the LangGraph server."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

from graph.service.service import Service
from graph.web.gate import Gate
from graph.web.idempotency import Idempotency
from graph.web.problems import handle_problems
from graph.web.routes import execute, halts, operations

ROUTERS = (operations.router, execute.router, halts.router)

Opens = Callable[[], AbstractAsyncContextManager[Service]]


def build_app(opens: Opens) -> FastAPI:
    """Return the application, which opens its service when it starts, and closes it when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opens() as app.state.service:
            yield

    app = FastAPI(
        title="Accord",
        lifespan=lifespan,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.add_middleware(Idempotency)
    app.add_middleware(Gate)
    handle_problems(app)
    for router in ROUTERS:
        app.include_router(router)
    return app
