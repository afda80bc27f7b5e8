"""Burial: whether what is left of a purged thread is what the purge left, and nothing else of it is there."""

from collections.abc import Iterable, Iterator
from typing import Any

from graph.store.census import CensusRow
from graph.store.location import storage_errors
from graph.store.tombstones import UnreadableError, note_of
from graph.threads import Threads
from nodes.agreement import find_broken
from policies.assurance.audit import Head
from policies.assurance.keeping import is_tombstone
from policies.language import say

Fault = tuple[int | None, str]
"""The number of the first bad event where it is one, and a sentence."""


async def burial_of(
    threads: Threads, name: str, rows: Iterable[CensusRow], noted: Head | None = None
) -> tuple[list[Any], Fault | None] | None:
    """Return the events of a tombstone, and what is wrong with it; None where the thread was not purged.

    `rows` are the thread's entries in the index and the archive, wherever they lie.
    """
    with storage_errors(threads.location):
        try:
            events = await threads.tombstones.events(name)
        except UnreadableError as error:
            return [], (None, say("its tombstone cannot be read: {why}", why=error.why))
        if events is None:
            return None
        left = [*await threads.tombstones.left(name), *(row.prefix for row in rows)]
        _, note = await threads.census.newest(name)
    return events, next(_faults(name, events, left, note, noted), None)


def _faults(name: str, events: list[Any], left: list[str], note: str | None, noted: Head | None) -> Iterator[Fault]:
    if not is_tombstone(events):
        yield None, say("its tombstone does not end with the event of a purge")
        return
    broken = find_broken(events, noted)
    if broken is not None:
        yield broken.place, broken.message
    if events[-1].get("thread") != name:
        yield len(events) - 1, say("has a thread id that differs from the thread's")
    if left:
        names = ", ".join(f"`{each}`" for each in dict.fromkeys(left))
        yield None, say("it was purged, and rows of it are there: {names}", names=names)
    if note != note_of(events):
        yield None, say("its tombstone is not the one that was noted when it was purged")
