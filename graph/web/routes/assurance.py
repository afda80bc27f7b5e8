"""Assurance: why a thread decided as it did, its chain of events, its page, and the proof of a team's policy."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from graph.assurance.records import exported
from graph.assurance.verification import Verification, plain_verification, verify_one
from graph.hindsight import hindsight_of
from graph.past import Past
from graph.people import SHUT, is_shut
from graph.problems import ConflictError
from graph.report.dossier.changed import Changed
from graph.report.dossier.dossier import dossier_of
from graph.report.dossier.explanation import explanation_of, unexplained
from graph.report.html.page import page_of
from graph.service.aside import aside
from graph.service.proofs import proved
from graph.service.reading import Look, reading
from graph.store.location import storage_errors
from graph.web.calls import Calling, Serving
from graph.web.named import Kept, There
from graph.web.problems import ProblemError
from graph.web.written import JSON, json_of
from policies.assurance.audit import head_of
from policies.language import say, speaking

router = APIRouter(prefix="/v1", tags=["assurance"])
Plain = dict[str, Any]
NDJSON, HTML = "application/x-ndjson", "text/html; charset=utf-8"
LINES: dict[int | str, Any] = {200: {"content": {NDJSON: {}}, "description": "The events."}}
A_PAGE: dict[int | str, Any] = {200: {"content": {"text/html": {}}, "description": "The page."}}
NOT_SHOWN = "…"
"""In place of the head, where answers that are not shown could be guessed by it."""
HEAD = "accord-head"
"""The header with the head of a record: how many events it has, and the hash of the last one."""
PAGE = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
"""A page runs nothing, loads nothing and is framed by nobody."""


@router.get("/runs/{thread}/why")
async def why(thread: There, service: Serving) -> Response:
    """Explain the last finished round of a thread, as `accord why --json` does."""
    async with reading(service, thread) as look:
        return await json_of(_explained, look)


def _explained(look: Look) -> Any:
    found = explanation_of(look.thread, look.state)
    if found is None:
        raise ConflictError(unexplained(look.thread, look.state))
    if isinstance(found, Changed):
        return {"thread_id": found.thread, "changed": list(found.what), "message": found.sentence}
    return found


@router.get("/runs/{thread}/audit", response_class=Response, responses=LINES)
async def audit(thread: Kept, service: Serving, caller: Calling) -> Response:
    """Export the events of a thread, one a line as canonical JSON; of a purged one, what is left of it."""
    events = await service.runner.threads.tombstones.events(thread)
    if events is None:
        async with reading(service, thread) as look:
            if is_shut(look.past, caller):
                raise ProblemError(403, say(SHUT, thread=thread))
            events = [*look.past.events]
    data = await aside(lambda: b"".join(exported(events)))
    return Response(data, media_type=NDJSON, headers={HEAD: str(head_of(events))})


@router.get("/runs/{thread}/audit/verify")
async def verify(thread: Kept, service: Serving, caller: Calling) -> Response:
    """Verify the record of a thread: {name, status, events, head, broken, missing}, as `accord audit verify --json`.

    `head` is null to those who may not read the record yet.
    """
    threads = service.runner.threads
    with speaking(await threads.language(thread)), storage_errors(threads.location):
        finding = await verify_one(threads, thread)
        is_kept_back = is_shut(Past.of(await threads.state(thread) or {}), caller)
        return await json_of(_verified, finding, is_kept_back)


def _verified(finding: Verification, is_kept_back: bool) -> Plain:
    """Return a finding, without the head where answers are not shown: they could be guessed by it."""
    return {**plain_verification(finding), **({"head": None} if is_kept_back else {})}


@router.get("/runs/{thread}/report.html", response_class=Response, responses=A_PAGE)
async def report(thread: There, service: Serving, caller: Calling) -> Response:
    """Return the page of a thread, as `accord show --html` writes it."""
    async with reading(service, thread) as look:
        hindsight = await hindsight_of(service.runner.threads, thread, look.state)
        page = await aside(_page, look, hindsight, is_shut(look.past, caller))
    return Response(page, media_type=HTML, headers=PAGE)


def _page(look: Look, hindsight: Any, is_kept_back: bool) -> bytes:
    record = look.record
    dossier = dossier_of(look.thread, record, look.state if record["hashes"] else {}, hindsight)
    if is_kept_back:
        dossier["record"]["head"] = NOT_SHOWN
    return page_of(dossier).encode("utf-8", "replace")


Named = Annotated[str, Path(max_length=80, description="The name of a team that the service offers.")]


@router.get("/policies/{team}/proof")
async def proof(team: Named, service: Serving, caller: Calling) -> Response:
    """Prove the policy of a team for every vote that a run can reach, as `accord policy verify --json` does."""
    return Response(f"{await proved(service.settings, team, caller.tenant)}\n", media_type=JSON)
