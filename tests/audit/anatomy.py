"""The anatomy of a database file: its rows, the values within their values, and where two files differ.

Nothing of ours is asked: rows are read with sqlite3, checkpoints with MessagePack, the store's values with JSON.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ormsgpack

Steps = tuple[Any, ...]
"""The keys and indices that lead to a value within a value."""

SNAPSHOT = 7
"""The MessagePack extension under which LangGraph keeps a growing list in full."""
KEYS = {
    "checkpoints": ("thread_id", "checkpoint_ns", "checkpoint_id"),
    "writes": ("thread_id", "checkpoint_ns", "checkpoint_id", "task_id", "idx"),
    "store": ("prefix", "key"),
    "store_migrations": ("v",),
    "newest_checkpoints": ("thread_id",),
    "tombstones": ("thread_id",),
}
WRITTEN = ("thread_id", "checkpoint_ns", "checkpoint_id", "channel")
"""What tells one write from another whatever LangGraph calls its task; several are told apart by their order."""
OWNERS = {table: "thread_id" for table in ("checkpoints", "writes", "newest_checkpoints", "tombstones")} | {
    "store": "key"
}
"""The column that says whose a row is."""


@dataclass(frozen=True)
class Snapshot:
    """A growing list as it is kept in full."""

    value: Any


# --- values within values ---------------------------------------------------------------------------------------------


def decoded(value: Any, table: str) -> Any:
    """Return what a column holds, as plain values; raises ValueError or TypeError where it is neither of both."""
    if table in ("store", "tombstones") or (isinstance(value, bytes) and value[:1] == b"{"):
        return json.loads(value)
    return _unpacked(value)


def _unpacked(data: bytes) -> Any:
    return ormsgpack.unpackb(data, ext_hook=_extension, option=ormsgpack.OPT_NON_STR_KEYS)


def _extension(code: int, data: bytes) -> Any:
    return Snapshot(_unpacked(data)) if code == SNAPSHOT else ormsgpack.Ext(code, data)


def encoded(value: Any, like: Any) -> Any:
    """Return a value in the form of a column's own: text, JSON as bytes, or MessagePack."""
    if isinstance(like, str):
        return json.dumps(value, ensure_ascii=False)
    if like[:1] == b"{":
        return json.dumps(value, ensure_ascii=False).encode()
    return _packed(value)


def _packed(value: Any) -> bytes:
    def default(part: Any) -> Any:
        return ormsgpack.Ext(SNAPSHOT, _packed(part.value)) if isinstance(part, Snapshot) else part

    return ormsgpack.packb(value, default=default, option=ormsgpack.OPT_NON_STR_KEYS)


def parts_of(value: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """Yield every value within a value, itself included, with the steps that lead to it."""
    yield steps, value
    if isinstance(value, Snapshot):
        yield from parts_of(value.value, (*steps, "snapshot"))
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from parts_of(part, (*steps, key))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from parts_of(part, (*steps, number))


def changed(value: Any, steps: Steps, change: Callable[[Any], Any]) -> Any:
    """Return the value with one value within it changed."""
    if not steps:
        return change(value)
    first, rest = steps[0], steps[1:]
    if isinstance(value, Snapshot):
        return Snapshot(changed(value.value, rest, change))
    if isinstance(value, dict):
        return {key: changed(part, rest, change) if key == first else part for key, part in value.items()}
    return [changed(part, rest, change) if number == first else part for number, part in enumerate(value)]


# --- what differs -----------------------------------------------------------------------------------------------------

Rows = dict[tuple[str, tuple[Any, ...]], dict[str, Any]]


def rows_in(path: Path) -> Rows:
    """Return every row of every table by its key, text as bytes, so that damaged text can be read."""
    found: Rows = {}
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        for name, keys in {**KEYS, "writes": WRITTEN}.items():
            order = " ORDER BY task_path, task_id, idx" if name == "writes" else ""
            cursor = connection.execute(f"SELECT * FROM {name}{order}")
            columns = [column[0] for column in cursor.description]
            for number, row in enumerate(cursor):
                values = dict(zip(columns, row, strict=True))
                key = tuple(_typed(values[each]) for each in keys)
                found[name, key if (name, key) not in found else (*key, number)] = values
    return found


def _typed(value: Any) -> Any:
    return (type(value).__name__, value)


@dataclass(frozen=True)
class Difference:
    """One place at which two databases differ: the row's table and key, the column, the steps within its value."""

    table: str
    key: tuple[Any, ...]
    column: str | None
    steps: Steps


def differences(before: Rows, after: Rows) -> list[Difference]:
    """Return all places at which two databases differ; a row that one lacks is one place."""
    found = []
    for place in {**before, **after}:
        here, there = before.get(place), after.get(place)
        if here is None or there is None:
            found.append(Difference(*place, None, ()))
            continue
        for column, value in here.items():
            if _typed(value) != _typed(there[column]):
                found += [Difference(*place, column, steps) for steps in _within(place[0], value, there[column])]
    return found


def _within(table: str, here: Any, there: Any) -> list[Steps]:
    try:
        before, after = decoded(here, table), decoded(there, table)
    except (ValueError, TypeError, AttributeError):
        return [()]
    return list(_differing(before, after, ())) if isinstance(before, dict | list | Snapshot) else [()]


def _differing(before: Any, after: Any, steps: Steps) -> Iterator[Steps]:
    if isinstance(before, Snapshot) and isinstance(after, Snapshot):
        yield from _differing(before.value, after.value, (*steps, "snapshot"))
    elif isinstance(before, dict) and isinstance(after, dict):
        yield from ((*steps, key) for key in {**before, **after} if (key in before) != (key in after))
        for key in before:
            if key in after:
                yield from _differing(before[key], after[key], (*steps, key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (here, there) in enumerate(zip(before, after, strict=True)):
            yield from _differing(here, there, (*steps, number))
    elif repr(before) != repr(after):
        yield steps
