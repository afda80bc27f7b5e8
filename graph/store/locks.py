"""The lock of a thread: one holder, freed when its process dies, never a lease that must expire."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
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
    """OS file locks in a folder next to the database; a holder that dies frees its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def hold(self, thread: str) -> AsyncIterator[None]:
        """Hold the thread's lock file; it is removed on release, so that the folder stays small."""
        path = self._folder / f"{hashlib.sha256(thread.encode()).hexdigest()[:32]}.lock"
        lock = filelock.FileLock(path, mode=0o600, thread_local=False, blocking=False)
        file: list[int] = []

        async def take() -> bool:
            file[:] = await asyncio.to_thread(_lock, lock, path)  # in its event loop the server refuses to open files
            return bool(file)

        await _patiently(take, thread)
        try:
            yield
        finally:
            await asyncio.to_thread(_unlock, lock, path, file[0])


def _lock(lock: filelock.BaseFileLock, path: Path) -> list[int]:
    """Take a lock file, and return its number on the disk; nothing where somebody holds it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        lock.acquire()
        return [path.stat().st_ino]
    except filelock.Timeout:
        return []
    except FileNotFoundError:  # its holder removed it in this moment
        lock.release()
        return []


def _unlock(lock: filelock.BaseFileLock, path: Path, file: int) -> None:
    """Remove a lock file and let go of it; a file of that name which is another one is somebody else's by now."""
    with suppress(FileNotFoundError):
        if path.stat().st_ino == file:
            path.unlink()
    lock.release()


class Session(Protocol):
    """What PostgreSQL's locks live on."""

    async def take(self, key: int, held: Iterable[int]) -> bool:
        """Take a lock if it is free; `held` are the others of this process."""
        ...

    async def release(self, key: int) -> None:
        """Let go of a lock."""
        ...


class AdvisoryLocks:
    """PostgreSQL session advisory locks on one connection of this process; they die with that connection."""

    def __init__(self, session: Session) -> None:
        self._session = session
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
            await self._session.release(key)

    async def _take(self, key: int) -> bool:
        if key in self._held:
            return False
        others = [*self._held]
        self._held.add(key)
        is_taken = False
        try:
            is_taken = await self._session.take(key, others)
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
