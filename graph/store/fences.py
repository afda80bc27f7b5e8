"""Fences: who takes a thread to write gets a new token, and each write is compared with the token it is made under.

A lock can be lost unseen: its session ends, its folder is removed, its holder is paused while another process takes the
thread. So the database refuses: the token is compared in the transaction of the write, and a holder whose token was
replaced changes no row any more.
"""

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext, suppress
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver

from graph.store.archive import NAMESPACE as ARCHIVE
from graph.store.census import Select
from graph.store.index import NAMESPACE as INDEX
from graph.store.location import is_postgres_error
from graph.store.locks import Locks, ThreadBusyError
from graph.store.rows import GUESTS, TOMBSTONES
from graph.store.tombstones import entry, purged
from graph.store.traces import NAMESPACE as TRACES
from nodes.journal import NAMESPACE as CALLS
from nodes.journal import thread_of_calls
from nodes.services import InputRefusedError
from policies.language import phrase, say

TABLE = "CREATE TABLE IF NOT EXISTS fences (thread TEXT PRIMARY KEY, token BIGINT NOT NULL)"
"""The token of each thread: a number that nobody guesses, so that a row which is lost and made anew lets nobody in."""

_MAKE = "INSERT INTO fences (thread, token) VALUES (?, ?) ON CONFLICT (thread) DO {} RETURNING token"
_TAKE, _MEET = _MAKE.format("UPDATE SET token = excluded.token"), _MAKE.format("NOTHING")
_LOOK = "SELECT token FROM fences WHERE thread = ?"
LOOKS, LOOKS_SECONDS = 4, 3.0
TOKEN_BITS = 62

TAKEN = phrase("another process has taken this thread")
REFUSED_IN_FILE = "accord: fenced"
REFUSED_IN_POOL = "22012"
"""What PostgreSQL calls a division by zero, see `graph/store/pools.py`."""

Held = dict[str, int]
"""The tokens of the threads that this process may write to."""


class FencedError(ThreadBusyError):
    """Somebody else took the thread; the write that was refused left nothing."""

    def __init__(self) -> None:
        super().__init__(TAKEN)


class Fences:
    """Gives out the right to write to a thread: its lock, and a token."""

    def __init__(self, locks: Locks, held: Held, select: Select, take: Select | None = None) -> None:
        """Take the locks, the tokens that the writes of this process are made under, and what runs a query.

        `take` runs the query that takes a thread, where nothing under way may hold it up.
        """
        self._locks, self.held, self._select, self._take = locks, held, select, take or select

    @asynccontextmanager
    async def hold(self, thread: str, *, anew: bool = True) -> AsyncIterator[None]:
        """Hold a thread to write to it; nobody who had it before can write any more.

        Where not `anew`, its present token is taken: whoever wrote last still can, and nobody takes the thread unseen
        between a look and the writes that rest on it.

        Raises:
            ThreadBusyError: somebody holds the thread; in its shape as FencedError, somebody took it meanwhile.
            PurgedError: it was purged: nothing is ever written to it again.
        """
        async with self._locks.hold(thread):
            token = secrets.randbits(TOKEN_BITS) + 1
            if self.held.setdefault(thread, -token) != -token:  # in this process, whatever became of the lock
                raise ThreadBusyError(thread)
            try:
                self.held[thread] = token = await self._enter(thread, token, anew)
                yield
            except Exception as error:
                if is_postgres_error(error) and await self._is_taken(thread, token):
                    raise FencedError from None  # its connections were ended over that
                raise
            finally:
                del self.held[thread]

    async def _enter(self, thread: str, token: int, anew: bool) -> int:
        tombstone = await entry(self._select, thread)
        if tombstone is not None:
            raise purged(thread, tombstone)
        rows = await self._take(_TAKE, thread, token) if anew else await self._select(_MEET, thread, token)
        [[entered]] = rows or await self._select(_LOOK, thread)
        return int(entered)

    async def _is_taken(self, thread: str, token: int) -> bool:
        """Return whether somebody else has a thread; not so where the database does not answer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOKS_SECONDS):
                for _ in range(LOOKS):  # each connection of the pool may be lost
                    with suppress(Exception):
                        return [token] != [each for (each,) in await self._select(_LOOK, thread)]
        return False

    def hold_if_free(self, thread: str) -> AbstractAsyncContextManager[None]:
        """Hold a thread, unless this process already does."""
        return nullcontext() if thread in self.held else self.hold(thread)

    def tokens_of(self, threads: Iterable[str | None]) -> list[tuple[str, int]]:
        """Return each thread with the token that a write to it is made under; one that is not held has no valid one."""
        return [(thread, self.held.get(thread, 0)) for thread in dict.fromkeys(threads) if thread]


class WholeSaver(BaseCheckpointSaver[Any]):
    """Adds the refusals of what would copy or cut a thread to a saver: a record rests on all of its checkpoints.

    Without them a server does some of it by itself, past the fence.
    """

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Refuse.

        Raises:
            InputRefusedError: always.
        """
        told = phrase("the thread `{name}` cannot be copied: its record names it, and a copy would not verify")
        raise InputRefusedError(say(told, name=source_thread_id))

    async def adelete_for_runs(self, run_ids: Iterable[str]) -> None:
        """Refuse.

        Raises:
            InputRefusedError: always.
        """
        raise InputRefusedError(say("what a run wrote is not deleted: the record of its thread rests on it"))

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Refuse.

        Raises:
            InputRefusedError: always.
        """
        raise InputRefusedError(say("checkpoints are not pruned: the record of a thread rests on all of them"))


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what a database says of a write that it refused into FencedError."""
    try:
        yield
    except Exception as error:
        is_in_file = isinstance(error, sqlite3.IntegrityError) and REFUSED_IN_FILE in str(error)
        if is_in_file or getattr(error, "sqlstate", None) == REFUSED_IN_POOL:
            raise FencedError from None
        raise


