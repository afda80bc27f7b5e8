"""Holding: everything that a database keeps of one thread, as it was at one moment."""

from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graph.problems import StorageError
from graph.store.archive import prefix_of
from graph.store.census import CensusRow
from graph.store.index import NAMESPACE
from graph.store.location import storage_errors
from graph.threads import Threads
from nodes.agreement import MISREAD
from nodes.events import CHANNELS
from policies.assurance.commitments import EVENTS

LOOKS = 5
"""How often a thread that somebody works on is looked at, until nothing moved meanwhile."""


COMMITTED = (*CHANNELS.values, *CHANNELS.parted, *CHANNELS.lists, EVENTS)
"""What a thread that has begun has some of."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What is there in place of a value that cannot be read: the reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Holding:
    """What is kept of a thread: its newest checkpoint and the one noted as that, what it holds, and two entries.

    `line` is the entry of the index, `entry` that of the archive; null where there is none. `misplaced` are the
    namespaces of entries that lie elsewhere in the store.
    """

    thread: str
    newest: str | None
    noted: str | None
    line: Any
    entry: Any
    misplaced: tuple[str, ...]
    values: Mapping[str, Any] | Unreadable
    is_held: bool

    @property
    def state(self) -> Mapping[str, Any] | Unreadable | None:
        """The state; null before anything was written into it but an input."""
        if isinstance(self.values, Unreadable):
            return self.values
        return self.values if any(self.values.get(name) for name in COMMITTED) else None

    @property
    def places(self) -> tuple[str, ...]:
        """Which of index and archive know the thread."""
        found = (("index", self.line is not None), ("archive", self.entry is not None))
        return tuple(place for place, knows in found if knows)


async def hold_of(threads: Threads, thread: str, rows: Iterable[CensusRow]) -> Holding:
    """Return what is kept of a thread, whose entries in the store lie at `rows`.

    Where somebody works on it so fast that no two looks agree, it is held.
    """
    right = {".".join(NAMESPACE), prefix_of(thread)}
    elsewhere = tuple(row.prefix for row in rows if row.prefix not in right)
    before = await _looked(threads, thread)
    for _ in range(LOOKS):
        values = await _read(threads, threads.values(thread))
        entry = await _read(threads, threads.archive.entry(thread))
        is_held = await threads.is_held(thread)
        after = await _looked(threads, thread)
        if before == after:
            break
        before, is_held = after, True
    return Holding(thread, *before, entry, elsewhere, values, is_held)


async def _looked(threads: Threads, thread: str) -> tuple[str | None, str | None, Any]:
    return *await threads.census.newest(thread), await _read(threads, threads.index.entry(thread))


async def _read(threads: Threads, reading: Awaitable[Any]) -> Any:
    """Return what is read, or why it cannot be."""
    try:
        with storage_errors(threads.location):
            return await reading
    except (StorageError, *MISREAD) as error:
        return Unreadable(" ".join(str(error).split()) or type(error).__name__)
