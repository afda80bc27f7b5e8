"""The lock of a thread: one holder, freed when its process dies, never a lease that must expire."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol

import filelock

PAUSES_SECONDS = (0.0, 0.02, 0.1)


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

        async def take() -> bool:
            with suppress(filelock.Timeout):
                lock.acquire()
            return lock.is_locked

        await _patiently(take, thread)
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
        await _patiently(lambda: self._take(key), thread)
        try:
            yield
        finally:
            self._held.discard(key)
            await self._call("pg_advisory_unlock", key)

    async def _take(self, key: int) -> bool:
        if key in self._held:
            return False
        self._held.add(key)
        is_taken = False
        try:
            is_taken = await self._call("pg_try_advisory_lock", key)
        finally:
            if not is_taken:
                self._held.discard(key)
        return is_taken


async def _patiently(take: Callable[[], Awaitable[bool]], thread: str) -> None:
    """Take a lock, or raise ThreadBusyError; somebody who only looks whether it is held has it for a moment."""
    for pause in PAUSES_SECONDS:
        await asyncio.sleep(pause)
        if await take():
            return
    raise ThreadBusyError(thread)
