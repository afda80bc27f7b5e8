"""Purging: threads that ended long ago give way to tombstones, each in one transaction, once they are exported.

What is held, has not ended, or does not verify is kept: a routine must not destroy the traces of a change. A purge that
was cut off is finished by the next one.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from graph.assurance.records import exported
from graph.assurance.verification import Verification, verify_thread
from graph.languages.catalogue import language_of
from graph.past import Past
from graph.problems import StorageError, UsageError
from graph.record import record_of, said_hold
from graph.retention.exports import Exports
from graph.saying import turn_to_say
from graph.settings import Settings
from graph.store.database import Database, open_database
from graph.store.index import OPEN, is_whole, shared_language
from graph.store.location import located, storage_errors
from graph.store.locks import ThreadBusyError
from graph.store.tombstones import PurgedError
from graph.threads import Threads
from nodes.agreement import MISREAD
from nodes.fingerprint import fingerprint
from nodes.services import utc_now
from policies.access.owners import owned_by
from policies.assurance.audit import Event, head_of
from policies.assurance.keeping import PURGED, entombed
from policies.language import phrase, say, speaking
from policies.team.people import seconds_of

Because = Literal["held", "open", "at_work", "damaged", "not_exported"]

HELD = phrase("held by {by} since {when}: {because}")
NOT_ENDED = phrase("it has not ended")
AT_WORK = phrase("somebody works on it")
LEFT = phrase("it was purged, and yet rows of it are there; see `accord audit verify {name}`")
AT_EVENT = phrase("event {number} {fault}; see `accord audit verify {name}`")
DAMAGED = phrase("{fault}; see `accord audit verify {name}`")


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be purged, on whose behalf, and where it is exported to; of a dry run nothing is changed."""

    older_than: str
    by: str | None = None
    exports: Exports | None = None
    is_dry: bool = False


@dataclass(frozen=True, slots=True)
class Purged:
    """A thread that was purged, or would be: when it ended, its head before, and the SHA-256 of its exported chain."""

    thread_id: str
    ended_at: str
    head: str
    exported: str | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A thread that is old enough, or may be, and was kept: why, as a word and as a sentence."""

    thread_id: str
    because: Because
    detail: str


@dataclass(slots=True)
class Purge:
    """What came of a purge; `is_scrubbed` says that nothing of what was purged is left in the database's own files."""

    before: str
    purged: list[Purged] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    is_scrubbed: bool = True


