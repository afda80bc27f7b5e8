"""The locks of a database that may only be read: who looks sees which threads are at work, and holds none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from graph.store.locks import ThreadBusyError, is_locked, lock_file


class OnlookerLocks:
    """Looks at the lock files of `FileLocks` in a folder, which may be another user's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def hold(self, thread: str) -> AsyncIterator[None]:
        """Enter where nobody holds the thread; nothing is held meanwhile, since nothing can be written either."""
        if await self.is_held(thread):
            raise ThreadBusyError(thread)
        yield

    async def is_held(self, thread: str) -> bool:
        """Return whether somebody holds the thread."""
        return await asyncio.to_thread(is_locked, lock_file(self._folder, thread))
