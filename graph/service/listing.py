"""Listing: the threads of a tenant, the one that was admitted last first, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from graph.service.reading import QUEUED, as_queued
from graph.service.service import Service
from graph.states import DamagedError
from graph.store.index import DAMAGED, OPEN, RUNNING, is_whole, shown_of
from graph.store.location import storage_errors
from graph.store.names import ADMITTED, admission_order
from graph.store.queue import Queue
from graph.threads import Threads
from policies.access.owners import tenant_of

Listed = Literal["ok", "stopped", "waiting", "interrupted", "running", "queued", "damaged"]
"""What the status of a thread may be in a list."""
OVER = ("ok", "stopped")
"""The status of a thread of which nothing more is to come by itself."""

Entry = dict[str, Any]
Mark = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which threads are listed: those of a tenant, of a team where one is named, in a status where one is."""

    tenant: str
    team: str | None = None
    status: Listed | None = None

    def may_have(self, entry: Entry, promised: set[str]) -> bool:
        """Return whether a thread may be wanted, by its entry, which does not say how a thread at work is now."""
        is_of = tenant_of(entry) == self.tenant and self.team in (None, entry["team"])
        open_to = (QUEUED, RUNNING, "ok") if entry["thread_id"] in promised else (self.status,)
        is_open = entry["status"] == RUNNING and self.status in open_to
        is_open |= entry["status"] in OPEN and self.status == DAMAGED
        return is_of and (self.status in (None, QUEUED, entry["status"]) or is_open)

    def has(self, entry: Entry) -> bool:
        """Return whether a thread is wanted as it is now."""
        return self.status in (None, entry["status"])


async def taken_again(service: Service, found: Sequence[Entry]) -> dict[str, Entry]:
    """Return, of those of some threads whose decision was taken again, {thread, decision} of the newer one.

    `decision` is null where there is none, or none yet.
    """
    threads = service.runner.threads
    with storage_errors(threads.location):
        rows = await threads.watches.of([each["thread_id"] for each in found if each["final_decision"]])
        newer = {thread: row["reopened_as"] for thread, row in rows.items() if row["reopened_as"]}
        entries = {name: await threads.index.entry(name) for name in newer.values()}
    decisions = {name: entry["final_decision"] for name, entry in entries.items() if is_whole(entry, name) and entry}
    return {thread: {"thread": name, "decision": decisions.get(name)} for thread, name in newer.items()}


async def listed(service: Service, wanted: Wanted, limit: int, before: Mark | None) -> tuple[Sequence[Entry], bool]:
    """Return the entries of a page as they are now, admitted before a mark, and whether there are more."""
    threads = service.runner.threads
    with storage_errors(threads.location):
        open_now = await Queue(service.database.store).open(wanted.tenant)
        promised = {each.thread for each in open_now if each.problem is None}
        known = [entry for entry in await threads.index.of(wanted.tenant) if wanted.may_have(entry, promised)]
    entries = sorted(known, key=admission_order, reverse=True)
    found: list[Entry] = []
    for entry in entries:
        if before is not None and admission_order(entry) >= before:
            continue
        now = as_queued(await _now(threads, entry), entry["thread_id"] in promised)
        if not wanted.has(now):
            continue
        if len(found) == limit:
            return found, True
        found.append({**now, ADMITTED: admission_order(entry)[0]})
    return found, False


async def _now(threads: Threads, entry: Entry) -> Entry:
    """Return what is shown of an entry; of a thread that waits and cannot be read, that it is damaged."""
    if entry["status"] not in OPEN or entry["status"] == RUNNING:
        return await threads.now(entry)
    try:
        await threads.state(entry["thread_id"])
    except DamagedError:
        return {**shown_of(entry), "status": DAMAGED}
    return await threads.now(entry)
