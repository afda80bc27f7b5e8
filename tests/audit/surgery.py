"""Tampers with the database file itself, below the application: any table, row, column, and value inside a value."""

import random
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ormsgpack

from tests.audit.anatomy import KEYS, OWNERS, Snapshot, Steps, changed, decoded, encoded, parts_of

STRANGER = "stranger"
FALLBACKS = (0, -1, 1.5, "", "x", b"", b"\x93\x01\x02\x03", "{}", "[]", "null", None)


def other_value(rng: random.Random, value: Any, pool: Sequence[Any]) -> Any:
    """Return another value in its place: alike, of another type, or one that stands elsewhere."""
    if isinstance(value, Snapshot):
        return Snapshot(_other_list(rng, value.value))
    if isinstance(value, dict):
        return _other_object(rng, value)
    if isinstance(value, list):
        return _other_list(rng, value)
    ways = [lambda: rng.choice(pool), lambda: rng.choice(FALLBACKS[:5]), lambda: None, *_alike(rng, value)]
    return rng.choice(ways)()


def _alike(rng: random.Random, value: Any) -> list[Callable[[], Any]]:
    if isinstance(value, bool):
        return [lambda: not value, lambda: int(value)]
    if isinstance(value, int):
        return [lambda: value + rng.choice((-1, 1, 7)), lambda: float(value), lambda: str(value)]
    if isinstance(value, float):
        return [lambda: value + rng.choice((-0.25, 0.001, 1.0)), lambda: -value, lambda: int(value)]
    if isinstance(value, str):
        swapped = {"go": "block", "block": "go", "ok": "stopped", "no_go": "go", "running": "ok"}
        return [lambda: swapped.get(value, value[::-1]), lambda: value + ".", lambda: value[:-1], lambda: value.upper()]
    return []


def _other_object(rng: random.Random, value: dict[Any, Any]) -> Any:
    keys = list(value)
    if not keys:
        return {"added": 1}
    key, other = rng.choice(keys), rng.choice(keys)
    renamed = {f"{each}_" if each == key else each: part for each, part in value.items()}
    turned = {each: value[each] for each in reversed(keys)}
    swapped = {**value, key: value[other], other: value[key]}
    dropped = {each: part for each, part in value.items() if each != key}
    return rng.choice([renamed, turned, swapped, dropped, {**value, "added": 1}, {}, None, [value]])


def _other_list(rng: random.Random, value: list[Any]) -> Any:
    if not value:
        return rng.choice([[1], [{}], None, {}])
    at, to = rng.randrange(len(value)), rng.randrange(len(value))
    swapped = list(value)
    swapped[at], swapped[to] = swapped[to], swapped[at]
    twice = [*value[:at], value[at], *value[at:]]
    return rng.choice([value[:at] + value[at + 1 :], twice, swapped, value[::-1], [], None, {"0": value}])


# --- rows -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cut:
    """What was done to the file: the table, the column where it was one, and the way."""

    table: str
    column: str | None
    way: str
    what: str

    def __str__(self) -> str:
        return f"{self.way} in {self.table}.{self.column}: {self.what}"


@dataclass(frozen=True)
class Table:
    """A table with its columns and the rows of it that are worth touching, by rowid."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[int, ...]


OF_NO_THREAD = ("accord_schema", "fences")
"""The version of the tables, held by tests/durability/test_schema.py; and who may write to a thread, not what was."""


def tables_in(connection: sqlite3.Connection) -> list[Table]:
    """Return every table that keeps something of a thread."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    return [_table(connection, name) for (name,) in names if name not in OF_NO_THREAD]


def _table(connection: sqlite3.Connection, name: str) -> Table:
    columns = tuple(row[1] for row in connection.execute(f"PRAGMA table_info({name})"))
    rows = tuple(row for (row,) in connection.execute(f"SELECT rowid FROM {name} ORDER BY {', '.join(KEYS[name])}"))
    return Table(name, columns, rows)


_NEWEST = """
SELECT rowid FROM checkpoints AS c WHERE checkpoint_ns = '' AND checkpoint_id =
(SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = c.thread_id AND checkpoint_ns = '') ORDER BY thread_id
"""
_SHOWN = {
    "checkpoints": [_NEWEST],
    "store": [
        "SELECT rowid FROM store WHERE prefix = 'threads' ORDER BY key",
        "SELECT rowid FROM store WHERE prefix LIKE 'archive.%' ORDER BY key",
    ],
    "writes": [
        f"SELECT rowid FROM writes WHERE channel = '{channel}' AND checkpoint_ns = '' ORDER BY thread_id, checkpoint_id"
        for channel in ("history", "trace", "events", "stages", "messages", "superseded", "delivered")
    ],
}
"""Rows of which something is shown, by kind; each kind is as likely as another, and all together as any row at all."""


