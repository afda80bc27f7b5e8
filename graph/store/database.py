"""Opens checkpoint savers, stores and locks; the only file that does."""

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import aiosqlite
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.store.base import BaseStore
from langgraph.store.sqlite.aio import AsyncSqliteStore

from graph.problems import StorageError, UsageError
from graph.store.locks import AdvisoryLocks, FileLocks, Locks, ThreadBusyError

Synchronous = Literal["NORMAL", "FULL"]
BUSY_TIMEOUT_SECONDS = 30.0
CONNECT_TIMEOUT_SECONDS = 10
POSTGRES = ("postgresql", "postgres")
POOL_SIZE = 8
BROKEN = (sqlite3.Error, OSError, UnicodeDecodeError, json.JSONDecodeError)
"""What SQLite raises, and what comes of reading damaged text or JSON from it."""
SETUP = "/setup"
"""What is locked while tables are created; no thread has such an id."""
SETUP_PAUSE_SECONDS = 0.05
SETUP_ATTEMPTS = 300


@dataclass(frozen=True, slots=True)
class Database:
    """Where threads live: checkpoints, the call journal and the index of threads, and one lock a thread."""

    saver: BaseCheckpointSaver[Any]
    store: BaseStore
    locks: Locks


class _WriterFirst(sqlite3.Connection):
    """Begins a transaction as its writer: one that reads first fails at once, unwaited, if somebody wrote since."""

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        """Execute the statement; the store says a plain BEGIN, then reads and writes in one transaction."""
        return super().execute("BEGIN IMMEDIATE" if sql == "BEGIN" else sql, *parameters)


@asynccontextmanager
async def open_database(location: str, synchronous: Synchronous = "NORMAL") -> AsyncIterator[Database]:
    """Open the database at a file's path or a PostgreSQL URL; what fails while it is open is the user's to name.

    Raises:
        UsageError: the URL is of no kind that is supported.
        StorageError: the database cannot be opened.
    """
    async with AsyncExitStack() as stack:
        with storage_errors(location):
            saver = await stack.enter_async_context(open_saver(location, synchronous))
            store = await stack.enter_async_context(open_store(location, synchronous))
            locks = await stack.enter_async_context(_open_locks(location))
        yield Database(saver, store, locks)


@asynccontextmanager
async def open_saver(location: str, synchronous: Synchronous = "NORMAL") -> AsyncIterator[BaseCheckpointSaver[Any]]:
    """Open the checkpoints at a file's path or a PostgreSQL URL; strict: no class is ever revived from one."""
    serializer = JsonPlusSerializer(allowed_msgpack_modules=None)
    path = sqlite_path(location)
    if path is None:
        async with _open_pool(location) as pool:
            # Imported here: the driver is needed for PostgreSQL alone.
            from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver  # noqa: PLC0415

            postgres = AsyncPostgresSaver(pool, serde=serializer)
            await _set_up(location, postgres.setup)
            yield postgres
        return
    async with _open_file(path, synchronous) as connection:
        saver = AsyncSqliteSaver(connection, serde=serializer)
        await _set_up(location, saver.setup)
        yield saver


@asynccontextmanager
async def open_store(location: str, synchronous: Synchronous = "NORMAL") -> AsyncIterator[BaseStore]:
    """Open the store at a file's path or a PostgreSQL URL."""
    path = sqlite_path(location)
    if path is None:
        async with _open_pool(location) as pool:
            # Imported here: the driver is needed for PostgreSQL alone.
            from langgraph.store.postgres.aio import AsyncPostgresStore  # noqa: PLC0415

            postgres = AsyncPostgresStore(pool)
            await _set_up(location, postgres.setup)
            async with _batching_ended(postgres):
                yield postgres
        return
    async with _open_file(path, synchronous, isolation_level=None, factory=_WriterFirst) as connection:
        store = AsyncSqliteStore(connection)
        await _set_up(location, store.setup)
        async with _batching_ended(store):
            yield store


@contextmanager
def storage_errors(location: str) -> Iterator[None]:
    """Turn a driver's error into a sentence that names the database.

    Raises:
        StorageError: whatever the driver raised.
    """
    try:
        yield
    except Exception as raised:
        error = raised.__cause__ if isinstance(raised, ValueError) and raised.__cause__ else raised  # by the store
        if not isinstance(error, BROKEN) and not _is_postgres_error(error):
            raise
        said = (getattr(error, "strerror", None) or str(error) or type(error).__name__).strip()
        raise StorageError(f"{shown(location)}: the database failed: {' '.join(said.split())}") from None


