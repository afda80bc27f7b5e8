"""Halts: the kill switch, of all runs or those of a tenant, and the cancelling of one."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from graph.service.cancelling import cancel
from graph.store.halts import Release
from graph.web.bodies import Body
from graph.web.calls import Calling, Serving
from graph.web.named import There
from graph.web.problems import ProblemError
from policies.access.caller import LOCAL, Caller
from policies.access.names import NAME
from policies.language import phrase, say, speaking
from policies.run.stoppage import MAX_BECAUSE, Stoppage

router = APIRouter(prefix="/v1", tags=["halts"])

FOREIGN = phrase("a token of the tenant `{own}` may not halt or release the runs of others; leave `tenant` out")
NOT_HALTED = phrase("nothing is halted there, so that nothing can be released")

Tenant = Annotated[str, Field(pattern=NAME)]
Named = Annotated[Tenant | None, Query(description="Whose halt; the one of all runs, unless one is named.")]


class Halting(Body):
    """Whose runs are to be halted, and why."""

    because: str = Field(max_length=MAX_BECAUSE, pattern=r"\S", description="The reason, which each record keeps.")
    tenant: Tenant | None = Field(None, description="Whose runs; all, unless one is named.")


class Cancelling(Body):
    """Why a run is cancelled."""

    because: str = Field("", max_length=MAX_BECAUSE, description="The reason, which the record keeps.")


@router.post("/halt")
async def halt(asked: Halting, service: Serving, caller: Calling) -> dict[str, Any]:
    """Halt all runs, or those of a tenant: no new calls, and what is at work stops `cancelled` in every process.

    Who is not of the tenant `local` halts their own tenant's. What is halted already stays so.
    """
    tenant = _reach(caller, asked.tenant)
    found = await service.halts.halt(Stoppage(caller.person, service.runner.now(), asked.because, tenant=tenant))
    return _shown(found)


@router.get("/halt")
async def halted(service: Serving, caller: Calling) -> dict[str, Any]:
    """List the halts that hold now, the oldest first: those of all runs and of the caller's tenant, or all."""
    found = await service.halts.open()
    seen = [each for each in found if caller.tenant == LOCAL or each.tenant in (None, caller.tenant)]
    return {"items": [*map(_shown, seen)], "next": None}


@router.delete("/halt")
async def release(service: Serving, caller: Calling, tenant: Named = None) -> dict[str, Any]:
    """Release a halt, so that runs may work again; those that it stopped are resumed by whoever wants them."""
    reach = _reach(caller, tenant)
    found = await service.halts.release(reach, Release(caller.person, service.runner.now()))
    if found is None:
        raise ProblemError(404, say(NOT_HALTED))
    return _shown(found)


@router.post("/runs/{thread}/cancel", status_code=202)
async def cancel_run(
    thread: There, service: Serving, caller: Calling, asked: Cancelling | None = None
) -> dict[str, Any]:
    """Cancel a run that is at work in any process, or waits for its turn: it stops `cancelled`; a resume continues it.

    Whoever cancels it again reads who was first.
    """
    with speaking(await service.runner.threads.language(thread)):
        found = await cancel(service, thread, caller.person, asked.because if asked else "")
    return {"thread_id": thread, "by": found.by, "because": found.because, "at": found.at}


def _reach(caller: Caller, tenant: str | None) -> str | None:
    """Return whose runs a caller means; None is all, which only the tenant `local` may.

    Raises:
        ProblemError: the runs are another tenant's.
    """
    if caller.tenant == LOCAL:
        return tenant
    if tenant not in (None, caller.tenant):
        raise ProblemError(403, say(FOREIGN, own=caller.tenant))
    return caller.tenant


def _shown(stoppage: Stoppage) -> dict[str, Any]:
    return {"tenant": stoppage.tenant, "by": stoppage.by, "because": stoppage.because, "at": stoppage.at}
