"""PostgreSQL: the session that holds the locks, the pool, and the fence around what is written through it."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from itertools import starmap
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.store.base import BaseStore, GetOp, Op, PutOp, Result
from langgraph.store.base.batch import AsyncBatchedBaseStore

from graph.store.census import Rows, Select, pool_select
from graph.store.fences import Fences, WholeSaver, guest_of, owner_of, refusals
from graph.store.location import check_url, row_errors
from graph.store.locks import AdvisoryLocks, Locks
from graph.store.rows import ROWS_IN_POOL, TOMBSTONES, Statement
from graph.store.tombstones import PurgedError, Tombstones, Write

CONNECT_TIMEOUT_SECONDS = 5
LOST_SECONDS = 4.0
"""After so long without a server a connection is given up, and with it all that waits for one."""
SERVED_SECONDS = 10.0
"""How long a write or a read of a server, which outlives its database, waits for a connection."""

PATIENCE: Mapping[str, int] = {
    "connect_timeout": CONNECT_TIMEOUT_SECONDS,
    "keepalives_idle": 3,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 7_000,
}
"""libpq's options for a server that is silent because it, or the way to it, is gone; what a URL says goes before."""

POOL_SIZE = 8
TAKE, RELEASE = "SELECT pg_try_advisory_lock(%s)", "SELECT pg_advisory_unlock(%s)"
TAKEN = (
    "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND database = "
    "(SELECT oid FROM pg_database WHERE datname = current_database()) AND (classid::int8 << 32) | objid::int8 = %s)"
)
"""Says whether any session has an advisory lock, whose key PostgreSQL keeps in two halves."""

GUARD = "SELECT 1 / count(*) FROM (SELECT 1 FROM fences WHERE thread = %s AND token = %s FOR SHARE) AS held"
"""Fails where the token is not the present one: in a pipeline only the server's own error can undo what was sent.

It comes first, and FOR SHARE makes whoever takes the thread wait for this transaction: once it is taken, nothing that
was written under an older token is under way any more.
"""
DELETING = GUARD.replace("FOR SHARE", "FOR UPDATE")
"""The guard of who deletes a thread whole: nobody who writes about it without holding it is under way either."""
ALONGSIDE = "SELECT 1 FROM fences WHERE thread = %s FOR SHARE"
"""Makes whoever writes about a thread that they do not hold wait for who deletes it, and the other way round."""
THERE = f"SELECT 1 / (1 - count(*)) FROM {TOMBSTONES} WHERE thread_id = %s"
"""Fails where a thread was purged; after `ALONGSIDE`, so that it sees what that waited for."""
GRACE_SECONDS = 0.5
END_BLOCKERS = "SELECT pg_terminate_backend(pid) FROM unnest(pg_blocking_pids(?)) AS pid"
GET = "SELECT key, value, created_at, updated_at FROM store WHERE prefix = %s AND key = ANY(%s)"

_guarded: ContextVar[Sequence[tuple[str, tuple[Any, ...]]]] = ContextVar("guarded", default=())


@asynccontextmanager
async def open_pool(url: str, *, is_lasting: bool = False) -> AsyncIterator[Any]:
    """Open a pool of connections; one that is lasting connects again whenever the server is back."""
    # Imported here: the driver is needed for PostgreSQL alone.
    from psycopg.rows import dict_row  # noqa: PLC0415
    from psycopg_pool import AsyncConnectionPool  # noqa: PLC0415

    # It warns of each refused write and lost connection on stderr; whoever uses the pool gets the error itself.
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)
    options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row, **_patience(url)}
    closing: list[asyncio.Task[None]] = []

    async def give_up(pool: Any) -> None:  # in a task of its own: a pool waits for what it runs, and this is run by it
        closing.append(asyncio.create_task(pool.close(timeout=0)))

    ending: dict[str, Any] = {"timeout": SERVED_SECONDS} if is_lasting else {"reconnect_failed": give_up}
    async with AsyncConnectionPool(
        url,
        kwargs=options,
        min_size=1,
        max_size=POOL_SIZE,
        open=False,
        check=AsyncConnectionPool.check_connection,  # one that was lost while nobody used it is not handed out
        reconnect_timeout=LOST_SECONDS,
        **ending,
    ) as pool:
        yield pool
    await asyncio.gather(*closing, return_exceptions=True)


def _patience(url: str) -> dict[str, int]:
    """Return the options that a URL leaves open."""
    # Imported here: the driver is needed for PostgreSQL alone.
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    given = conninfo_to_dict(url)
    return {name: value for name, value in PATIENCE.items() if name not in given}


def pool_taker(pool: Any) -> Select:
    """Return what runs the query that takes a thread; writes of a former holder that do not end are ended.

    That is what a process does that was paused while it wrote: its transaction stays open, and would hold up the next.
    """
    select = pool_select(pool)

    async def take(query: str, *parameters: Any) -> Rows:
        async with pool.connection() as connection:
            taking = asyncio.ensure_future(connection.execute(query.replace("?", "%s"), parameters))
            try:
                while not (await asyncio.wait([taking], timeout=GRACE_SECONDS))[0]:
                    await select(END_BLOCKERS, connection.info.backend_pid)
                return [tuple(row.values()) for row in await (await taking).fetchall()]
            finally:
                taking.cancel()

    return take


@asynccontextmanager
async def open_advisory_locks(url: str) -> AsyncIterator[Locks]:
    """Open the session that holds the locks of this process."""
    check_url(url)
    session = LockSession(url)
    try:
        await session.open()
        yield AdvisoryLocks(session)
    finally:
        await session.close()


