"""Assurance: why a thread decided as it did, its chain of events, its page, and the proof of a team's policy."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from graph.service.explaining import explained
from graph.service.proofs import proved
from graph.web.calls import Calling, Serving
from graph.web.named import Kept, There
from graph.web.printed import NDJSON, export_of, report_of, verification_of
from graph.web.written import JSON, json_of
from policies.language import speaking

router = APIRouter(prefix="/v1", tags=["assurance"])
LINES: dict[int | str, Any] = {200: {"content": {NDJSON: {}}, "description": "The events."}}
A_PAGE: dict[int | str, Any] = {200: {"content": {"text/html": {}}, "description": "The page."}}


@router.get("/runs/{thread}/why")
async def why(thread: There, service: Serving) -> Response:
    """Explain the last finished round of a thread, as `accord why --json` does."""
    found = await explained(service, thread)
    return await json_of(lambda: found)


@router.get("/runs/{thread}/audit", response_class=Response, responses=LINES)
async def audit(thread: Kept, service: Serving, caller: Calling) -> Response:
    """Export the events of a thread, one a line as canonical JSON; of a purged one, what is left of it."""
    return await export_of(service, thread, caller)


@router.get("/runs/{thread}/audit/verify")
async def verify(thread: Kept, service: Serving, caller: Calling) -> Response:
    """Verify the record of a thread: {name, status, events, head, broken, missing}, as `accord audit verify --json`.

    `head` is null to those who may not read the record yet.
    """
    with speaking(await service.runner.threads.language(thread)):
        found = await verification_of(service, thread, caller)
    return await json_of(lambda: found)


@router.get("/runs/{thread}/report.html", response_class=Response, responses=A_PAGE)
async def report(thread: There, service: Serving, caller: Calling) -> Response:
    """Return the page of a thread, as `accord show --html` writes it."""
    return await report_of(service, thread, caller)


Named = Annotated[str, Path(max_length=80, description="The name of a team that the service offers.")]


@router.get("/policies/{team}/proof")
async def proof(team: Named, service: Serving, caller: Calling) -> Response:
    """Prove the policy of a team for every vote that a run can reach, as `accord policy verify --json` does."""
    return Response(f"{await proved(service.settings, team, caller.tenant)}\n", media_type=JSON)
