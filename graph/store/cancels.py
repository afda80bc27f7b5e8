"""Cancels: who cancelled single runs, for every process on a database. A run is cancelled until it is resumed."""

from dataclasses import asdict
from typing import Any

from langgraph.store.base import BaseStore

from graph.problems import StorageError
from graph.store.rows import CANCELS
from policies.language import phrase, say
from policies.run.stoppage import Stoppage

NAMESPACE = (CANCELS,)


class Cancels:
    """The cancels of a database, one a thread."""

    def __init__(self, store: BaseStore) -> None:
        self._store = store

    async def put(self, thread: str, stoppage: Stoppage) -> Stoppage:
        """Cancel the run of a thread, and return what does: it, or what already did.

        Raises:
            FencedError: the thread was purged.
        """
        before = await self.find(thread)
        if before is not None:
            return before
        await self._store.aput(NAMESPACE, thread, asdict(stoppage), index=False)
        return stoppage

    async def find(self, thread: str) -> Stoppage | None:
        """Return who cancelled the run of a thread; None where nobody did since it was resumed."""
        item = await self._store.aget(NAMESPACE, thread, refresh_ttl=False)
        return stoppage_in(item.value, CANCELS) if item is not None else None

    async def drop(self, thread: str) -> None:
        """Take the cancel of a run back: somebody resumes it."""
        if await self.find(thread) is not None:
            await self._store.adelete(NAMESPACE, thread)


def stoppage_in(row: Any, space: str) -> Stoppage:
    """Return who stopped what and why, as a row has it.

    Raises:
        StorageError: the row is not as it was written, so that nobody knows what it stops.
    """
    try:
        return Stoppage(**row)
    except TypeError:
        told = phrase("a row of `{space}` in the database was changed; restore the database from a backup")
        raise StorageError(say(told, space=space)) from None
