"""Idempotency keys: what a tenant asked under a key, so that asking again does nothing again."""

import hashlib
import uuid
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from langgraph.store.base import BaseStore

from graph.store.locks import Locks
from graph.store.rows import ANSWERS, KEYS
from nodes.journal import part_of

NAMESPACE = (KEYS,)
KEPT = timedelta(hours=24)
"""For how long a key is kept."""
PAGE = 500
_THREADS = uuid.UUID("6f1d3f6e-6a0a-5d0e-9a6b-1f6a7f0c7a11")
"""What the ids of threads are derived in; another number would give each key another thread."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered under a key, with the header that says where the thing is."""

    status: int
    body: str
    location: str | None = None


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """What was asked under a key: the route, the digest of the body, when, and of which thread; none is an empty one.

    The answer is kept apart, in a namespace of the thread, so that it goes when the thread is purged.
    """

    route: str
    person: str
    body: str
    at: str
    thread: str
    answer: Answer | None = None

    def is_same(self, other: "KeyedRequest") -> bool:
        """Return whether both ask the same."""
        return (self.route, self.person, self.body) == (other.route, other.person, other.body)

    def answered(self, thread: str, answer: Answer) -> "KeyedRequest":
        """Return the same with its answer, and the thread that this is of."""
        return replace(self, thread=thread, answer=answer)


class Keys:
    """The keys of all tenants."""

    def __init__(self, store: BaseStore, locks: Locks) -> None:
        self._store, self._locks = store, locks

    def hold(self, tenant: str, key: str) -> AbstractAsyncContextManager[None]:
        """Hold a key while what it is for is done; raises ThreadBusyError where another request does so now."""
        return self._locks.hold(f"/key/{_row(tenant, key)}")

    async def find(self, tenant: str, key: str, now: str) -> KeyedRequest | None:
        """Return what was asked under a key; None where nothing was, or that is too long ago."""
        row = _row(tenant, key)
        item = await self._store.aget(NAMESPACE, row, refresh_ttl=False)
        if item is None or _is_over(item.value, now):
            return None
        asked = KeyedRequest(**item.value)
        given = await self._store.aget(_answers(asked.thread), row, refresh_ttl=False)
        return asked if given is None else replace(asked, answer=Answer(**given.value))

    async def keep(self, tenant: str, key: str, asked: KeyedRequest) -> None:
        """Keep what is asked under a key, and its answer, where there is one; committed when this returns."""
        row, kept = _row(tenant, key), asdict(asked)
        answer = kept.pop("answer")
        await self._store.aput(NAMESPACE, row, kept, index=False)
        if answer is not None:
            await self._store.aput(_answers(asked.thread), row, answer, index=False)

    async def forget(self, tenant: str, key: str) -> None:
        """Forget a key under which nothing was done."""
        await self._store.adelete(NAMESPACE, _row(tenant, key))

    async def sweep(self, now: str) -> int:
        """Delete the keys that were kept long enough; return how many those were."""
        over: list[tuple[str, str]] = []
        seen = 0
        while page := await self._store.asearch(NAMESPACE, limit=PAGE, offset=seen, refresh_ttl=False):
            seen += len(page)
            over += [(item.value["thread"], item.key) for item in page if _is_over(item.value, now)]
        for thread, row in over:
            await self._store.adelete(_answers(thread), row)
            await self._store.adelete(NAMESPACE, row)
        return len(over)


def thread_of(tenant: str, key: str) -> str:
    """Return the id of the thread that a tenant begins under a key, the same each time.

    >>> thread_of("a", "order-1") == thread_of("a", "order-1"), thread_of("a", "order-1") == thread_of("b", "order-1")
    (True, False)
    """
    return str(uuid.uuid5(_THREADS, f"{tenant}\0{key}"))


def _answers(thread: str) -> tuple[str, str]:
    return (ANSWERS, part_of(thread))


def _row(tenant: str, key: str) -> str:
    return hashlib.sha256(f"{tenant}\0{key}".encode()).hexdigest()


def _is_over(kept: Mapping[str, Any], now: str) -> bool:
    return datetime.fromisoformat(now) - datetime.fromisoformat(kept["at"]) > KEPT
