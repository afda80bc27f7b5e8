"""The halt: stops the calls under way, so that a run ends `cancelled` and can be resumed later."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class Halt:
    """One switch for all runs of a process."""

    def __init__(self) -> None:
        self._calls: set[asyncio.Task[object]] = set()
        self.is_set = False

    def set(self) -> None:
        """Stop every call under way, and let no new one start."""
        self.is_set = True
        for call in self._calls:
            call.cancel()

    async def guard(self, work: Awaitable[T]) -> T | None:
        """Return what the work returns, or None if the halt stopped it."""
        call = asyncio.ensure_future(work)
        self._calls.add(call)
        try:
            return await call
        except asyncio.CancelledError:
            if self.is_set and call.cancelled():
                return None
            raise
        finally:
            self._calls.discard(call)
