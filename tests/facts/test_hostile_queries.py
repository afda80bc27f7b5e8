"""Whatever a query says, the database has afterwards what it had before, and nothing stays locked or connected."""

import asyncio
import re
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from graph.facts.databases import acting, postgres, sqlite
from graph.facts.databases.asking import OverdueError, Query, QueryError, asked
from graph.facts.databases.engines import read_url
from tests.facts.hostile_queries import (
    POSTGRES_ACTS,
    POSTGRES_SCHEMA,
    POSTGRES_WRITES,
    SQLITE_ACTS,
    SQLITE_WRITES,
    variants,
)
from tests.facts.kept import folder_bytes, is_unlocked, rows_of, sessions_left

ENDLESS = ("RECURSIVE", "pg_sleep", "generate_series", "REGEXP")
SEEDS = range(2)
EMPTY = (
    "DROP SCHEMA public CASCADE; CREATE SCHEMA public; SELECT lo_unlink(oid) FROM pg_largeobject_metadata; "
    "ALTER ROLE CURRENT_USER RESET work_mem"
)


@pytest.fixture
def out() -> Iterator[Path]:
    """A path in a folder to which everybody may write, the server of the tests included."""
    with tempfile.TemporaryDirectory(prefix="accord-out-") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder) / "out"


def came_of(database: Any, address: str, query: str, seconds: float = 5.0) -> Any:
    """What came of a query, which is sent to the database whatever it says."""
    asking = read_url(address), Path("/"), Query(query, {})
    try:
        return asyncio.run(asked(lambda clock: database.read_rows(*asking, clock, all_of), seconds))
    except (QueryError, OverdueError) as error:
        return error


def all_of(_: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
    return [*rows]


def written(query: str, out: Path, seed: int) -> list[tuple[str, float]]:
    """The ways to write a query, and how long each may take; one that never ends is not written in many ways."""
    if any(word in query for word in ENDLESS):
        return [(query.replace("{out}", str(out)), 0.3)]
    return [(each.replace("{out}", str(out)), 5.0) for each in variants(query, seed)]


# --- SQLite ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("query", [*SQLITE_WRITES, *SQLITE_ACTS])
def test_a_file_is_byte_for_byte_the_same_after_a_hostile_query(
    query: str, seed: int, shop_file: Path, out: Path
) -> None:
    before = folder_bytes(shop_file)
    for each, seconds in written(query, out, seed):
        came = came_of(sqlite, f"sqlite:///{shop_file}", each, seconds)
        assert (folder_bytes(shop_file), is_unlocked(shop_file), [*out.parent.iterdir()]) == (before, True, []), each
        assert isinstance(came, Exception) or "DELETE" not in each or "EXPLAIN" in each, (each, came)


@pytest.mark.parametrize("query", SQLITE_WRITES)
def test_the_same_query_changes_the_file_or_makes_another_where_nothing_keeps_it_from_it(
    query: str, shop_file: Path, out: Path
) -> None:
    before = folder_bytes(shop_file)
    with closing(sqlite3.connect(shop_file, isolation_level=None)) as connection:
        if query.startswith(("COMMIT", "ROLLBACK", "END")):
            query = f"BEGIN; {query}"
        connection.executescript(query.replace("{out}", str(out)))

    assert folder_bytes(shop_file) != before or out.exists()


def leave_open(monkeypatch: pytest.MonkeyPatch, *layers: str) -> None:
    """Take away what keeps a query from writing, but for what is left to be looked at."""
    if "gate" in layers:
        monkeypatch.setattr(sqlite.Gate, "allows", lambda *_: sqlite3.SQLITE_OK)
    if "pragmas" in layers:
        monkeypatch.setattr(sqlite, "PRAGMAS", ())
    if "file" in layers:
        real = sqlite3.connect
        monkeypatch.setattr(sqlite3, "connect", lambda path, **more: real(path.replace("mode=ro", "mode=rw"), **more))


LAYERS = {"the file": ("gate", "pragmas"), "the pragmas": ("gate", "file"), "the gate": ("pragmas", "file")}
ROWS = re.compile("(INSERT|REPLACE|UPDATE|DELETE|DROP|CREATE|ALTER|WITH)")


@pytest.mark.parametrize("kept", LAYERS)
def test_each_of_three_layers_keeps_rows_as_they_are_by_itself(
    kept: str, shop_file: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_open(monkeypatch, *LAYERS[kept])
    before = folder_bytes(shop_file)
    for query in filter(ROWS.match, SQLITE_WRITES):
        came = came_of(sqlite, f"sqlite:///{shop_file}", query)
        assert (folder_bytes(shop_file), str(came)[:24]) == (before, "the query may only read,"), (query, came)


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


@pytest.mark.needs("postgres")
def test_rows_sequences_and_objects_are_the_same_after_hostile_queries(
    shop_database: str, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "FIND_POWER", "SELECT NULL AS power, %(powers)s::text[]")  # as a user with every right
    with psycopg.connect(shop_database, autocommit=True) as judge:
        before = rows_of(judge)
        for query in [*POSTGRES_WRITES, *POSTGRES_ACTS]:
            for each, seconds in written(query, out, seed=0):
                came_of(postgres, shop_database, each, seconds)
            assert (rows_of(judge), sessions_left(judge), [*out.parent.iterdir()]) == (before, [], []), query


@pytest.mark.needs("postgres")
def test_the_same_queries_change_the_database_where_nothing_keeps_them_from_it(
    postgres_database: str, out: Path
) -> None:
    harmless = []
    for query in POSTGRES_WRITES:
        with psycopg.connect(postgres_database, autocommit=True) as connection:
            connection.execute(EMPTY.encode())
            connection.execute(POSTGRES_SCHEMA.encode())
            before = rows_of(connection)
            connection.execute(query.replace("{out}", str(out)).encode())
        with psycopg.connect(postgres_database, autocommit=True) as connection:
            if rows_of(connection) == before and not out.exists():
                harmless.append(query)
            connection.execute(EMPTY.encode())
        out.unlink(missing_ok=True)
    assert harmless == []