class LockSession:
    """The session that advisory locks live on; where it is lost it is opened again, and its locks taken again."""

    def __init__(self, url: str) -> None:
        self._url, self._turn = url, asyncio.Lock()
        self._session: Any = None

    async def open(self) -> None:
        """Open the session."""
        # Imported here: the driver is needed for PostgreSQL alone.
        from psycopg import AsyncConnection  # noqa: PLC0415

        options: dict[str, Any] = _patience(self._url)
        self._session = await AsyncConnection.connect(self._url, autocommit=True, **options)

    async def close(self) -> None:
        """Close the session, and let go of all its locks."""
        if self._session is not None:
            await self._session.close()

    async def take(self, key: int, held: Iterable[int]) -> bool:
        """Take a lock if it is free; `held` are the others of this process, which a new session asks for again.

        One of those that somebody else has by now is for the fence to find out.
        """
        return await self._ask(TAKE, key, held)

    async def is_taken(self, key: int, held: Iterable[int]) -> bool:
        """Return whether any session has a lock; `held` are those of this process, as with `take`."""
        return await self._ask(TAKEN, key, held)

    async def release(self, key: int) -> None:
        """Let go of a lock; with a session that was lost it is gone already."""
        async with self._turn:
            with suppress(self._lost()):
                await self._call(RELEASE, key)

    async def _ask(self, query: str, key: int, held: Iterable[int]) -> bool:
        async with self._turn:
            with suppress(self._lost()):
                return await self._call(query, key)
            await self.close()
            await self.open()
            for other in held:
                await self._call(TAKE, other)
            return await self._call(query, key)

    async def _call(self, query: str, key: int) -> bool:
        rows = await self._session.execute(query, (key,))
        return bool((await rows.fetchone())[0])

    @staticmethod
    def _lost() -> type[Exception]:
        from psycopg import OperationalError  # noqa: PLC0415

        return OperationalError


def pool_writer(pool: Any, fences: Fences) -> Write:
    """Return what makes statements one transaction, which deletes the thread that it names."""

    async def write(statements: Sequence[Statement], thread: str | None) -> None:
        with refusals():
            async with pool.connection() as connection, connection.transaction():
                for held in fences.tokens_of([thread]):
                    await connection.execute(DELETING, held)
                for statement, values in statements:
                    await connection.execute(statement.replace("?", "%s"), values)

    return write


def pool_tombstones(pool: Any, fences: Fences) -> Tombstones:
    """Return the tombstones of a PostgreSQL database, which itself reuses the room of what was deleted."""

    async def scrub() -> bool:
        return True

    return Tombstones(ROWS_IN_POOL, pool_select(pool), pool_writer(pool, fences), scrub)


class FencedPool:
    """Adds the guard to a saver or a store on a pool, as the first statement of the transaction of each write."""

    fences: Fences

    @asynccontextmanager
    async def _cursor(self, *, pipeline: bool = False) -> AsyncIterator[Any]:
        parent: Any = super()
        async with parent._cursor(pipeline=pipeline) as cursor:
            for guard, values in _guarded.get():
                await cursor.execute(guard, values)
            yield cursor

    @contextmanager
    def _guarding(self, threads: Iterable[str | None], guests: Iterable[str | None] = ()) -> Iterator[None]:
        held = [(GUARD, held) for held in self.fences.tokens_of(threads)]
        alongside = [(guard, (guest,)) for guest in dict.fromkeys(guests) if guest for guard in (ALONGSIDE, THERE)]
        guarded = _guarded.set([*held, *alongside])
        try:
            with refusals():
                yield
        finally:
            _guarded.reset(guarded)


class FencedPoolSaver(FencedPool, WholeSaver):
    """Guards writes to checkpoints; comes before the saver in the list of bases."""

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Keep a checkpoint."""
        with self._guarding([_thread_of(config)]):
            return await super().aput(config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Keep what a task wrote."""
        with self._guarding([_thread_of(config)]):
            await super().aput_writes(config, writes, task_id, task_path)

    async def adelete_thread(self, thread_id: str) -> None:
        """Delete all rows of a thread; one that was purged has none."""
        parent: Any = self
        with suppress(PurgedError):
            async with self.fences.hold_if_free(thread_id):
                deleted = [each.deleted(thread_id) for each in ROWS_IN_POOL]
                await pool_writer(parent.conn, self.fences)(deleted, thread_id)


class FencedPoolStore(FencedPool, AsyncBatchedBaseStore):
    """Guards writes about threads to the store; comes before the store in the list of bases.

    A write is a transaction of its own: one that is refused takes no other with it.
    """

    aput = BaseStore.aput
    adelete = BaseStore.adelete

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Do the operations."""
        parent: Any = super()
        asked = [*ops]
        rows = [(op.namespace, op.key) for op in asked if isinstance(op, PutOp)]
        with self._guarding(starmap(owner_of, rows), starmap(guest_of, rows)), row_errors(asked):
            results: list[Result] = await parent.abatch(asked)
        return results

    def _get_batch_GET_ops_queries(self, get_ops: Sequence[tuple[int, GetOp]]) -> list[Any]:
        """Return queries that only read: LangGraph's own also renew times to live, which no row of ours has."""
        asked = defaultdict[tuple[str, ...], list[tuple[int, str]]](list)
        for place, op in get_ops:
            asked[op.namespace].append((place, op.key))
        return [(GET, (".".join(space), [key for _, key in found]), space, found) for space, found in asked.items()]


def _thread_of(config: RunnableConfig) -> str:
    return str(config["configurable"]["thread_id"])