class Purger:
    """Purges the threads of one database."""

    def __init__(self, database: Database, threads: Threads, order: Order, now: Callable[[], str] = utc_now) -> None:
        self._database, self._threads, self._order, self._now = database, threads, order, now
        until = datetime.fromisoformat(now()) - timedelta(seconds=seconds_of(order.older_than))
        self.result = Purge(until.isoformat(timespec="milliseconds"))

    async def language(self) -> str | None:
        """Return the language of all threads, where they have the same."""
        return shared_language(await self._threads.index.newest())

    async def purge(self, is_halted: Callable[[], bool] = lambda: False) -> Purge:
        """Purge what is due, thread after thread, and return what came of it.

        Raises:
            StorageError: the database failed.
        """
        await self._threads.catch_up()
        for name, is_buried in await self._names():
            if is_halted():
                break
            with suppress(PurgedError):  # by somebody else, since it was listed: that is theirs to tell
                await (self._find_left(name) if is_buried else self._consider(name))
        if not self._order.is_dry:
            await self._database.tombstones.sweep()
            self.result.is_scrubbed = await self._database.tombstones.scrub()
        return self.result

    async def _names(self) -> list[tuple[str, bool]]:
        """Return all threads of which anything is there, and which of them were purged already and are listed still."""
        census, buried = self._threads.census, await self._database.tombstones.names()
        listed = {row.key for row in await census.rows()}
        there = await census.threads() - buried
        return [(name, name in buried) for name in sorted(listed | there)]

    async def _find_left(self, name: str) -> None:
        self._keep(name, "damaged", say(LEFT, name=name))

    async def _consider(self, name: str) -> None:
        entry = await self._entry(name)
        if entry is not None and (entry["updated_at"] or "") >= self.result.before:
            return
        if entry is not None and entry["status"] in OPEN:
            is_held = await self._threads.is_held(name)
            self._keep(name, *(("at_work", say(AT_WORK)) if is_held else ("open", say(NOT_ENDED))))
            return
        finding = await verify_thread(self._threads, name)
        if finding is not None and finding.fault is not None:
            self._keep(name, "damaged", _fault(finding))
        elif finding is not None:
            await self._purge_intact(name, finding)

    async def _entry(self, name: str) -> dict[str, Any] | None:
        """Return the entry of a thread in the index; None where there is none that can be trusted."""
        try:
            with storage_errors(self._threads.location):
                entry = await self._threads.index.entry(name)
        except (StorageError, *MISREAD):
            return None
        return entry if is_whole(entry, name) else None

    async def _purge_intact(self, name: str, finding: Verification) -> None:
        past = Past.of(await self._threads.begun(name))
        if past.is_open:
            self._keep(name, "open", say(NOT_ENDED))
        elif (past.ended_at or "") >= self.result.before:
            return
        elif past.hold:
            self._keep(name, "held", say(HELD, **said_hold(past.hold)))
        elif self._order.is_dry:
            self.result.purged.append(Purged(name, str(past.ended_at), str(finding.head), None))
        else:
            await self._bury(name, finding)

    async def _bury(self, name: str, finding: Verification) -> None:
        """Export a thread that verified, and put its tombstone in its place, unless somebody was at it since."""
        try:
            async with self._database.fences.hold(name), turn_to_say(self._database.locks, name):
                past = Past.of(await self._threads.begun(name))
                if head_of(past.events) != finding.head:
                    self._keep(name, "at_work", say(AT_WORK))
                    return
                sha256 = self._exported(name, past)
                await self._database.tombstones.put(name, self._tombstone(name, past, sha256))
        except ThreadBusyError:
            self._keep(name, "at_work", say(AT_WORK))
        except _NotExportedError as error:
            self._keep(name, "not_exported", str(error))
        else:
            self.result.purged.append(Purged(name, str(past.ended_at), str(finding.head), sha256))

    def _exported(self, name: str, past: Past) -> str | None:
        if self._order.exports is None:
            return None
        with speaking(language_of(past.language)):
            record = record_of(name, past.state)
        try:
            return self._order.exports.write(name, record, b"".join(exported(past.events)))
        except UsageError as error:
            raise _NotExportedError(str(error)) from None

    def _tombstone(self, name: str, past: Past, sha256: str | None) -> list[Event]:
        said = owned_by(past.tenant) | {"by": self._order.by, "older_than": self._order.older_than, "exported": sha256}
        return entombed(past.events, {"event": PURGED, "thread": name, "at": self._now(), **said}, fingerprint)

    def _keep(self, name: str, because: Because, detail: str) -> None:
        self.result.kept.append(Kept(name, because, detail))


class _NotExportedError(Exception):
    """A thread could not be exported, so it is kept."""


def _fault(finding: Verification) -> str:
    fault = finding.fault
    assert fault is not None
    if fault.place is None:
        return say(DAMAGED, name=finding.name, fault=fault.message)
    return say(AT_EVENT, name=finding.name, number=fault.place, fault=fault.message)


@asynccontextmanager
async def open_purger(settings: Settings, order: Order, now: Callable[[], str] = utc_now) -> AsyncIterator[Purger]:
    """Open the database of these settings to purge threads of it.

    Raises:
        UsageError: the database's URL is not of a kind that is supported, or its file or folder is missing.
        StorageError: the database cannot be opened, or fails.
    """
    where = located(settings, reads=True)
    async with open_database(where, settings.accord_sqlite_synchronous) as database:
        with storage_errors(settings.database):
            yield Purger(database, Threads(database, settings.database), order, now)
