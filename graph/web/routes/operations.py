"""Operations: whether the service is alive and ready, what it counts, and what it can be asked."""

import asyncio
from contextlib import suppress
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from graph.problems import StorageError
from graph.store.location import silent, storage_errors
from graph.web.calls import Calling, Serving
from graph.web.metrics import MEDIA, refuse_reader
from graph.web.problems import ProblemError

PATIENCE_SECONDS = 1.0
"""How long `GET /health` and `GET /ready` wait for the database."""
NO_THREAD = "/ready"
"""No thread has such an id: to look for it is the smallest question to the database."""

router = APIRouter(tags=["operations"])


class Health(BaseModel):
    """That the process is alive."""

    status: Literal["ok"] = Field("ok", description="Always `ok`.")
    agents: int | None = Field(
        description="How many agents the caller's tenant has defined; null where the database does not say.",
        ge=0,
        examples=[3],
    )


class Ready(BaseModel):
    """That the service can take work."""

    status: Literal["ready"] = Field("ready", description="Always `ready`.")


class Text(Response):
    """What Prometheus reads."""

    media_type = MEDIA.partition(";")[0]


@router.get("/health")
async def health(service: Serving, caller: Calling) -> Health:
    """Return that the process is alive, whether or not the database answers."""
    with suppress(StorageError, TimeoutError), storage_errors(service.runner.threads.location):
        async with asyncio.timeout(PATIENCE_SECONDS):
            return Health(agents=await service.agents.count(caller.tenant))
    return Health(agents=None)


@router.get("/ready")
async def ready(service: Serving) -> Ready:
    """Return that the database answers; 503 where it does not."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await service.drives.is_known(NO_THREAD)
    except TimeoutError:
        raise StorageError(silent(service.runner.threads.location, PATIENCE_SECONDS)) from None
    return Ready()


_METRICS = {"content": {Text.media_type: {"schema": {"type": "string"}, "example": "accord_runs_at_work 2.0\n"}}}


@router.get("/metrics", response_class=Text, responses={200: _METRICS})
async def metrics(request: Request, service: Serving, caller: Calling) -> Text:
    """Return what this process has counted since it was started, for Prometheus."""
    return await _counted(request, service, caller)


@router.get("/v1/metrics", response_class=Text, responses={200: _METRICS})
async def service_metrics(request: Request, service: Serving, caller: Calling) -> Text:
    """Return what `GET /metrics` does, also where the LangGraph server has its own there."""
    return await _counted(request, service, caller)


async def _counted(request: Request, service: Serving, caller: Calling) -> Text:
    refused = refuse_reader(caller)
    if refused:
        raise ProblemError(403, refused)
    shown = request.app.state.metrics.shown(*service.drives.count)
    return Text(shown, headers={"content-type": MEDIA})


@router.get("/v1/openapi.json")
async def openapi(request: Request) -> dict[str, Any]:
    """Return this document."""
    document: dict[str, Any] = request.app.openapi()
    return document
