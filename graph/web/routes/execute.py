"""Execute: a team, or agents, put to work on a task."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from graph.teams.approval import approved
from graph.teams.offered import load_offered
from graph.teams.voicing import voiced
from graph.web.calls import Calling, NewThread, Serving
from graph.web.problems import ProblemError

router = APIRouter(prefix="/v1", tags=["runs"])


class Execution(BaseModel):
    """What is to be run."""

    model_config = ConfigDict(extra="forbid")

    team: Annotated[str, Field(max_length=80)]
    wait: bool = False


@router.post("/execute", status_code=202)
async def execute(
    asked: Execution, service: Serving, caller: Calling, thread: NewThread, response: Response
) -> dict[str, Any]:
    """Run a team: 202 with the thread once the run cannot be lost any more; with `wait` its record."""
    team = await asyncio.to_thread(
        lambda: approved(voiced(load_offered(service.settings, asked.team), service.settings, None))
    )
    halted = await service.halts.over(caller.tenant)
    if halted is not None:
        raise ProblemError(503, halted.told())
    await service.drives.run(thread, team, tenant=caller.tenant)
    if asked.wait:
        record = await service.drives.rested(thread)
        response.status_code = 200
        return record
    return {"thread_id": thread}
