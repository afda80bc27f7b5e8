"""Claims: whose a thread is that has not begun yet, from the moment somebody makes it over HTTP."""

from collections.abc import Awaitable, Callable

from langgraph.store.base import BaseStore

from graph.store.location import storage_errors
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

    def __init__(self, store: BaseStore, locks: Locks, owner: Holder, location: str) -> None:
        """Take what says whose a thread is that has begun, was admitted or was purged."""
        self._store, self._locks, self._owner, self._location = store, locks, owner, location

    async def holder(self, thread: str) -> str | None:
        """Return whose a thread is, or is to be once it begins; None where it is nobody's."""
        owner = await self._owner(thread)
        return await self.claimant(thread) if owner is None else owner

    async def claim(self, thread: str, tenant: str, holder: Holder | None = None) -> str:
        """Return whose a thread is, as `holder` says; one that is nobody's is the tenant's from now on.

        Raises:
            StorageError: the database failed, or others have been making the thread for too long.
        """
        asked = holder or self.holder
        found = await asked(thread)
        if found is None:
            with storage_errors(self._location):
                async with turn(self._locks, f"/claim/{thread}", refusal(thread)):
                    found = await asked(thread)
                    if found is None:
                        await self._store.aput(NAMESPACE, thread, {TENANT: tenant}, index=False)
        return tenant if found is None else found

    async def claimant(self, thread: str) -> str | None:
        """Return the tenant that a thread was made for over HTTP; None where it was not."""
        with storage_errors(self._location):
            item = await self._store.aget(NAMESPACE, thread, refresh_ttl=False)
            return None if item is None else str(item.value[TENANT])


def refusal(thread: str) -> str:
    """Return what is said where others have been making a thread for too long."""
    return say(phrase("somebody has been starting the thread `{name}` for too long; try again"), name=thread)
