"""Looks: what is known of the last look at all decisions of a tenant, for every process on a database."""

from dataclasses import asdict, dataclass

from langgraph.store.base import BaseStore

NAMESPACE = ("looks",)


@dataclass(frozen=True, slots=True)
class LastLook:
    """A look: who asked for it, since when, at how many decisions it has looked, and until when.

    One that has no end is under way, or its process died. `is_cut_off` says that there were more decisions.
    """

    by: str
    began_at: str
    looked: int = 0
    ended_at: str | None = None
    is_cut_off: bool = False
    has_failed: bool = False


class Looks:
    """The last look of each tenant."""

    def __init__(self, store: BaseStore) -> None:
        self._store = store

    async def put(self, tenant: str, look: LastLook) -> None:
        """Keep how far a look is; what was kept before is forgotten."""
        await self._store.aput(NAMESPACE, tenant, asdict(look), index=False)

    async def find(self, tenant: str) -> LastLook | None:
        """Return the last look of a tenant; None where there was none."""
        item = await self._store.aget(NAMESPACE, tenant, refresh_ttl=False)
        return LastLook(**item.value) if item else None


def claim_of(tenant: str) -> str:
    """Return what is locked by whoever looks at decisions of a tenant; no thread has such an id."""
    return f"/looks/{tenant}"
