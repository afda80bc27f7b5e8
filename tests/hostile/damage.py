"""Damage to the file of a database, by the seed: pages, bytes, its length, its header, its tables, its values."""

import random
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path

PAGE = 4_096

Damage = Callable[[Path, random.Random], None]


def flipped(path: Path, rng: random.Random) -> None:
    """Some bytes anywhere are others."""
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice([1, 10, 200])):
        data[rng.randrange(len(data))] = rng.randrange(256)
    path.write_bytes(data)


def paged(path: Path, rng: random.Random) -> None:
    """Some pages are blank, noise, or copies of others."""
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice([1, 2, 5])):
        at, other = (PAGE * rng.randrange(len(data) // PAGE) for _ in range(2))
        data[at : at + PAGE] = rng.choice([bytes(PAGE), rng.randbytes(PAGE), data[other : other + PAGE]])
    path.write_bytes(data)


def cut(path: Path, rng: random.Random) -> None:
    """The end is missing, at a page or anywhere."""
    data = path.read_bytes()
    path.write_bytes(data[: rng.choice([PAGE * rng.randrange(len(data) // PAGE), rng.randrange(len(data))])])


def headed(path: Path, rng: random.Random) -> None:
    """Something in the header is wrong."""
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice([1, 3])):
        data[rng.randrange(100)] = rng.randrange(256)
    path.write_bytes(data)


def dropped(path: Path, rng: random.Random) -> None:
    """A table is missing, or has other columns."""
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        name = rng.choice(names)
        connection.execute(f"DROP TABLE {name}")
        if rng.random() < 0.5:
            connection.execute(f"CREATE TABLE {name} (a, b)")
        connection.commit()


COLUMNS: Mapping[str, str] = {
    "checkpoints": "thread_id checkpoint_ns checkpoint_id parent_checkpoint_id type checkpoint metadata",
    "writes": "thread_id checkpoint_ns checkpoint_id task_id task_path idx channel type value",
    "store": "prefix key value created_at updated_at expires_at ttl_minutes",
    "newest_checkpoints": "thread_id checkpoint_id",
    "store_migrations": "v",
    "accord_schema": "version",
}
VALUES: tuple[Callable[[random.Random], object], ...] = (
    lambda _: None,
    lambda _: "",
    lambda _: b"",
    lambda _: 7,
    lambda _: -1.5,
    lambda _: 2**62,
    lambda _: "json",
    lambda _: "null",
    lambda _: "[1]",
    lambda _: '{"a": ' * 5_000,
    lambda _: b"\x81\xa1a",
    lambda _: b"\xc1",
    lambda _: b"\xff\xfe\x00",
    lambda rng: rng.randbytes(50),
)


def rewritten(path: Path, rng: random.Random) -> None:
    """Some values of a column are others: of another type, or such as do not decode."""
    table = rng.choice([*COLUMNS])
    column = rng.choice(COLUMNS[table].split())
    some = rng.choice(["1", "rowid % 3 = 0", f"rowid = (SELECT max(rowid) FROM {table})"])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = 1")
        with suppress(sqlite3.IntegrityError):
            connection.execute(f"UPDATE OR REPLACE {table} SET {column} = ? WHERE {some}", (rng.choice(VALUES)(rng),))
        connection.commit()


def spoiled(path: Path, rng: random.Random) -> None:
    """Some bytes inside the values of a column are others."""
    table, column = rng.choice([("checkpoints", "checkpoint"), ("writes", "value"), ("store", "value")])
    with closing(sqlite3.connect(path)) as connection:
        for rowid, value in connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall():
            is_text, data = isinstance(value, str), bytearray(value.encode() if isinstance(value, str) else value)
            if not data:
                continue
            for _ in range(rng.choice([1, 5])):
                data[rng.randrange(len(data))] = rng.randrange(32, 127) if is_text else rng.randrange(256)
            spoilt = bytes(data).decode(errors="replace") if is_text else bytes(data)
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (spoilt, rowid))
        connection.commit()


DAMAGES: tuple[Damage, ...] = (flipped, paged, cut, headed, dropped, rewritten, spoiled)
