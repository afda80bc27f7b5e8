"""Runs: the threads of a tenant, the record of one, and resuming it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from graph.languages.catalogue import language_of
from graph.problems import ConflictError
from graph.record import Record
from graph.service.listing import Listed, Wanted
from graph.service.reading import look_at
from graph.service.resuming import resumed
from graph.threads import blaming
from graph.web.bodies import Body
from graph.web.calls import Calling, Serving
from graph.web.listed import threads_page
from graph.web.named import There
from graph.web.paging import After, Limit
from graph.web.written import json_of
from policies.language import say, speaking
from policies.run.stop import Stop

router = APIRouter(prefix="/v1/runs", tags=["runs"])
DONE: dict[int | str, dict[str, Any]] = {200: {"description": "There is nothing left to do: the record."}}


class Resumption(Body):
    """What a thread is resumed with."""

    budget: Annotated[dict[str, Any] | None, Field(description="Limits to change, such as `max_rounds`.")] = None
    facts: Annotated[dict[str, Any] | None, Field(description="For a thread that lacks some.")] = None
    accept_changes: Annotated[bool, Field(description="Continue although the facts changed.")] = False
    refresh: Annotated[bool, Field(description="Ask the sources of the facts again first.")] = False
    wait: Annotated[bool, Field(description="Answer with the record once the thread rests.")] = False


@router.get("")
async def runs(
    service: Serving,
    caller: Calling,
    status: Annotated[Listed | None, Query(description="How they are now.")] = None,
    team: Annotated[str | None, Query(max_length=80, description="The name of their team.")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """List the threads of the caller's tenant, the one that was admitted last first: {items, next}.

    That order stays as it is while threads begin and end, so that pages lose none.
    """
    page = await threads_page(service, Wanted(caller.tenant, team, status), limit, after)
    return await json_of(lambda: page)


@router.get("/{thread}")
async def run(thread: There, service: Serving) -> Response:
    """Return the record of a thread as it is now, as `accord show --json` does; one that waits its turn is `queued`."""
    look = await look_at(service, thread)
    with speaking(language_of(look.past.language)), blaming(thread, look.state):
        return await json_of(lambda: look.record)


@router.post("/{thread}/resume", status_code=202, responses=DONE)
async def resume(thread: There, asked: Resumption, service: Serving, caller: Calling, response: Response) -> Any:
    """Resume a thread where it stopped or was cut off: 202 once that cannot be lost; with `wait` its record.

    Where there is nothing to do, as for a finished thread, the record is returned at once.
    """
    given = asked.model_dump(exclude={"wait"}, exclude_defaults=True)
    with speaking(await service.runner.threads.language(thread)):
        if asked.refresh and asked.facts is not None:
            raise ConflictError(say("`refresh` cannot be used together with `facts`; keep one of the two"))
        record = await resumed(service, thread, given, caller.tenant)
        if record is None and asked.wait:
            record = _taken(await service.drives.rested(thread))
    return {"thread_id": thread} if record is None else await json_of(lambda: record)


def _taken(record: Record) -> Record:
    """Return a record; where somebody else took the thread before, or what was given moved, say so instead."""
    stop = Stop.find(record["stop_reason"])
    if stop is not None and stop.kind in ("busy", "stale_thread"):
        raise ConflictError(record.get("cause") or stop.rule.told(stop.detail))
    return record
