"""Verification: all that any command shows of a thread, checked against the thread's own chain of events.

What is compared: the chain with itself, the state with the chain, the entries of the index and of the archive with
what they follow from, and which of the three know the thread at all.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from graph.assurance.burial import burial_of
from graph.assurance.holding import Holding, Unreadable, hold_of
from graph.past import Past
from graph.problems import UsageError
from graph.record import record_of, status_of
from graph.store.archive import entry_of
from graph.store.census import CensusRow
from graph.store.index import ADMISSION, RUNNING, has_ended, is_whole, line_of, shown_of
from graph.store.location import storage_errors
from graph.store.names import check_thread
from graph.store.tombstones import NOTED
from graph.threads import Threads
from nodes.agreement import MISREAD, find_disagreement
from policies.access.owners import TENANT, tenant_of
from policies.assurance.audit import Head, head_of
from policies.assurance.keeping import PURGED
from policies.language import phrase, say

State = Mapping[str, Any]

UNREADABLE_ENTRY = {
    "index": phrase("its entry in the index cannot be read: {why}"),
    "archive": phrase("its entry in the archive cannot be read: {why}"),
}
NO_OBJECT = {
    "index": phrase("its entry in the index is not an object"),
    "archive": phrase("its entry in the archive is not an object"),
}
DIFFERS = {
    "index": phrase("its entry in the index has a `{key}` that differs from the chain's"),
    "archive": phrase("its entry in the archive has a `{key}` that differs from the chain's"),
}
GONE: Mapping[tuple[str, ...], str] = {
    (): phrase("its checkpoints are gone"),
    ("index",): phrase("its checkpoints are gone, and the index know of it"),
    ("archive",): phrase("its checkpoints are gone, and the archive know of it"),
    ("index", "archive"): phrase("its checkpoints are gone, and the index and the archive know of it"),
}
"""What is said of a thread of which nothing is left, by the places that know of it."""

MAX_JSONB = 1e16
"""From here on PostgreSQL gives a float without a fraction back as an integer."""


@dataclass(frozen=True, slots=True)
class RecordFault:
    """What is wrong with a thread: the first bad event where it is one, a sentence, and which places lack the thread.

    The sentence is about that event, or without one about the thread.
    """

    place: int | None
    message: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification makes of one thread; no fault: it is intact."""

    name: str
    status: str
    head: Head
    fault: RecordFault | None


def plain_verification(finding: Verification) -> dict[str, Any]:
    """Return a finding as plain values: {name, status, events, head, broken {event, message} or null, missing}."""
    fault, head = finding.fault, finding.head
    broken = None if fault is None else {"event": fault.place, "message": fault.message}
    found = {"name": finding.name, "status": finding.status, "events": head.events, "head": str(head), "broken": broken}
    return found | {"missing": list(fault.missing) if fault else []}


async def verify_all(threads: Threads) -> AsyncIterator[Verification]:
    """Yield a finding on each thread that index, archive or checkpoints know, or that was purged, by name."""
    rows = defaultdict[str, list[CensusRow]](list)
    for row in await threads.census.rows():
        rows[row.key].append(row)
    for name in sorted({*rows, *await threads.census.threads(), *await threads.tombstones.names()}):
        finding = await _verified(threads, name, rows[name])
        if finding is not None:
            yield finding


async def verify_one(threads: Threads, name: str, noted: Head | None = None) -> Verification:
    """Return the finding on a thread, also whether it ends at a head that was noted elsewhere.

    Raises:
        UsageError: there is no such thread.
    """
    finding = await verify_thread(threads, check_thread(name), noted)
    if finding is None:
        await threads.admitted(name)
        raise UsageError(say("the thread `{name}` has not begun", name=name))
    return finding


async def verify_thread(threads: Threads, name: str, noted: Head | None = None) -> Verification | None:
    """Return the finding on a thread; None where nothing shows it, as after an input that was refused on a server."""
    return await _verified(threads, name, await threads.census.rows(name), noted)


async def _verified(
    threads: Threads, name: str, rows: list[CensusRow], noted: Head | None = None
) -> Verification | None:
    """Return the finding on a thread, or on what is left of it; one that is purged meanwhile was there, and is not."""
    buried = await _buried(threads, name, rows, noted)
    found = buried or await _there(threads, name, rows, noted)
    if found is None or buried or found.fault is None:
        return found
    return await _buried(threads, name, await threads.census.rows(name), noted) or found


async def _buried(threads: Threads, name: str, rows: list[CensusRow], noted: Head | None) -> Verification | None:
    found = await burial_of(threads, name, rows, noted)
    if found is None:
        return None
    events, fault = found
    return Verification(name, PURGED, head_of(events), RecordFault(*fault) if fault else None)


async def _there(threads: Threads, name: str, rows: list[CensusRow], noted: Head | None) -> Verification | None:
    held = await hold_of(threads, name, rows)
    if is_whole(held.line, name) and held.line["status"] == RUNNING and not held.is_held:
        with suppress(UsageError, *MISREAD), storage_errors(threads.location):
            await threads.catch_up_with(held.line)
            held = await hold_of(threads, name, rows)
    if held.state is None and held.noted == held.newest and not rows:
        return None
    fault = await asyncio.to_thread(_fault, held, noted)  # each event is hashed, which no event loop is to wait for
    return Verification(name, _status(held), _head(held), fault)


