"""Turns: whoever changes what others change too waits until nobody else does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from graph.problems import StorageError
from graph.store.locks import Locks, ThreadBusyError

PAUSE_SECONDS = 0.05
ATTEMPTS = 300


@asynccontextmanager
async def turn(locks: Locks, name: str, refusal: str) -> AsyncIterator[None]:
    """Wait for a turn under a name, which begins with `/` so that no thread has it.

    Raises:
        StorageError: others have had it for too long, as `refusal` says.
    """
    for _ in range(ATTEMPTS):
        lock = locks.hold(name)
        try:
            await lock.__aenter__()
        except ThreadBusyError:
            await asyncio.sleep(PAUSE_SECONDS)
            continue
        try:
            yield
        finally:
            await lock.__aexit__(None, None, None)
        return
    raise StorageError(refusal)