class Surgeon:
    """Changes one thing in a database, as a seed says."""

    def __init__(self, connection: sqlite3.Connection, seed: int) -> None:
        self._connection, self._rng = connection, random.Random(seed)
        self._tables = {table.name: table for table in tables_in(connection)}

    def operate(self) -> Cut:
        """Change one thing; what the schema refuses is replaced by another change."""
        while True:
            ways = [self._leaf] * 6 + [
                *(self._byte, self._column, self._column, self._deleted, self._doubled, self._foreign),
                *(self._renamed, self._swapped_values, self._swapped_keys),
            ]
            table = self._tables[self._rng.choice([*self._tables, "checkpoints", "store", "writes", "writes"])]
            try:
                cut = self._rng.choice(ways)(table)
            except (sqlite3.IntegrityError, sqlite3.InterfaceError, ormsgpack.MsgpackEncodeError, OverflowError):
                self._connection.rollback()
                continue
            if cut is not None:
                return cut

    def _row(self, table: Table) -> int | None:
        shown = _SHOWN.get(table.name)
        if shown and self._rng.random() < 0.6:
            rows = [row for (row,) in self._connection.execute(self._rng.choice(shown))]
        else:
            rows = list(table.rows)
        return self._rng.choice(rows) if rows else None

    def _value(self, table: Table, row: int, column: str) -> Any:
        (value,) = self._connection.execute(f"SELECT {column} FROM {table.name} WHERE rowid = ?", (row,)).fetchone()
        return value

    def _set(self, table: Table, row: int, column: str, value: Any) -> None:
        self._connection.execute(f"UPDATE {table.name} SET {column} = ? WHERE rowid = ?", (value, row))

    def _place(self, table: Table, row: int) -> str:
        keys = ", ".join(KEYS[table.name])
        found = self._connection.execute(f"SELECT {keys} FROM {table.name} WHERE rowid = ?", (row,)).fetchone()
        return "/".join(map(str, found))

    def _inner(self, table: Table) -> str | None:
        return self._rng.choice(
            [each for each in ("checkpoint", "metadata", "value", "events") if each in table.columns] or [None]
        )

    def _leaf(self, table: Table) -> Cut | None:
        """Change a value within a value."""
        column, row = self._inner(table), self._row(table)
        if column is None or row is None:
            return None
        value = self._value(table, row, column)
        try:
            inside = decoded(value, table.name)
        except (ValueError, TypeError):
            return None
        parts = list(parts_of(inside))
        steps, part = self._rng.choice(self._deep(parts))
        pool = [each for _, each in parts if not isinstance(each, dict | list | Snapshot)] or [1]
        new = other_value(self._rng, part, pool)
        place = self._place(table, row)
        self._set(table, row, column, encoded(changed(inside, steps, lambda _: new), value))
        return Cut(table.name, column, "another value", f"{place} at {steps}: {str(part)[:80]!r} -> {str(new)[:80]!r}")

    def _deep(self, parts: list[tuple[Steps, Any]]) -> list[tuple[Steps, Any]]:
        """Return the parts of one branch, so that a small branch is as likely as a large one."""
        depth = self._rng.choice((0, 1, 2, 3))
        branch = self._rng.choice(parts)[0][:depth] if self._rng.random() < 0.5 else self._branch(parts, depth)
        return [(steps, part) for steps, part in parts if steps[: len(branch)] == branch]

    def _branch(self, parts: list[tuple[Steps, Any]], depth: int) -> Steps:
        branch: Steps = ()
        for _ in range(depth):
            heads = sorted(
                {steps[: len(branch) + 1] for steps, _ in parts if steps[: len(branch)] == branch != steps}, key=str
            )
            if not heads:
                break
            branch = self._rng.choice(heads)
        return branch

    def _byte(self, table: Table) -> Cut | None:
        """Flip one bit of a value."""
        row, column = self._row(table), self._rng.choice(table.columns)
        value = None if row is None else self._value(table, row, column)
        if row is None or not isinstance(value, str | bytes) or not value:
            return None
        data = bytearray(value if isinstance(value, bytes) else value.encode())
        at, bit = self._rng.randrange(len(data)), self._rng.randrange(8)
        data[at] ^= 1 << bit
        place = self._place(table, row)
        text = "" if isinstance(value, bytes) else "CAST(? AS TEXT)"
        self._connection.execute(
            f"UPDATE {table.name} SET {column} = {text or '?'} WHERE rowid = ?", (bytes(data), row)
        )
        return Cut(table.name, column, "a bit", f"{place}: bit {bit} of byte {at} of {len(data)}")

    def _column(self, table: Table) -> Cut | None:
        """Set a column to something else: null, another type, or what stands in another row."""
        row, other = self._row(table), self._row(table)
        if row is None or other is None:
            return None
        column, place = self._rng.choice(table.columns), self._place(table, row)
        there = self._value(table, other, column)
        new = self._rng.choice([None, None, there, there, self._rng.choice(FALLBACKS)])
        self._set(table, row, column, new)
        return Cut(table.name, column, "another column", f"{place}: {str(new)[:60]!r}")

    def _deleted(self, table: Table) -> Cut | None:
        row = self._row(table)
        if row is None:
            return None
        place = self._place(table, row)
        self._connection.execute(f"DELETE FROM {table.name} WHERE rowid = ?", (row,))
        return Cut(table.name, None, "deleted", place)

    def _copied(self, table: Table, row: int, changes: dict[str, Any]) -> None:
        columns = ", ".join(table.columns)
        taken = ", ".join("?" if column in changes else column for column in table.columns)
        values = [changes[column] for column in table.columns if column in changes]
        query = f"INSERT INTO {table.name} ({columns}) SELECT {taken} FROM {table.name} WHERE rowid = ?"
        self._connection.execute(query, (*values, row))

    def _doubled(self, table: Table) -> Cut | None:
        """Put a row there twice, the second time under another key of the same thread."""
        row = self._row(table)
        if row is None:
            return None
        column = self._rng.choice(
            [key for key in KEYS[table.name] if key != OWNERS.get(table.name)] or KEYS[table.name]
        )
        old = self._value(table, row, column)
        new = old + 1 if isinstance(old, int) else self._rng.choice([f"{old}x", f"{old}.x", "1f" + "f" * 30, ""])
        place = self._place(table, row)
        self._copied(table, row, {column: new})
        return Cut(table.name, column, "doubled", f"{place} as {new!r}")

    def _foreign(self, table: Table) -> Cut | None:
        """Put a row there as a row of another thread, or of one that is not there."""
        owner, row, other = OWNERS.get(table.name), self._row(table), self._row(table)
        if owner is None or row is None or other is None:
            return None
        new = self._rng.choice([STRANGER, self._value(table, other, owner)])
        place = self._place(table, row)
        self._copied(table, row, {owner: new})
        return Cut(table.name, owner, "foreign", f"{place} as {new!r}")

    def _renamed(self, table: Table) -> Cut | None:
        """Give a row to another thread, or to one that is not there."""
        owner, row, other = OWNERS.get(table.name), self._row(table), self._row(table)
        if owner is None or row is None or other is None:
            return None
        new, place = self._rng.choice([STRANGER, self._value(table, other, owner)]), self._place(table, row)
        self._set(table, row, owner, new)
        return Cut(table.name, owner, "renamed", f"{place} to {new!r}")

    def _swapped_values(self, table: Table) -> Cut | None:
        return self._swapped(table, [each for each in table.columns if each not in KEYS[table.name]], "swapped values")

    def _swapped_keys(self, table: Table) -> Cut | None:
        return self._swapped(table, list(KEYS[table.name]), "swapped keys")

    def _swapped(self, table: Table, columns: list[str], way: str) -> Cut | None:
        """Swap a column of two rows, or all of these columns."""
        first, second = self._row(table), self._row(table)
        if not columns or first is None or second is None or first == second:
            return None
        taken = columns if self._rng.random() < 0.5 else [self._rng.choice(columns)]
        here = [self._value(table, first, column) for column in taken]
        there = [self._value(table, second, column) for column in taken]
        places = f"{self._place(table, first)} and {self._place(table, second)}"
        passing = [
            f"passing-{number}" if way == "swapped keys" and table.name != "store_migrations" else value
            for number, value in enumerate(there)
        ]
        self._update(table, first, taken, passing)
        self._update(table, second, taken, here)
        self._update(table, first, taken, there)
        return Cut(table.name, ", ".join(taken), way, places)

    def _update(self, table: Table, row: int, columns: list[str], values: list[Any]) -> None:
        assigned = ", ".join(f"{column} = ?" for column in columns)
        self._connection.execute(f"UPDATE {table.name} SET {assigned} WHERE rowid = ?", (*values, row))


def flip_in_file(path: Path, seed: int) -> Cut:
    """Flip one bit of the file itself, its header left alone."""
    rng, data = random.Random(seed), bytearray(path.read_bytes())
    at, bit = rng.randrange(100, len(data)), rng.randrange(8)
    data[at] ^= 1 << bit
    path.write_bytes(bytes(data))
    return Cut("file", None, "a bit of the file", f"bit {bit} of byte {at} of {len(data)}")


def tampered(path: Path, seed: int) -> Cut:
    """Tamper with the database at a path, as a seed says."""
    if seed % 12 == 11:
        return flip_in_file(path, seed)
    with closing(sqlite3.connect(path)) as connection:
        cut = Surgeon(connection, seed).operate()
        connection.commit()
    return cut
