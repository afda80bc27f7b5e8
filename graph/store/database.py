"""Opens checkpoint savers, stores and locks; the only file that does."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    closing,
    contextmanager,
    nullcontext,
)
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.store.base import BaseStore
from langgraph.store.base.batch import AsyncBatchedBaseStore
from langgraph.store.sqlite import SqliteStore

from graph.problems import StorageError
from graph.store.census import (
    TABLE,
    TRIGGER,
    Census,
    execute_in,
    file_census,
    file_select,
    noting,
    pool_census,
    pool_select,
)
from graph.store.fences import SAVED, STORED, Fences, Held, set_up_fence
from graph.store.fences import TABLE as FENCES
from graph.store.files import Synchronous, guard_of, locks_of, make_folder, readable
from graph.store.lane import Lane, LanedSaver, LanedStore, file_tombstones, open_lane
from graph.store.location import shown, sqlite_path, storage_errors
from graph.store.locks import FileLocks, Locks, ThreadBusyError
from graph.store.onlooker import OnlookerLocks
from graph.store.pools import (
    FencedPoolSaver,
    FencedPoolStore,
    open_advisory_locks,
    open_pool,
    pool_taker,
    pool_tombstones,
)
from graph.store.schema import TABLE as VERSIONS
from graph.store.schema import Schema, file_schema, pool_schema
from graph.store.serializer import PlainSerializer
from graph.store.tombstones import TABLE as TOMBSTONES
from graph.store.tombstones import Tombstones
from policies.language import say

Saver = BaseCheckpointSaver[Any]
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
    tombstones: Tombstones


@dataclass(frozen=True, slots=True)
class _Engine:
    """What a database is opened with, once for saver and store: a lane or a pool, and the locks."""

    saver: Callable[[], AbstractAsyncContextManager[Any]]
    store: Callable[[], AbstractAsyncContextManager[Any]]
    locks: Locks
    census: Census
    tombstones: Tombstones


class _FileSaver(LanedSaver, SqliteSaver):
    """LangGraph's blocking saver, on a lane; strict: no class is ever revived from a checkpoint.

    Its own cursor commits when it is closed. Here the lane does, for a whole group.
    """

    def __init__(self, lane: Lane, fences: Fences) -> None:
        super().__init__(lane.connection, serde=PlainSerializer())
        self.lane, self.fences = lane, fences

    def setup(self) -> None:
        """Note from now on which checkpoint is a thread's newest, and write to held threads only."""
        self.conn.execute(TRIGGER)
        set_up_fence(self.conn, SAVED, self.fences.held)

    @contextmanager
    def cursor(self, transaction: bool = True) -> Iterator[sqlite3.Cursor]:
        """Yield a cursor in the transaction that is open."""
        with closing(self.conn.cursor()) as cursor:
            yield cursor


class _FileStore(SqliteStore):
    """LangGraph's blocking store, for a lane, which commits in its place."""

    @contextmanager
    def _cursor(self, *, transaction: bool = True) -> Iterator[sqlite3.Cursor]:
        with closing(self.conn.cursor()) as cursor:
            yield cursor


@dataclass(slots=True)
class _Server:
    """What a server has open in this process, saver and store apart, and the threads that it holds there."""

    held: Held = field(default_factory=dict)
    saver: Any = None
    store: Any = None
    engine: Any = None


_SERVER = _Server()


@asynccontextmanager
async def open_database(
    location: str, synchronous: Synchronous = "NORMAL", reads: bool = False, lasts: bool = False
) -> AsyncIterator[Database]:
    """Open the database at a file's path or a PostgreSQL URL; what fails while it is open is the user's to name.

    Who only reads may do so where nothing can be written. One that lasts connects again whenever its server is back.

    Raises:
        UsageError: the URL is not of a kind that is supported.
        StorageError: the database cannot be opened.
    """
    async with AsyncExitStack() as stack:
        with storage_errors(location):
            engine = await stack.enter_async_context(_open_engine(location, synchronous, {}, reads, lasts))
            saver = await stack.enter_async_context(engine.saver())
            store = await stack.enter_async_context(engine.store())
        yield Database(saver, store, engine.locks, saver.fences, engine.census, engine.tombstones)


@asynccontextmanager
async def open_saver(location: str, synchronous: Synchronous = "NORMAL") -> AsyncIterator[Saver]:
    """Open the checkpoints alone, for a server."""
    async with _open_engine(location, synchronous, _SERVER.held, lasts=True) as engine, engine.saver() as saver:
        _SERVER.saver = saver
        yield saver


@asynccontextmanager
async def open_store(location: str, synchronous: Synchronous = "NORMAL") -> AsyncIterator[BaseStore]:
    """Open the store alone, for a server."""
    async with _open_engine(location, synchronous, _SERVER.held, lasts=True) as engine, engine.store() as store:
        _SERVER.store, _SERVER.engine = store, engine
        yield store


def served_database() -> Database:
    """Return the database that the server of this process has opened."""
    store, engine = _SERVER.store, _SERVER.engine
    return Database(_SERVER.saver, store, engine.locks, store.fences, engine.census, engine.tombstones)


