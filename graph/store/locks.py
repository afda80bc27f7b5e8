"""The lock of a thread: one holder, freed when its process dies, never a lease that must expire."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import filelock


class ThreadBusyError(Exception):
    """Somebody else works on the thread."""


class Locks(Protocol):
    """Gives each thread to one holder at a time, across processes."""

    def hold(self, thread: str) -> AbstractAsyncContextManager[None]:
        """Return the lock as a context; entering it raises ThreadBusyError where somebody else holds it."""
        ...


class FileLocks:
    """OS file locks in a folder beside the database; a holder that dies frees its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def hold(self, thread: str) -> AsyncIterator[None]:
        """Hold the thread's lock file; it is removed on release, so that the folder stays small."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{hashlib.sha256(thread.encode()).hexdigest()[:32]}.lock"
        lock = filelock.FileLock(path, thread_local=False, blocking=False)
        try:
            lock.acquire()
        except filelock.Timeout:
            raise ThreadBusyError(thread) from None
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            lock.release()


class AdvisoryLocks:
    """PostgreSQL session advisory locks on one connection of this process; they die with that connection."""

    def __init__(self, call: Callable[[str, int], Awaitable[bool]]) -> None:
        self._call = call
        self._held: set[int] = set()

    @asynccontextmanager
    async def hold(self, thread: str) -> AsyncIterator[None]:
        """Hold the thread's advisory lock; a session may take its own lock twice, hence the set."""
        key = int.from_bytes(hashlib.sha256(thread.encode()).digest()[:8], signed=True)
        if key in self._held:
            raise ThreadBusyError(thread)
        self._held.add(key)
        try:
            if not await self._call("pg_try_advisory_lock", key):
                raise ThreadBusyError(thread)
            try:
                yield
            finally:
                await self._call("pg_advisory_unlock", key)
        finally:
            self._held.discard(key)
