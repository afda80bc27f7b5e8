"""Printed: the page of a thread, the export of its events and their verification, alike under /v1 and on the board."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Response

from graph.assurance.records import exported
from graph.assurance.verification import Verification, plain_verification, verify_one
from graph.hindsight import hindsight_of
from graph.past import Past
from graph.people import SHUT, is_shut
from graph.report.dossier.dossier import dossier_of
from graph.report.html.page import page_of
from graph.service.aside import aside
from graph.service.reading import Look, reading
from graph.service.service import Service
from graph.store.location import storage_errors
from graph.web.problems import ProblemError
from policies.access.caller import Caller
from policies.assurance.audit import head_of
from policies.language import say

Plain = dict[str, Any]
NDJSON, HTML = "application/x-ndjson", "text/html; charset=utf-8"
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


async def dossier_for(service: Service, look: Look, caller: Caller) -> Plain:
    """Return the dossier of a thread as its caller may read it, in the language that is spoken.

    Raises:
        StorageError: the database failed.
    """
    hindsight = await hindsight_of(service.runner.threads, look.thread, look.state)
    return await aside(_dossier, look, hindsight, is_shut(look.past, caller))


def _dossier(look: Look, hindsight: Mapping[str, Any], is_kept_back: bool) -> Plain:
    record = look.record
    dossier = dossier_of(look.thread, record, look.state if record["hashes"] else {}, hindsight)
    if is_kept_back:
        dossier["record"]["head"] = NOT_SHOWN
    return dossier


async def report_of(service: Service, thread: str, caller: Caller) -> Response:
    """Respond with the page of a thread; what may go wrong is as for the page."""
    return Response(await page_for(service, thread, caller), media_type=HTML, headers=PAGE)


async def page_for(service: Service, thread: str, caller: Caller) -> bytes:
    """Return the page of a thread, as `accord show --html` writes it.

    Raises:
        ConflictError: it has not begun.
        UsageError: there is no such thread, or it was changed.
        StorageError: the database failed.
    """
    async with reading(service, thread) as look:
        dossier = await dossier_for(service, look, caller)
        return await aside(lambda: page_of(dossier).encode("utf-8", "replace"))


async def export_of(service: Service, thread: str, caller: Caller) -> Response:
    """Respond with the events of a thread, and their head; what may go wrong is as for the events."""
    events = await events_for(service, thread, caller)
    return Response(await written_out(events), media_type=NDJSON, headers={HEAD: str(head_of(events))})


async def written_out(events: Sequence[Any]) -> bytes:
    """Return events one a line, as canonical JSON."""
    return await aside(lambda: b"".join(exported(events)))


async def events_for(service: Service, thread: str, caller: Caller) -> Sequence[Any]:
    """Return the events of a thread that a caller may read; of a purged one, what is left of it.

    Raises:
        ConflictError: it has not begun.
        ProblemError: it holds answers that its caller must not know yet.
        UsageError: there is no such thread, or it was changed.
        StorageError: the database failed.
    """
    events = await service.runner.threads.tombstones.events(thread)
    if events is None:
        async with reading(service, thread) as look:
            if is_shut(look.past, caller):
                raise ProblemError(403, say(SHUT, thread=thread))
            events = [*look.past.events]
    return events


async def verification_of(service: Service, thread: str, caller: Caller) -> Plain:
    """Return the finding on the record of a thread, as `accord audit verify --json` gives it.

    Its head is left out where answers are not shown: they could be guessed by it.

    Raises:
        UsageError: there is no such thread.
        StorageError: the database failed.
    """
    threads = service.runner.threads
    with storage_errors(threads.location):
        finding = await verify_one(threads, thread)
        is_kept_back = is_shut(Past.of(await threads.state(thread) or {}), caller)
    return _verified(finding, is_kept_back)


def _verified(finding: Verification, is_kept_back: bool) -> Plain:
    return {**plain_verification(finding), **({"head": None} if is_kept_back else {})}
