"""Requests: by which request a thread was begun whose id the caller chose, so that asking again finds it."""

from langgraph.store.base import BaseStore

from graph.store.rows import REQUESTS

NAMESPACE = (REQUESTS,)
DIGEST = "digest"


class Requests:
    """The requests of one database, one a thread, each as its digest."""

    def __init__(self, store: BaseStore) -> None:
        self._store = store

    async def keep(self, thread: str, digest: str) -> None:
        """Keep by which request a thread is begun; committed when this returns."""
        await self._store.aput(NAMESPACE, thread, {DIGEST: digest}, index=False)

    async def find(self, thread: str) -> str | None:
        """Return the digest of the request by which a thread was begun; None where it was begun in another way."""
        item = await self._store.aget(NAMESPACE, thread, refresh_ttl=False)
        return None if item is None else str(item.value[DIGEST])