def owner_of(namespace: Sequence[str], key: str) -> str | None:
    """Return the thread that a row of the store belongs to; None where it belongs to no thread."""
    if namespace[0] == CALLS and len(namespace) > 1:
        return thread_of_calls(namespace[1])
    return key if namespace[0] in (ARCHIVE, *INDEX, *TRACES) else None


def guest_of(namespace: Sequence[str], key: str) -> str | None:
    """Return the thread that a row of the store is about which anybody may write, until that thread is purged."""
    return key if namespace[0] in GUESTS else None


_OWNER_OF_ROW = f"""CASE
    WHEN substr({{row}}.prefix, 1, {len(CALLS) + 1}) = '{CALLS}.'
        THEN replace(nullif(substr({{row}}.prefix, {len(CALLS) + 2}), '%'), '%2E', '.')
    WHEN {{row}}.prefix IN ('{".".join(INDEX)}', '{".".join(TRACES)}')
        OR substr({{row}}.prefix, 1, {len(ARCHIVE) + 1}) = '{ARCHIVE}.'
        THEN {{row}}.key
END"""
"""The owner of a row of the store in SQL: the same as `owner_of`."""
_IS_OF_THE_PURGED = f"""new.prefix IN {GUESTS}
    AND EXISTS (SELECT 1 FROM main.{TOMBSTONES} WHERE thread_id = new.key)"""
"""Whether a row has a guest, see `guest_of`, that was purged."""

SAVED = ("checkpoints", "writes", "newest_checkpoints", TOMBSTONES)
STORED = ("store",)
_TOUCHED = {"INSERT": ("new",), "UPDATE": ("old", "new"), "DELETE": ("old",)}


def set_up_fence(connection: sqlite3.Connection, tables: Sequence[str], held: Held) -> None:
    """Have a connection to a file refuse to change rows of threads that are not held under their present token.

    So it does with rows about threads that were purged.

    The triggers are temporary, so they are this connection's own.
    """
    connection.execute(TABLE)
    connection.create_function("held_token", 1, held.get)
    for table in tables:
        owner = _OWNER_OF_ROW if table in STORED else "{row}.thread_id"
        for change, rows in _TOUCHED.items():
            refused = [_is_foreign(owner.format(row=row)) for row in rows]
            if table in STORED and "new" in rows:
                refused.append(_IS_OF_THE_PURGED)
            connection.execute(
                f"CREATE TEMP TRIGGER IF NOT EXISTS fence_{change}_{table} BEFORE {change} ON main.{table} "
                f"WHEN {' OR '.join(refused)} BEGIN SELECT RAISE(ABORT, '{REFUSED_IN_FILE}'); END"
            )


def _is_foreign(owner: str) -> str:
    valid = f"SELECT 1 FROM main.fences WHERE thread = {owner} AND token = held_token({owner})"
    return f"({owner}) IS NOT NULL AND NOT EXISTS ({valid})"
