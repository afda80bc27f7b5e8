"""What tests of retention share: threads held and purged, and a judge of chains that knows hashlib and json alone."""

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from graph.assurance.records import exported
from graph.assurance.verification import Verification, verify_all, verify_one
from graph.past import Past
from graph.record import Record
from graph.retention.exports import Exports
from graph.retention.holds import hold as held
from graph.retention.purging import Order, Purge, open_purger
from graph.settings import Settings
from graph.threads import open_threads
from policies.assurance.audit import Head
from tests.durability.rows import tables_at
from tests.harness import run, team_of

LATER = "2099-01-01T00:00:00.000+00:00"
"""When all that a test runs now ended long ago."""
GENESIS = "0" * 64


def hold(settings: Settings, thread: str, because: str = "A claim.", *, is_release: bool = False) -> Record:
    return asyncio.run(held(settings, thread, "legal", because, is_release=is_release))


def purge(
    settings: Settings, folder: Path | None = None, *, now: str = LATER, older_than: str = "180d", **order: Any
) -> Purge:
    async def main() -> Purge:
        exports = Exports(folder) if folder else None
        async with open_purger(settings, Order(older_than, exports=exports, **order), lambda: now) as purger:
            return await purger.purge()

    return asyncio.run(main())


def verified(settings: Settings) -> dict[str, Verification]:
    async def main() -> dict[str, Verification]:
        async with open_threads(settings) as threads:
            return {each.name: each async for each in verify_all(threads)}

    return asyncio.run(main())


def faults(settings: Settings) -> dict[str, str]:
    """Return what is found of each thread of which anything is wrong."""
    return {name: each.fault.message for name, each in verified(settings).items() if each.fault}


def verified_with(settings: Settings, thread: str, head: Head) -> str | None:
    async def main() -> Verification:
        async with open_threads(settings) as threads:
            return await verify_one(threads, thread, head)

    fault = asyncio.run(main()).fault
    return fault.message if fault else None


def events_of(settings: Settings, thread: str) -> list[dict[str, Any]]:
    async def main() -> list[dict[str, Any]]:
        async with open_threads(settings) as threads:
            tombstone = await threads.tombstones.events(thread)
            return tombstone or [*Past.of(await threads.begun(thread)).events]

    return asyncio.run(main())


def export_of(settings: Settings, thread: str) -> bytes:
    """Return what `accord audit export` writes."""
    return b"".join(exported(events_of(settings, thread)))


def begin(settings: Settings, *threads: str, **changes: Any) -> None:
    for thread in threads:
        run(team_of(settings, goal=f"CANARY of {thread}", **changes), settings, thread)


def named(purged: Any) -> list[str]:
    return [each.thread_id for each in purged.purged]


def kept(purged: Any) -> dict[str, str]:
    return {each.thread_id: each.because for each in purged.kept}


def everything(location: str) -> str:
    """All bytes of all rows of a database, as text."""
    opened: Any = psycopg.connect(location) if "://" in location else sqlite3.connect(location)
    with closing(opened) as connection:
        return "".join(
            str([bytes(part) if isinstance(part, memoryview) else part for part in row])
            for table in tables_at(location)
            for row in connection.execute(f"SELECT * FROM {table}")
        )


# --- a judge of its own: hashlib and json ----------------------------------------------------------------------------


def canonical(value: Any) -> str:
    """Return a value as RFC 8785 writes it, as far as events go: keys in order, floats as JavaScript writes them."""
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{json.dumps(key)}:{canonical(value[key])}' for key in sorted(value))}}}"
    if isinstance(value, list):
        return f"[{','.join(map(canonical, value))}]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, float) and 1e-6 <= abs(value) < 1e-4:
        digits, _, power = repr(value).partition("e-")
        return f"0.{'0' * (int(power) - 1)}{digits.replace('.', '')}"
    if isinstance(value, float):
        return repr(value).replace("e-0", "e-")
    return json.dumps(value, ensure_ascii=False)


def sha256(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def unlinked(lines: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the places of events that are not what was hashed, or do not follow the one before; stubs have none."""
    wrong, before = [], GENESIS
    for place, event in enumerate(lines):
        is_stub = set(event) == {"seq", "prev_hash", "hash"}
        is_hashed = is_stub or event["hash"] == sha256({key: event[key] for key in event if key != "hash"})
        if (event["seq"], event["prev_hash"]) != (place, before) or not is_hashed:
            wrong.append(place)
        before = str(event["hash"])
    return wrong


def unlike_a_tombstone(tomb: Sequence[Mapping[str, Any]], chain: Sequence[Mapping[str, Any]], thread: str) -> str:
    """Return what is wrong with a tombstone of what was once this chain; nothing where it is one."""
    *stubs, last = tomb
    wanted = [{key: event[key] for key in ("seq", "prev_hash", "hash")} for event in chain]
    if stubs != wanted:
        return "its stubs are not those of the chain"
    if unlinked(tomb):
        return f"it is not linked at {unlinked(tomb)}"
    if last["event"] != "purged" or last["thread"] != thread or last["stubs"] != sha256(wanted):
        return f"its last event is {last}"
    return ""
