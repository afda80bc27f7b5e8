"""The queue: what the service has promised to drive, from before it is promised until it is done."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from langgraph.store.base import BaseStore, PutOp

from graph.store.rows import CANCELS, QUEUE
from policies.access.caller import LOCAL

NAMESPACE = (QUEUE,)
MAX_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class Promise:
    """A thread that is to be driven until it rests: whose it is, since when, and what it is resumed with.

    One that `is_answered` continues with what a person said, and comes before what begins. `problem` says why the
    thread cannot be driven; such a promise waits for the next process, or for whoever resumes the thread.
    """

    thread: str
    at: str
    tenant: str = LOCAL
    given: dict[str, Any] | None = None
    is_answered: bool = False
    problem: str | None = None


class Queue:
    """The promises of all processes on one database."""

    def __init__(self, store: BaseStore) -> None:
        self._store = store

    async def put(self, promise: Promise) -> None:
        """Keep a promise; committed when this returns."""
        await self._store.aput(NAMESPACE, promise.thread, asdict(promise), index=False)

    async def begin(self, promise: Promise) -> None:
        """Keep a promise of a thread at rest, and take back a cancel from before with it: that is not for this."""
        row = PutOp(NAMESPACE, promise.thread, asdict(promise), index=False)
        await self._store.abatch([PutOp((CANCELS,), promise.thread, None), row])

    async def rest(self, thread: str) -> None:
        """Note that a promise was kept, and with it take back a cancel that came too late: it is not for what follows.

        Both at once: whoever cancels meanwhile is dropped here, or finds afterwards that nothing is promised.
        """
        await self._store.abatch([PutOp((CANCELS,), thread, None), PutOp(NAMESPACE, thread, None)])

    async def drop(self, thread: str) -> None:
        """Note that a promise was kept, or is not to be; the cancel that stopped it stays."""
        await self._store.adelete(NAMESPACE, thread)

    async def find(self, thread: str) -> Promise | None:
        """Return the promise of a thread; None where there is none, or it was kept."""
        item = await self._store.aget(NAMESPACE, thread, refresh_ttl=False)
        return _promise(item.value) if item else None

    async def open(self, tenant: str | None = None) -> list[Promise]:
        """Return the promises, of a tenant where one is named, the oldest first."""
        of = None if tenant is None else {"tenant": tenant}
        items = await self._store.asearch(NAMESPACE, filter=of, limit=MAX_ROWS, refresh_ttl=False)
        return sorted((_promise(item.value) for item in items), key=lambda each: (each.at, each.thread))


def claim_of(thread: str) -> str:
    """Return what is locked by whoever drives a thread that was promised; no thread has such an id."""
    return f"/queue/{thread}"


def _promise(kept: Mapping[str, Any]) -> Promise:
    return Promise(**{field.name: kept[field.name] for field in fields(Promise) if field.name in kept})
