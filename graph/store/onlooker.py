"""The locks of a database that may only be read: who looks sees which threads are at work, and holds none."""

import fcntl
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from graph.store.locks import ThreadBusyError


class OnlookerLocks:
    """Looks at the lock files of `FileLocks` in a folder, which may be another user's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def hold(self, thread: str) -> AsyncIterator[None]:
        """Enter where nobody holds the thread; nothing is held meanwhile, since nothing can be written either."""
        if _is_held(self._folder / f"{hashlib.sha256(thread.encode()).hexdigest()[:32]}.lock"):
            raise ThreadBusyError(thread)
        yield


def _is_held(path: Path) -> bool:
    try:
        file = os.open(path, os.O_RDONLY)
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
