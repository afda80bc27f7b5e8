"""Tombstones: what is left of threads that were purged. It takes the place of all their rows in one transaction."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from graph.problems import StorageError, UsageError
from graph.store.census import Select, text_of
from graph.store.rows import STAYING, TOMBSTONES, Rows, Statement
from policies.assurance.audit import Event
from policies.assurance.keeping import is_tombstone
from policies.language import phrase, say

TABLE = f"CREATE TABLE IF NOT EXISTS {TOMBSTONES} (thread_id TEXT PRIMARY KEY, events TEXT NOT NULL)"
_PUT = f"INSERT INTO {TOMBSTONES} (thread_id, events) VALUES (?, ?)"
NOTED = "purged:"
"""How the note of a tombstone begins; its hash follows."""
_NOTE = "INSERT INTO newest_checkpoints (thread_id, checkpoint_id) VALUES (?, ?)"
"""A tombstone is noted where the newest checkpoint was, so that it cannot be deleted alone."""
_NAMES = f"SELECT {{}} FROM {TOMBSTONES}"
_ENTRY = f"SELECT {{}} FROM {TOMBSTONES} WHERE thread_id = ?"

Write = Callable[[Sequence[Statement], str | None], Awaitable[None]]
"""Makes statements one transaction; refused where a thread is named that is not held."""
Scrub = Callable[[], Awaitable[bool]]
"""Removes what was deleted from where it was stored; returns whether nothing of it is left there."""


class UnreadableError(StorageError):
    """A tombstone cannot be read; `why` says what of it."""

    def __init__(self, thread: str, why: str) -> None:
        told = phrase("the tombstone of the thread `{name}` cannot be read: {why}; see `accord audit verify {name}`")
        super().__init__(say(told, name=thread, why=why))
        self.why = why


class Tombstones:
    """The tombstones of a database."""

    def __init__(self, rows: Sequence[Rows], select: Select, write: Write, scrub: Scrub, text: str = "{}") -> None:
        """Take the rows of a thread, what reads, writes and scrubs, and how SQL reads text that may be damaged."""
        self._rows, self._select, self._write, self._text = rows, select, write, text
        self.scrub = scrub

    async def names(self) -> set[str]:
        """Return the ids of the threads that were purged."""
        return {text_of(name) for (name,) in await self._select(_NAMES.format(self._text.format("thread_id")))}

    async def events(self, thread: str) -> list[Event] | None:
        """Return the events of a tombstone; None where the thread was not purged.

        Raises:
            UnreadableError: it cannot be read.
        """
        return await entry(self._select, thread, self._text)

    async def refuse(self, thread: str) -> None:
        """Refuse a thread that was purged.

        Raises:
            PurgedError: it was.
        """
        events = await self.events(thread)
        if events is not None:
            raise purged(thread, events)

    async def put(self, thread: str, events: Sequence[Event]) -> None:
        """Put a tombstone in the place of all rows of a thread, which this process holds: all of it or nothing.

        Raises:
            FencedError: somebody else took the thread.
        """
        *deleted, fence = [each.deleted(thread) for each in self._rows]
        noted = (_NOTE, (thread, note_of(events)))
        await self._write([(_PUT, (thread, _written(events))), *deleted, noted, fence], thread)

    async def left(self, thread: str) -> list[str]:
        """Return what a database still has of a thread, by the names of the rows; what stays of each is left out."""
        asked = [(each.name, each.looked_for(thread)) for each in self._rows if each.name not in STAYING]
        return [name for name, (query, values) in asked if await self._select(query, *values)]

    async def sweep(self) -> None:
        """Delete what somebody wrote of purged threads who did not hold them, and had read them before the purge."""
        purged, loose = await self.names(), [(each, *each.owned) for each in self._rows if each.owned]
        for rows, query, thread_of in loose:
            owners = {thread_of(text_of(owner)) for (owner,) in await self._select(query)}
            if left := owners & purged:
                await self._write([rows.deleted(thread) for thread in sorted(left)], None)


def note_of(events: Sequence[Any]) -> str:
    """Return what is noted of a tombstone in the table of newest checkpoints."""
    last = events[-1] if events and isinstance(events[-1], dict) else {}
    return f"{NOTED}{last.get('hash')}"


async def entry(select: Select, thread: str, text: str = "{}") -> list[Event] | None:
    """Return the events of a tombstone; None where the thread was not purged.

    Raises:
        UnreadableError: it cannot be read.
    """
    rows = await select(_ENTRY.format(text.format("events")), thread)
    if not rows:
        return None
    try:
        kept = text_of(rows[0][0])
        events = json.loads(kept)
        if not isinstance(events, list) or kept != _written(events):
            raise ValueError(say("it is not written as a purge writes it"))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(thread, " ".join(str(error).split())) from None
    return events


def _written(events: Sequence[Any]) -> str:
    return json.dumps(list(events), separators=(",", ":"))


class PurgedError(UsageError):
    """A thread is named that was purged."""


def purged(thread: str, events: Sequence[Any]) -> PurgedError:
    """Return what to raise where a purged thread is named: when it was purged, by whom, and how its export is known."""
    last = events[-1] if is_tombstone(events) else {}
    by = say("by {name}", name=last["by"]) if last.get("by") else say("by nobody who gave a name")
    told = phrase("the thread `{name}` was purged at {when} {by}; its id cannot be used again. {rest}")
    when = f"{str(last.get('at'))[:16].replace('T', ' ')} UTC"
    return PurgedError(say(told, name=thread, when=when, by=by, rest=_rest(thread, last.get("exported"))))


def _rest(thread: str, exported: Any) -> str:
    if exported is None:
        told = phrase("Its record was not exported; `accord audit verify {name}` checks the hashes that are left")
        return say(told, name=thread)
    told = phrase("Its record was exported as a file with the SHA-256 {digest}; `accord audit verify FILE` checks that")
    return say(told, digest=exported)
