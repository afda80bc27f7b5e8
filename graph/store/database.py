"""Opens checkpoint savers, stores and locks; the only file that does."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.store.base import BaseStore
from langgraph.store.base.batch import AsyncBatchedBaseStore
from langgraph.store.sqlite import SqliteStore

from graph.problems import StorageError
from graph.store.census import (
    FORGET,
    TABLE,
    Census,
    execute_in,
    file_census,
    file_select,
    noting,
    pool_census,
    pool_select,
    set_up_newest,
)
from graph.store.fences import SAVED, STORED, Fences, Held, set_up_fence
from graph.store.fences import TABLE as FENCES
from graph.store.lane import Lane, LanedSaver, LanedStore, open_lane
from graph.store.location import shown, sqlite_path, storage_errors
from graph.store.locks import FileLocks, Locks, ThreadBusyError
from graph.store.pools import FencedPoolSaver, FencedPoolStore, open_advisory_locks, open_pool, pool_taker

Synchronous = Literal["NORMAL", "FULL"]
Saver = BaseCheckpointSaver[Any]
BUSY_TIMEOUT_SECONDS = 30.0
SETUP = "/setup"
"""What is locked while tables are created; no thread has such an id."""
SETUP_PAUSE_SECONDS = 0.05
SETUP_ATTEMPTS = 300


@dataclass(frozen=True, slots=True)
class Database:
    """Where threads live: checkpoints, the call journal and the index of threads, one lock a thread, and the census.

    The lock alone is for a look; who writes holds the thread by the fences.
    """

    saver: Saver
    store: BaseStore
    locks: Locks
    fences: Fences
    census: Census


@dataclass(frozen=True, slots=True)
class _Engine:
    """What a database is opened with, once for saver and store: a lane or a pool, and the locks."""

    saver: Callable[[], AbstractAsyncContextManager[Any]]
    store: Callable[[], AbstractAsyncContextManager[Any]]
    locks: Locks
    census: Callable[[Any], Census]


class _PlainSerializer(JsonPlusSerializer):
    """Reads no type but LangGraph's own safe ones: every channel holds plain values.

    So a graph that asks to allow the types of its schemas gets the same serializer. To make another, LangGraph would
    copy the saver, and the development server's cannot be copied (langgraph-api 0.16.7): a subgraph would fail there.
    """

    def __init__(self) -> None:
        super().__init__(allowed_msgpack_modules=None)

    def with_msgpack_allowlist(self, extra_allowlist: Iterable[tuple[str, ...] | type]) -> JsonPlusSerializer:
        """Return the same serializer."""
        return self


class _FileSaver(LanedSaver, SqliteSaver):
    """LangGraph's blocking saver, on a lane; strict: no class is ever revived from a checkpoint."""

    def __init__(self, connection: sqlite3.Connection, lane: Lane, fences: Fences) -> None:
        super().__init__(connection, serde=_PlainSerializer())
        self.lane, self.fences = lane, fences

    def setup(self) -> None:
        """Create the tables; note from now on which checkpoint is a thread's newest, and write to held threads only."""
        if not self.is_setup:
            super().setup()
            set_up_newest(self.conn)
            set_up_fence(self.conn, SAVED, self.fences.held)

    def delete_thread(self, thread_id: str) -> None:
        """Delete a thread's checkpoints, and the note of the newest."""
        super().delete_thread(thread_id)
        with self.cursor() as cursor:
            cursor.execute(FORGET, (thread_id,))


class _WriterFirst(sqlite3.Connection):
    """Begins a transaction as its writer: one that reads first fails at once, unwaited, if somebody wrote since."""

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        """Execute the statement; the store says a plain BEGIN, then reads and writes in one transaction."""
        return super().execute("BEGIN IMMEDIATE" if sql == "BEGIN" else sql, *parameters)


_SERVED: Held = {}
"""The threads that a server holds in this process: it opens saver and store apart."""


@asynccontextmanager
async def open_database(location: str, synchronous: Synchronous = "NORMAL") -> AsyncIterator[Database]:
    """Open the database at a file's path or a PostgreSQL URL; what fails while it is open is the user's to name.

    Raises:
        UsageError: the URL is of no kind that is supported.
        StorageError: the database cannot be opened.
    """
    async with AsyncExitStack() as stack:
        with storage_errors(location):
            engine = await stack.enter_async_context(_open_engine(location, synchronous, {}))
            saver = await stack.enter_async_context(engine.saver())
            store = await stack.enter_async_context(engine.store())
        yield Database(saver, store, engine.locks, saver.fences, engine.census(saver))


@asynccontextmanager
async def open_saver(location: str, synchronous: Synchronous = "NORMAL") -> AsyncIterator[Saver]:
    """Open the checkpoints alone, for a server."""
    async with _open_engine(location, synchronous, _SERVED) as engine, engine.saver() as saver:
        yield saver


@asynccontextmanager
async def open_store(location: str, synchronous: Synchronous = "NORMAL") -> AsyncIterator[BaseStore]:
    """Open the store alone, for a server."""
    async with _open_engine(location, synchronous, _SERVED) as engine, engine.store() as store:
        yield store


