"""Operations: whether the service is alive and ready."""

from typing import Any

from fastapi import APIRouter

from graph.web.calls import Serving

router = APIRouter(tags=["operations"])


@router.get("/health")
async def health() -> dict[str, Any]:
    """Return that the process is alive."""
    return {"status": "ok"}


@router.get("/ready")
async def ready(service: Serving) -> dict[str, Any]:
    """Return that the database answers."""
    await service.runner.threads.newest(1)
    return {"status": "ready"}
