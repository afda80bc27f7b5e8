"""The lock of a thread: one holder, freed when its process dies, never a lease that must expire."""

import asyncio
import fcntl
import hashlib
import os
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

    async def is_held(self, thread: str) -> bool:
        """Return whether somebody holds the lock; who asks takes nothing, and keeps nobody else from taking it."""
        ...


class FileLocks:
    """OS file locks in a folder next to the database; a holder that dies frees its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def hold(self, thread: str) -> AsyncIterator[None]:
        """Hold the thread's lock file; it is removed on release, so that the folder stays small."""
        path = lock_file(self._folder, thread)
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

    async def is_held(self, thread: str) -> bool:
        """Return whether somebody holds the thread's lock file."""
        return await asyncio.to_thread(is_locked, lock_file(self._folder, thread))


def lock_file(folder: Path, thread: str) -> Path:
    """Return the lock file of a thread."""
    return folder / f"{hashlib.sha256(thread.encode()).hexdigest()[:32]}.lock"


def is_locked(path: Path) -> bool:
    """Return whether somebody holds a lock file; any number may ask at once, since none needs it for itself."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except PermissionError:  # of another user: who is at work leaves such a file, and who ends removes it
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


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

    async def is_taken(self, key: int, held: Iterable[int]) -> bool:
        """Return whether any session has a lock; `held` are those of this process."""
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
        key = _key_of(thread)
        await _patiently(lambda: self._take(key), thread)
        try:
            yield
        finally:
            self._held.discard(key)
            await self._session.release(key)

    async def is_held(self, thread: str) -> bool:
        """Return whether any session holds the thread's advisory lock, or this one is just taking it."""
        key = _key_of(thread)
        return key in self._held or await self._session.is_taken(key, [*self._held])

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


def _key_of(thread: str) -> int:
    return int.from_bytes(hashlib.sha256(thread.encode()).digest()[:8], signed=True)


async def _patiently(take: Callable[[], Awaitable[bool]], thread: str) -> None:
    """Take a lock, or raise ThreadBusyError; who asks whether a file is locked is in the way for a moment."""
    for pause in PAUSES_SECONDS:
        await asyncio.sleep(pause)
        if await take():
            return
    raise ThreadBusyError(thread)