@asynccontextmanager
async def _open_engine(location: str, synchronous: Synchronous, held: Held) -> AsyncIterator[_Engine]:
    path = sqlite_path(location)
    if path is None:
        # The locks' session first: a pool retries in the background, a plain connection gives the server's own reason.
        async with open_advisory_locks(location) as locks, open_pool(location) as pool:
            select, set_up = pool_select(pool), partial(_set_up, location, locks)
            fences = Fences(locks, held, select, pool_taker(pool))
            saver, store = (partial(each, pool, fences, set_up) for each in (_pool_saver, _pool_store))
            yield _Engine(saver, store, locks, lambda _: pool_census(select))
    else:
        async with open_lane() as lane:
            file, locks = partial(_open_file, lane, path, synchronous), FileLocks(path.with_name(f"{path.name}.locks"))
            set_up = partial(_set_up, location, locks)
            saver, store = (partial(each, lane, file, locks, held, set_up) for each in (_file_saver, _file_store))
            yield _Engine(saver, store, locks, lambda saver: file_census(file_select(saver.conn, lane)))


_OpenFile = Callable[..., AbstractAsyncContextManager[sqlite3.Connection]]
_SetUp = Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]


@asynccontextmanager
async def _file_saver(
    lane: Lane, open_file: _OpenFile, locks: Locks, held: Held, set_up: _SetUp
) -> AsyncIterator[Saver]:
    async with open_file() as connection:
        saver = _FileSaver(connection, lane, Fences(locks, held, file_select(connection, lane)))
        await set_up(lambda: lane.do(saver.setup))
        yield saver


@asynccontextmanager
async def _file_store(
    lane: Lane, open_file: _OpenFile, locks: Locks, held: Held, set_up: _SetUp
) -> AsyncIterator[BaseStore]:
    async with open_file(isolation_level=None, factory=_WriterFirst) as connection:
        store = SqliteStore(connection)
        await set_up(lambda: lane.do(store.setup))
        await set_up(lambda: lane.do(set_up_fence, connection, STORED, held))
        async with _batching_ended(
            laned := LanedStore(store, lane, Fences(locks, held, file_select(connection, lane)))
        ):
            yield laned


@asynccontextmanager
async def _pool_saver(pool: Any, fences: Fences, set_up: _SetUp) -> AsyncIterator[Saver]:
    # Imported here: the driver is needed for PostgreSQL alone.
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver  # noqa: PLC0415

    class PoolSaver(FencedPoolSaver, AsyncPostgresSaver):
        UPSERT_CHECKPOINTS_SQL = noting(AsyncPostgresSaver.UPSERT_CHECKPOINTS_SQL)

    saver = PoolSaver(pool, serde=_PlainSerializer())
    saver.fences = fences
    await set_up(saver.setup)
    await set_up(partial(execute_in, pool, TABLE, FENCES))
    yield saver


@asynccontextmanager
async def _pool_store(pool: Any, fences: Fences, set_up: _SetUp) -> AsyncIterator[BaseStore]:
    # Imported here: the driver is needed for PostgreSQL alone.
    from langgraph.store.postgres.aio import AsyncPostgresStore  # noqa: PLC0415

    class PoolStore(FencedPoolStore, AsyncPostgresStore):
        pass

    async with _batching_ended(store := PoolStore(pool)):
        store.fences = fences
        await set_up(store.setup)
        await set_up(partial(execute_in, pool, FENCES))
        yield store


@asynccontextmanager
async def _open_file(
    lane: Lane, path: Path, synchronous: Synchronous, **options: Any
) -> AsyncIterator[sqlite3.Connection]:
    connection = await lane.do(_connect, path, synchronous, **options)
    try:
        yield connection
    finally:
        await lane.do(connection.close)


def _connect(path: Path, synchronous: Synchronous, **options: Any) -> sqlite3.Connection:
    """Return a connection in WAL; `NORMAL` is safe when a process is killed, `FULL` also when power is lost."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection: sqlite3.Connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_SECONDS, check_same_thread=False, **options
    )
    try:
        _turn_to_wal(connection)
        connection.execute(f"PRAGMA synchronous={synchronous}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _turn_to_wal(connection: sqlite3.Connection) -> None:
    """Turn the file to WAL; where another process does the same to a fresh file, SQLite fails at once, unwaited."""
    for attempt in range(SETUP_ATTEMPTS):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or attempt == SETUP_ATTEMPTS - 1:
                raise
            time.sleep(SETUP_PAUSE_SECONDS)


async def _set_up(location: str, locks: Locks, setup: Callable[[], Awaitable[None]]) -> None:
    """Create the tables, one process at a time: two at once fail each other, IF NOT EXISTS or not."""
    for _ in range(SETUP_ATTEMPTS):
        try:
            async with locks.hold(SETUP):
                return await setup()
        except ThreadBusyError:
            await asyncio.sleep(SETUP_PAUSE_SECONDS)
    raise StorageError(f"{shown(location)}: another process has been setting up this database for too long")


@asynccontextmanager
async def _batching_ended(store: AsyncBatchedBaseStore) -> AsyncIterator[None]:
    """End the store's batching task before its connection closes; the store has no method for it."""
    try:
        yield
    finally:
        if store._task is not None:
            store._task.cancel()
            await asyncio.gather(store._task, return_exceptions=True)