@asynccontextmanager
async def _open_engine(
    location: str, synchronous: Synchronous, held: Held, reads: bool = False, lasts: bool = False
) -> AsyncIterator[_Engine]:
    path = sqlite_path(location)
    if path is None:
        # The locks' session first: a pool retries in the background, a plain connection gives the server's own reason.
        pooled = open_pool(location, is_lasting=lasts)
        async with open_advisory_locks(location) as locks, pooled as pool:
            select = pool_select(pool)
            await _set_up(shown(location), locks, pool_schema(select), partial(_create_in_pool, pool), reads)
            fences = Fences(locks, held, select, pool_taker(pool))
            saver, store = (partial(each, pool, fences) for each in (_pool_saver, _pool_store))
            yield _Engine(saver, store, locks, pool_census(select), pool_tombstones(pool, fences))
        return
    with readable(path) if reads else nullcontext(path) as place:
        async with open_lane(place, synchronous) as lane:
            select = file_select(lane)
            await _set_up_file(location, place, lane, file_schema(select))
            lane.guard = guard_of(place, location)
            locks = FileLocks(locks_of(path)) if place == path else OnlookerLocks(locks_of(path))
            fences = Fences(locks, held, select)
            saver, store = (partial(each, lane, fences) for each in (_file_saver, _file_store))
            yield _Engine(saver, store, locks, file_census(select), file_tombstones(lane, select))


async def _set_up_file(location: str, path: Path, lane: Lane, schema: Schema) -> None:
    def create() -> None:
        SqliteSaver(lane.connection).setup()
        SqliteStore(lane.connection).setup()
        for statement in (TABLE, FENCES, TOMBSTONES, VERSIONS):
            lane.connection.execute(statement)

    make_folder(locks_of(path), like=path)
    await _set_up(shown(location), FileLocks(locks_of(path)), schema, partial(lane.alone, create))


@asynccontextmanager
async def _file_saver(lane: Lane, fences: Fences) -> AsyncIterator[Saver]:
    saver = _FileSaver(lane, fences)
    await lane.alone(saver.setup)
    yield saver


@asynccontextmanager
async def _file_store(lane: Lane, fences: Fences) -> AsyncIterator[BaseStore]:
    store = _FileStore(lane.connection)
    await lane.alone(set_up_fence, lane.connection, STORED, fences.held)
    async with _batching_ended(laned := LanedStore(store, lane, fences)):
        yield laned


async def _create_in_pool(pool: Any) -> None:
    # Imported here: the driver is needed for PostgreSQL alone.
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver  # noqa: PLC0415
    from langgraph.store.postgres.aio import AsyncPostgresStore  # noqa: PLC0415

    await AsyncPostgresSaver(pool).setup()
    async with _batching_ended(store := AsyncPostgresStore(pool)):
        await store.setup()
    await execute_in(pool, TABLE, FENCES, TOMBSTONES, VERSIONS)


@asynccontextmanager
async def _pool_saver(pool: Any, fences: Fences) -> AsyncIterator[Saver]:
    # Imported here: the driver is needed for PostgreSQL alone.
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver  # noqa: PLC0415

    class PoolSaver(FencedPoolSaver, AsyncPostgresSaver):
        UPSERT_CHECKPOINTS_SQL = noting(AsyncPostgresSaver.UPSERT_CHECKPOINTS_SQL)

    saver = PoolSaver(pool, serde=PlainSerializer())
    saver.fences = fences
    yield saver


@asynccontextmanager
async def _pool_store(pool: Any, fences: Fences) -> AsyncIterator[BaseStore]:
    # Imported here: the driver is needed for PostgreSQL alone.
    from langgraph.store.postgres.aio import AsyncPostgresStore  # noqa: PLC0415

    class PoolStore(FencedPoolStore, AsyncPostgresStore):
        pass

    async with _batching_ended(store := PoolStore(pool)):
        store.fences = fences
        yield store


async def _set_up(
    where: str, locks: Locks, schema: Schema, create: Callable[[], Awaitable[None]], reads: bool = False
) -> None:
    """Check and create the tables, one process at a time: two at once fail each other, IF NOT EXISTS or not.

    Who only reads need not be allowed to create what is there.
    """
    for _ in range(SETUP_ATTEMPTS):
        try:
            async with locks.hold(SETUP):
                is_complete = await schema.check(where)
                if is_complete and reads:
                    return None
                await create()
                return None if is_complete else await schema.mark(where)
        except ThreadBusyError:
            await asyncio.sleep(SETUP_PAUSE_SECONDS)
    raise StorageError(f"{where}: {say('another process has been setting up this database for too long')}")


@asynccontextmanager
async def _batching_ended(store: AsyncBatchedBaseStore) -> AsyncIterator[None]:
    """End the store's batching task before its connection closes; the store has no method for it."""
    try:
        yield
    finally:
        if store._task is not None:
            store._task.cancel()
            await asyncio.gather(store._task, return_exceptions=True)
