"""Threads: how each one ended, read from the database; the runner writes, this reads."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from graph.languages.catalogue import language_of
from graph.past import Past
from graph.problems import StorageError, UsageError
from graph.record import Record, record_of
from graph.settings import Settings
from graph.states import UNREADABLE, State, States, StuckError
from graph.store.archive import Archive
from graph.store.cancels import Cancels
from graph.store.claims import Claims
from graph.store.counters import find_uncounted
from graph.store.database import Database, open_database
from graph.store.index import RUNNING, Index, by_time, damaged, has_ended, is_whole, line_of, shown_of
from graph.store.location import located, shown, storage_errors
from graph.store.locks import ThreadBusyError
from graph.store.names import aliases_of, check_thread, no_thread, thread_named, unknown_thread
from graph.store.queue import Queue
from graph.store.traces import Traced, find_trace
from graph.store.watches import Watches
from nodes.agreement import MISREAD, find_disagreement
from policies.access.owners import tenant_of
from policies.language import Language, phrase, say, speaking, spoken
from policies.run.stop import stop_reason

NOBODYS = ""
"""Whose a thread is that is there, and of which nothing can be read that says whose: no tenant is called so."""


class Threads(States):
    """The threads of one database."""

    def __init__(self, database: Database, location: str = "the database") -> None:
        super().__init__(database, location)
        self.index, self.archive, self.census = Index(database.store), Archive(database.store), database.census
        self.watches, self.tombstones = Watches(database.store, database.tombstones), database.tombstones
        self._queue, self._cancels = Queue(database.store), Cancels(database.store)
        self.claims = Claims(database.store, database.locks, self.owner, location)

    async def find(self, name: str, *, or_purged: bool = False, tenant: str | None = None) -> str:
        """Return the id of the thread that a name means: an id, `last`, an alias, or the beginning of one id.

        With a tenant, only its own threads are there.

        Raises:
            UsageError: it can mean several threads, or none has begun yet, or one that was purged is not asked for.
            StorageError: the database failed.
        """
        with storage_errors(self.location):
            is_open_to = tenant is None or await self.owner(check_thread(name)) == tenant
            if is_open_to and (await self._is_there(check_thread(name)) or await self._is_asked(name, or_purged)):
                return name
            entries = await self.index.of(tenant)
            if (found := thread_named(name, entries)) == name:
                raise unknown_thread(name) if tenant else no_thread(name, shown(self.location), entries)
            return found

    async def _is_asked(self, name: str, or_purged: bool) -> bool:
        """Return whether a thread was purged, and is asked for all the same.

        Raises:
            PurgedError: it was purged, and is not asked for.
        """
        if or_purged and await self.tombstones.events(name):
            return True
        await self.tombstones.refuse(name)
        return False

    async def language(self, thread: str) -> Language:
        """Return the language of a thread's team; where the thread cannot be read, the one that is spoken."""
        with suppress(UsageError, *UNREADABLE), storage_errors(self.location):
            return language_of(Past.of(await self._begun_or_admitted(thread)).language)
        return spoken()

    async def _is_there(self, thread: str) -> bool:
        """Return whether there is a thread of this very id."""
        if await self.index.entry(thread) is not None:
            return True
        return await self._database.saver.aget_tuple({"configurable": {"thread_id": thread}}) is not None

    async def owner(self, thread: str) -> str | None:
        """Return whose a thread is, also of one that was only admitted or promised, or was purged; None without one.

        Where there is a thread and nothing says whose, it is nobody's.
        """
        with storage_errors(self.location):
            entry = await self.index.entry(thread)
            if entry is not None and is_whole(entry, thread):
                return tenant_of(entry)
            with suppress(UsageError, *UNREADABLE):
                return await self._owner_kept(thread) or (None if entry is None else NOBODYS)
            return NOBODYS

    async def _owner_kept(self, thread: str) -> str | None:
        """Return whose a thread is that the index lacks: by state, promise, tombstone or an early checkpoint."""
        state = await self.state(thread)
        if state is not None:
            return Past.of(state).tenant
        promise = await self._queue.find(thread)
        if promise is not None:
            return promise.tenant
        buried = await self.tombstones.events(thread)
        if buried is not None:
            return tenant_of(buried[-1])
        saved = await self._database.saver.aget_tuple({"configurable": {"thread_id": thread}})
        return tenant_of(saved.metadata) if saved else None

    async def show(self, thread: str) -> Record:
        """Return the record of a thread as it is now, in the language of its team.

        Raises:
            UsageError: there is no such thread.
            StorageError: the database failed.
        """
        state, is_running = await self.look(thread)
        with speaking(language_of(Past.of(state).language)):
            return record_of(thread, state, is_running)

    async def look(self, thread: str) -> tuple[State, bool]:
        """Return the state of a thread, the bare team of one that has not begun, and whether somebody works on it.

        Raises:
            UsageError: there is no such thread.
            StorageError: the database failed.
        """
        with storage_errors(self.location):
            state = await self._begun_or_admitted(check_thread(thread))
            return state, Past.of(state).is_open and await self.is_held(thread)

    async def traced(self, thread: str) -> Traced | None:
        """Return where the last trace of a thread is; None where it was never traced."""
        with storage_errors(self.location):
            return await find_trace(self._database.store, thread)

    async def newest(self, limit: int, tenant: str | None = None) -> list[dict[str, Any]]:
        """Return the entries of the threads touched last, newest first, each with its alias and its status now.

        With a tenant, only those of its threads; their aliases count only these, too.
        """
        with storage_errors(self.location):
            entries = await self.index.of(tenant)
            aliases = aliases_of(entries)
            now = [{"alias": aliases.get(each["thread_id"]), **await self.now(each)} for each in entries[:limit]]
            return by_time(await asyncio.gather(*map(self.watches.marked, now)))

    async def begun(self, thread: str) -> State:
        """Return the state of a thread whose case was admitted.

        Raises:
            UsageError: there is no such thread, or nothing of it was admitted yet.
            StorageError: the database failed.
        """
        with storage_errors(self.location):
            state = await self.state(check_thread(thread))
            if state is None:
                told = phrase("the thread `{name}` has not begun; `accord resume {name}` begins it")
                with speaking(language_of((await self.admitted(thread))["team"].get("language"))):
                    raise UsageError(say(told, name=thread))
            return state

    async def catch_up(self, tenant: str | None = None) -> None:
        """Note and archive the threads that ended, but whose process died before it could; with a tenant, its own."""
        with storage_errors(self.location):
            for entry in await self.index.running(tenant):
                # What cannot be read is for `audit verify` to name; who may not write leaves it as it is.
                with suppress(UsageError, *UNREADABLE), storage_errors(self.location):
                    await self.catch_up_with(entry)

    async def catch_up_with(self, entry: Mapping[str, Any]) -> None:
        """Note and archive a thread that the index calls running, if it has ended and nobody works on it."""
        thread = entry["thread_id"]
        if not has_ended(await self.state(thread), entry):
            return
        with suppress(ThreadBusyError):
            # Under the token of who wrote last: they can still write, and who takes the thread meanwhile refuses this.
            async with self._database.fences.hold(thread, anew=False):
                state = await self.state(thread)  # again: somebody may have gone on with it since
                if has_ended(state, entry):
                    await self.note(thread, state)

    async def note(self, thread: str, state: State | None) -> Record | None:
        """Note the result of a thread, archive it if it ended, and return its record; None where nothing began.

        Raises:
            UsageError: the state is not what its events say: the database was damaged meanwhile.
        """
        if state is None:
            return None
        with blaming(thread, state):
            record = record_of(thread, state)
            if record["stop_reason"] is not None:  # first: what the index calls running is caught up with after a kill
                await self.archive.keep(thread, state)
            await self.index.note(line_of(record, Past.of(state)), Past.of(state).language)
        if record["stop_reason"] != stop_reason("cancelled"):  # a cancel came too late, and is not for what comes next
            await self._cancels.drop(thread)
        return record

    async def go_on(self, thread: str) -> None:
        """Note that somebody works on a thread again; it is archived when it ends.

        Raises:
            StorageError: LangGraph's own notes in its newest checkpoint are damaged, so that nothing can follow on it.
        """
        saved = await self._database.saver.aget_tuple({"configurable": {"thread_id": thread}})
        key = find_uncounted(saved.metadata) if saved is not None else None
        if key is not None:
            told = say(
                "the thread `{name}` can be shown and not resumed: in the metadata of its newest checkpoint, "
                "`{key}` is not what LangGraph writes; restore the database from a backup",
                name=thread,
                key=key,
            )
            raise StuckError(f"{shown(self.location)}: {told}")
        await self.index.go_on(thread)  # first: what the index calls running is caught up with after a kill
        await self.archive.drop(thread)

    async def _begun_or_admitted(self, thread: str) -> Mapping[str, Any]:
        state = await self.state(thread)
        return state if state is not None else {"case": {"team": (await self.admitted(thread))["team"]}}

    async def admitted(self, thread: str) -> dict[str, Any]:
        """Return the {team, inputs} of a thread that was admitted and has no result yet.

        Raises:
            UsageError: there is no such thread.
        """
        admitted = await self.index.admitted(thread)
        if admitted is None:
            await self.tombstones.refuse(thread)
            raise no_thread(thread, shown(self.location))
        return admitted

    async def is_held(self, thread: str) -> bool:
        """Return whether somebody works on the thread."""
        return await self._database.locks.is_held(thread)

    async def now(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Return what lists show of an entry: of a thread that is not at rest, what its state says now."""
        if entry["status"] != RUNNING:
            return shown_of(entry)
        thread = entry["thread_id"]
        is_running = await self.is_held(thread)
        try:
            state = await self.state(thread)
            record = record_of(thread, state or {}, is_running)
            if state is not None:
                return line_of(record, Past.of(state))
        except (StorageError, *UNREADABLE):
            return damaged(thread)
        return shown_of(entry) | {key: record.get(key) for key in ("status", "stop_reason", "final_decision")}


def refuse_broken(thread: str, state: State) -> None:
    """Refuse to work with a thread that was changed: what comes of it would rest on the change.

    Raises:
        UsageError: the state is not what its events say.
    """
    broken = find_disagreement(thread, state)
    if broken is not None:
        told = phrase(
            "the record of the thread `{name}` is broken at event {number}: it {fault}; "
            "see `accord audit verify {name}`"
        )
        raise UsageError(say(told, name=thread, number=broken.place, fault=broken.message))


@contextmanager
def blaming(thread: str, state: State) -> Iterator[None]:
    """Say that a thread was changed, where work with its state breaks over that; any other error is a bug, and stays.

    Raises:
        UsageError: the state is not what its events say.
    """
    try:
        yield
    except MISREAD:
        refuse_broken(thread, state)
        raise


@asynccontextmanager
async def open_threads(settings: Settings) -> AsyncIterator[Threads]:
    """Open the database of these settings for reading.

    Raises:
        UsageError: the database's URL is not of a kind that is supported, or its file or folder is missing.
        StorageError: the database cannot be opened.
    """
    async with open_database(located(settings, reads=True), settings.accord_sqlite_synchronous, reads=True) as database:
        yield Threads(database, settings.database)
