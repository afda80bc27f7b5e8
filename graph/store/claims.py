"""Claims: whose a thread is that has not begun yet, from the moment somebody makes it over HTTP."""

from collections.abc import Awaitable, Callable

from langgraph.store.base import BaseStore

from graph.store.locks import Locks
from graph.store.rows import CLAIMS
from graph.store.turns import turn
from policies.language import phrase, say

NAMESPACE = (CLAIMS,)
TENANT = "tenant"

Holder = Callable[[str], Awaitable[str | None]]
"""Says whose a thread is, begun or claimed; None where it is nobody's."""


class Claims:
    """The claims of a database, one a thread."""

    def __init__(self, store: BaseStore, locks: Locks) -> None:
        self._store, self._locks = store, locks

    async def find(self, thread: str) -> str | None:
        """Return the tenant that claimed a thread; None where none did."""
        item = await self._store.aget(NAMESPACE, thread, refresh_ttl=False)
        return None if item is None else str(item.value[TENANT])

    async def claim(self, thread: str, tenant: str, holder: Holder) -> str:
        """Return whose a thread is; one that is nobody's is claimed for the tenant first, by one request at a time.

        Raises:
            StorageError: others have been making the thread for too long.
        """
        found = await holder(thread)
        if found is None:
            async with turn(self._locks, f"/claim/{thread}", refusal(thread)):
                found = await holder(thread)
                if found is None:
                    await self._store.aput(NAMESPACE, thread, {TENANT: tenant}, index=False)
        return tenant if found is None else found


def refusal(thread: str) -> str:
    """Return what is said where others have been making a thread for too long."""
    return say(phrase("somebody has been starting the thread `{name}` for too long; try again"), name=thread)
