"""The census: what a database holds of each thread, read by plain SQL, so that no row of it can hide.

Next to LangGraph's tables there is one of our own: the newest checkpoint of each thread, noted by the very statement
that writes the checkpoint. So a thread that has not ended cannot be cut back to an earlier step unseen.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

Rows = Sequence[Sequence[Any]]
ANY_TEXT = "CAST({} AS BLOB)"
"""How SQLite reads text that need not be UTF-8."""
Select = Callable[..., Awaitable[Rows]]
"""Runs a query with its parameters (`?`), and returns the rows."""

TABLE = "CREATE TABLE IF NOT EXISTS newest_checkpoints (thread_id TEXT PRIMARY KEY, checkpoint_id TEXT NOT NULL)"
_KEPT = (
    "ON CONFLICT (thread_id) DO UPDATE SET checkpoint_id = {}(newest_checkpoints.checkpoint_id, excluded.checkpoint_id)"
)
TRIGGER = f"""
CREATE TEMP TRIGGER IF NOT EXISTS note_newest_checkpoint AFTER INSERT ON main.checkpoints WHEN new.checkpoint_ns = ''
BEGIN
    INSERT INTO newest_checkpoints (thread_id, checkpoint_id) VALUES (new.thread_id, new.checkpoint_id)
    {_KEPT.format("max")};
END
"""
"""Temporary, so that only connections of ours note anything: a row that is put there otherwise is not the newest."""


def noting(insert: str) -> str:
    """Return the statement for PostgreSQL that inserts a checkpoint, and notes it as the newest of its thread."""
    kept = f"{insert.strip().rstrip(';')} RETURNING thread_id, checkpoint_ns, checkpoint_id"
    noted = "SELECT thread_id, checkpoint_id FROM kept WHERE checkpoint_ns = ''"
    target = "INSERT INTO newest_checkpoints (thread_id, checkpoint_id)"
    return f"WITH kept AS ({kept}) {target} {noted} {_KEPT.format('greatest')}"


@dataclass(frozen=True, slots=True)
class CensusRow:
    """Where a row of the store lies: the namespace as text, and its key."""

    prefix: str
    key: str


class Census:
    """Counts what there is, whatever LangGraph's readers make of it."""

    def __init__(self, select: Select, tables: Sequence[str], text: str = "{}") -> None:
        """Take the query to be run by, the tables of checkpoints, and how SQL reads text that may be damaged."""
        self._select, self._tables, self._text = select, tables, text

    async def threads(self) -> set[str]:
        """Return the ids of all threads that have a checkpoint, or a part of one."""
        tables = (*self._tables, "newest_checkpoints")
        parts = " UNION ".join(f"SELECT {self._text.format('thread_id')} FROM {table}" for table in tables)
        return {text_of(thread) for (thread,) in await self._select(parts)}

    async def rows(self, thread: str | None = None) -> list[CensusRow]:
        """Return where the store keeps entries of the index and the archive, of one thread if named."""
        only = ("AND key = ?", (thread,)) if thread is not None else ("", ())
        where = f"substr(prefix, 1, 7) IN ('threads', 'archive') {only[0]}"
        columns = f"{self._text.format('prefix')}, {self._text.format('key')}"
        found = await self._select(f"SELECT {columns} FROM store WHERE {where} ORDER BY key, prefix", *only[1])
        return [CensusRow(text_of(prefix), text_of(key)) for prefix, key in found]

    async def newest(self, thread: str) -> tuple[str | None, str | None]:
        """Return a thread's newest checkpoint, and which one was noted as that, both of the same moment."""
        newest, kept = self._text.format("max(checkpoint_id)"), self._text.format("checkpoint_id")
        there = f"SELECT {newest} FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = ''"
        noted = f"SELECT {kept} FROM newest_checkpoints WHERE thread_id = ?"
        ((last, note),) = await self._select(f"SELECT ({there}) AS newest, ({noted}) AS noted", thread, thread)
        return (None if last is None else text_of(last)), (None if note is None else text_of(note))


def file_select(lane: Any) -> Select:
    """Return what runs a query in a file, on its lane."""

    def ask(query: str, *parameters: Any) -> Rows:
        rows: Rows = lane.connection.execute(query, parameters).fetchall()
        return rows

    async def select(query: str, *parameters: Any) -> Rows:
        do = lane.read if query.startswith("SELECT") else lane.write
        rows: Rows = await do(ask, query, *parameters)
        return rows

    return select


def file_census(select: Select) -> Census:
    """Return the census of a file; text that is not UTF-8 is read, too."""
    return Census(select, ("checkpoints", "writes"), ANY_TEXT)


def pool_select(pool: Any) -> Select:
    """Return what runs a query in a PostgreSQL database."""

    async def select(query: str, *parameters: Any) -> Rows:
        async with pool.connection() as connection:
            rows = await connection.execute(query.replace("?", "%s"), parameters)
            return [tuple(row.values()) for row in await rows.fetchall()]

    return select


def pool_census(select: Select) -> Census:
    """Return the census of a PostgreSQL database."""
    return Census(select, ("checkpoints", "checkpoint_blobs", "checkpoint_writes"))


async def execute_in(pool: Any, *statements: str) -> None:
    """Execute statements in a PostgreSQL database."""
    async with pool.connection() as connection:
        for statement in statements:
            await connection.execute(statement)


def text_of(value: Any) -> str:
    """Return what lies where a text should, as one: damaged text comes as bytes, or as anything else."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