def _fault(held: Holding, noted: Head | None) -> RecordFault | None:
    try:
        return next(_faults(held, noted), None)
    except MISREAD as error:
        why = f"{type(error).__name__}: {error}"
        return RecordFault(None, say("cannot be verified: {why}", why=why))


def _faults(held: Holding, noted: Head | None) -> Iterator[RecordFault]:
    yield from _misplaced(held)
    yield from _gone(held)
    yield from _claimed(held)
    if held.newest != held.noted:
        yield RecordFault(None, say("its newest checkpoint is not the one that was written last"))
    if isinstance(held.state, Unreadable):
        yield RecordFault(None, say("it cannot be read: {why}", why=held.state.reason))
    elif held.state is not None:
        yield from _chained(held, held.state, noted)
        yield from _known(held, held.state)


def _misplaced(held: Holding) -> Iterator[RecordFault]:
    """Yield entries that lie where none belongs, that cannot be read, or that are not as they were written."""
    for prefix in held.misplaced:
        told = say("an entry of it lies under `{prefix}` in the store, where none belongs", prefix=prefix)
        yield RecordFault(None, told)
    for place, kept in (("index", held.line), ("archive", held.entry)):
        if isinstance(kept, Unreadable):
            yield RecordFault(None, say(UNREADABLE_ENTRY[place], why=kept.reason))
    if held.line is not None and not is_whole(held.line, held.thread):
        yield RecordFault(None, say("its entry in the index was changed"))


def _gone(held: Holding) -> Iterator[RecordFault]:
    """Yield that nothing is left of a thread that had begun: it was noted, archived, or called more than running."""
    if held.newest is None and str(held.noted).startswith(NOTED):
        yield RecordFault(None, say("its tombstone is gone"), ("tombstones",))
    had_ended = held.entry is not None or (held.line is not None and held.line["status"] != RUNNING)
    if held.newest is None and (had_ended or held.noted is not None):
        yield RecordFault(None, say(GONE[held.places]), ("checkpoints",))
    elif held.state is None and had_ended:
        yield RecordFault(None, say("its state is gone"), ("checkpoints",))


def _claimed(held: Holding) -> Iterator[RecordFault]:
    """Yield that the index names another tenant than the one for whom the thread was begun, or is to be begun."""
    if held.line is None or isinstance(held.state, Unreadable):
        return
    admission = json.loads(held.line.get(ADMISSION, "{}")).get("inputs", {TENANT: tenant_of(held.line)})
    begun = (held.state or {}).get("case") or admission
    if tenant_of(begun) != tenant_of(held.line):
        yield RecordFault(None, say(DIFFERS["index"], key=TENANT))


def _chained(held: Holding, state: State, noted: Head | None) -> Iterator[RecordFault]:
    broken = find_disagreement(held.thread, state, noted)
    if broken is not None:
        yield RecordFault(broken.place, broken.message)


def _known(held: Holding, state: State) -> Iterator[RecordFault]:
    """Yield what the index and the archive say otherwise than the state; while it is held, they lag behind."""
    if held.line is None:
        yield RecordFault(None, say("the index lacks it"), ("index",))
    if held.is_held:
        return
    past, is_at_work = Past.of(state), held.line["status"] == RUNNING
    if not is_at_work or has_ended(state, held.line):
        yield from _unlike("index", shown_of(held.line), line_of(record_of(held.thread, state), past))
    if past.is_open and held.entry is not None:
        yield RecordFault(None, say("the archive has it, and it has not ended"))
    if not past.is_open and not is_at_work and held.entry is None:
        yield RecordFault(None, say("the archive lacks it"), ("archive",))
    if not past.is_open and held.entry is not None:  # a server that resumes it may not have dropped it yet
        yield from _unlike("archive", held.entry, entry_of(held.thread, state))


def _unlike(place: str, kept: Any, made: Mapping[str, Any]) -> Iterator[RecordFault]:
    """Yield the first key under which an entry is not what it follows from."""
    if not isinstance(kept, Mapping):
        yield RecordFault(None, say(NO_OBJECT[place]))
        return
    for key in {**made, **kept}:
        if key not in made or key not in kept or not is_same(kept[key], made[key]):
            yield RecordFault(None, say(DIFFERS[place], key=key))


def is_same(kept: Any, made: Any) -> bool:
    """Return whether a value is what was made, to the type of its numbers; PostgreSQL keeps keys in its own order.

    >>> is_same({"a": [1.0, 1e17]}, {"a": [1.0, 1e17]}), is_same(10**17, 1e17), is_same(1, 1.0)
    (True, True, False)
    """
    if isinstance(made, Mapping):
        has_same_keys = isinstance(kept, Mapping) and kept.keys() == made.keys()
        return has_same_keys and all(is_same(kept[key], value) for key, value in made.items())
    if isinstance(made, list | tuple):
        is_as_long = isinstance(kept, list) and len(kept) == len(made)
        return is_as_long and all(map(is_same, kept, made))
    if isinstance(made, float) and abs(made) >= MAX_JSONB:
        return bool(kept == made)
    return type(kept) is type(made) and bool(kept == made)


def _status(held: Holding) -> str:
    """Return the status of a thread, in the words of its record."""
    if held.state is None:
        return "not begun"
    with suppress(*MISREAD):
        return "unreadable" if isinstance(held.state, Unreadable) else status_of(Past.of(held.state), held.is_held)
    return "unreadable"


def _head(held: Holding) -> Head:
    events = Past.of(held.state).events if isinstance(held.state, Mapping) else []
    return head_of(events if isinstance(events, list) else [])
