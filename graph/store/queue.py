"""The queue: what the service has promised to drive, from before it is promised until it is done."""

from dataclasses import asdict, dataclass
from typing import Any

from langgraph.store.base import BaseStore

from policies.access.caller import LOCAL

NAMESPACE = ("queue",)
MAX_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class Promise:
    """A thread that is to be driven until it rests: whose it is, since when, and what it is resumed with."""

    thread: str
    at: str
    tenant: str = LOCAL
    given: dict[str, Any] | None = None


class Queue:
    """The promises of all processes on one database."""

    def __init__(self, store: BaseStore) -> None:
        self._store = store

    async def put(self, promise: Promise) -> None:
        """Keep a promise."""
        await self._store.aput(NAMESPACE, promise.thread, asdict(promise), index=False)

    async def drop(self, thread: str) -> None:
        """Note that a promise was kept."""
        await self._store.adelete(NAMESPACE, thread)

    async def find(self, thread: str) -> Promise | None:
        """Return the promise of a thread, or None."""
        item = await self._store.aget(NAMESPACE, thread, refresh_ttl=False)
        return Promise(**item.value) if item else None

    async def open(self) -> list[Promise]:
        """Return the promises, the oldest first."""
        items = await self._store.asearch(NAMESPACE, limit=MAX_ROWS, refresh_ttl=False)
        return sorted((Promise(**item.value) for item in items), key=lambda each: (each.at, each.thread))