def shown(location: str) -> str:
    """Return the location without user, password and options, also where it is no proper URL."""
    scheme, found, rest = location.partition("://")
    place, _, options = rest.partition("?")
    if not found:
        return location
    return f"{scheme}://..." if "@" in options else f"{scheme}://{place.rpartition('@')[2]}"


def sqlite_path(location: str) -> Path | None:
    """Return the path of a SQLite file, links followed so that all who use it share its locks, or None for PostgreSQL.

    Raises:
        UsageError: the URL is of no kind that is supported, or the path cannot be one.
    """
    scheme, found, rest = location.partition("://")
    if not found:
        return _resolved(location)
    if scheme == "sqlite":
        return _resolved(rest.removeprefix("/"))
    if scheme in POSTGRES:
        return None
    raise UsageError(f"{shown(location)}: `{scheme}` is no database; allowed: a file, sqlite:///FILE, postgresql://...")


def _resolved(name: str) -> Path:
    try:
        return Path(name).expanduser().resolve()
    except (RuntimeError, ValueError) as error:  # an unknown user, a circle of links, a NUL
        raise UsageError(f"{name}: names no file: {error}") from None


def _is_postgres_error(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] in ("psycopg", "psycopg_pool")


@asynccontextmanager
async def _open_file(path: Path, synchronous: Synchronous, **options: Any) -> AsyncIterator[aiosqlite.Connection]:
    """Open a connection in WAL; `NORMAL` is safe when a process is killed, `FULL` also when power is lost."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sqlite3.connect(path).close()  # Where this fails, aiosqlite would leave a thread behind that fails at exit.
    async with aiosqlite.connect(path, timeout=BUSY_TIMEOUT_SECONDS, **options) as connection:
        await connection.execute("PRAGMA journal_mode=WAL")
        await connection.execute(f"PRAGMA synchronous={synchronous}")
        yield connection


@asynccontextmanager
async def _open_pool(url: str) -> AsyncIterator[Any]:
    # Imported here: the driver is needed for PostgreSQL alone.
    from psycopg.rows import dict_row  # noqa: PLC0415
    from psycopg_pool import AsyncConnectionPool  # noqa: PLC0415

    options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
    async with _open_session(url):
        pass  # A pool retries in the background; one plain connection gives the server's own reason at once.
    async with AsyncConnectionPool(url, kwargs=options, min_size=1, max_size=POOL_SIZE, open=False) as pool:
        yield pool


@asynccontextmanager
async def _open_session(url: str) -> AsyncIterator[Any]:
    # Imported here: the driver is needed for PostgreSQL alone.
    from psycopg import AsyncConnection  # noqa: PLC0415

    _check_url(url)
    async with await AsyncConnection.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_SECONDS) as session:
        yield session


def _check_url(url: str) -> None:
    """Refuse a URL that libpq cannot read in words of our own: its own may quote the password."""
    # Imported here: the driver is needed for PostgreSQL alone.
    from psycopg import ProgrammingError  # noqa: PLC0415
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    try:
        is_read = re.fullmatch(r"[0-9,]*", str(conninfo_to_dict(url).get("port", "")))
    except (ProgrammingError, UnicodeError):
        is_read = None
    if not is_read:
        raise UsageError(
            f"{shown(url)}: is no address of a PostgreSQL; allowed: postgresql://USER:PASSWORD@HOST:PORT/NAME, "
            "special characters in USER and PASSWORD percent-encoded"
        )


async def _set_up(location: str, setup: Callable[[], Awaitable[None]]) -> None:
    """Create the tables, one process at a time: two at once fail each other, IF NOT EXISTS or not."""
    async with _open_locks(location) as locks:
        for _ in range(SETUP_ATTEMPTS):
            try:
                async with locks.hold(SETUP):
                    return await setup()
            except ThreadBusyError:
                await asyncio.sleep(SETUP_PAUSE_SECONDS)
    raise StorageError(f"{shown(location)}: another process has been setting up this database for too long")


@asynccontextmanager
async def _open_locks(location: str) -> AsyncIterator[Locks]:
    path = sqlite_path(location)
    if path is not None:
        yield FileLocks(path.with_name(f"{path.name}.locks"))
        return
    turn = asyncio.Lock()
    async with _open_session(location) as session:

        async def call(function: str, key: int) -> bool:
            async with turn:
                rows = await session.execute(f"SELECT {function}(%s)", (key,))
                return bool((await rows.fetchone())[0])

        yield AdvisoryLocks(call)


@asynccontextmanager
async def _batching_ended(store: Any) -> AsyncIterator[None]:
    """End the store's batching task before its connection closes; the store has no method for it."""
    try:
        yield
    finally:
        store._task.cancel()
        await asyncio.gather(store._task, return_exceptions=True)
