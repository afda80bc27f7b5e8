"""Halts: who halted all runs or those of a tenant, for every process on a database; and which threads are to stop."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

from langgraph.store.base import BaseStore

from graph.settings import Settings
from graph.store.cancels import Cancels, stoppage_in
from graph.store.database import open_database
from graph.store.index import NAMESPACE as INDEX
from graph.store.location import located, storage_errors
from nodes.halt import Look
from policies.access.caller import LOCAL
from policies.access.owners import tenant_of
from policies.run.stoppage import Stoppage, find_stoppage

NAMESPACE = ("halts",)
ALL = "*"
"""The key of the halt of all runs; no tenant is called so."""
MAX_ROWS = 100_000
THREADS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Release:
    """Who released a halt, and when."""

    by: str
    at: str


class Halts:
    """The halts of a database. One that was released stays as it was, with who released it, until the next one."""

    def __init__(self, store: BaseStore) -> None:
        self._store = store

    async def halt(self, stoppage: Stoppage) -> Stoppage:
        """Halt all runs, or those of a tenant, and return what does: it, or what already did."""
        key = stoppage.tenant or ALL
        before = await self.find(key)
        if before is not None:
            return before
        await self._store.aput(NAMESPACE, key, {**asdict(stoppage), "released": None}, index=False)
        return stoppage

    async def release(self, tenant: str | None, release: Release) -> Stoppage | None:
        """End a halt, and return what it was; None where there is none."""
        key = tenant or ALL
        before = await self.find(key)
        if before is not None:
            row = {**asdict(before), "released": asdict(release)}
            await self._store.aput(NAMESPACE, key, row, index=False)
        return before

    async def open(self) -> list[Stoppage]:
        """Return the halts that hold now, the oldest first."""
        items = await self._store.asearch(NAMESPACE, limit=MAX_ROWS, refresh_ttl=False)
        found = filter(None, (_halt_in(item) for item in items))
        return sorted(found, key=lambda each: (each.at, each.tenant or ""))

    async def over(self, tenant: str) -> Stoppage | None:
        """Return the halt under which no run of a tenant may work; None where there is none."""
        found = await asyncio.gather(self.find(ALL), self.find(tenant))
        return find_stoppage(filter(None, found), None, tenant)

    async def holding(self, tenants: Collection[str]) -> set[str]:
        """Return those of some tenants of which no run may work; one look, however many they are."""
        found = await self.open()
        return {tenant for tenant in tenants if find_stoppage(found, None, tenant) is not None}

    async def find(self, key: str) -> Stoppage | None:
        """Return the halt of all runs, by `ALL`, or of a tenant, by its name; None where there is none."""
        return _halt_in(await self._store.aget(NAMESPACE, key, refresh_ttl=False))


def build_look() -> Look:
    """Return what looks up which threads are to stop; whose a thread is, which never changes, it looks up once."""
    tenants: dict[str, str] = {}

    async def look(store: BaseStore, threads: Collection[str]) -> Mapping[str, Stoppage]:
        owners = await _owners(store, threads, tenants)
        halts, cancels, keys = Halts(store), Cancels(store), {ALL, *owners.values()}
        # At once: a store that reads together what is asked together is asked once.
        found = await asyncio.gather(*map(halts.find, keys), *map(cancels.find, threads))
        orders = [*filter(None, found)]
        stopped = {thread: find_stoppage(orders, thread, tenant) for thread, tenant in owners.items()}
        return {thread: each for thread, each in stopped.items() if each is not None}

    return look


async def _owners(store: BaseStore, threads: Collection[str], known: dict[str, str]) -> dict[str, str]:
    """Return the tenant of each thread; one that the index does not have yet is looked for again."""
    if len(known) > THREADS_KEPT:
        known.clear()
    new = [thread for thread in threads if thread not in known]
    items = await asyncio.gather(*(store.aget(INDEX, thread, refresh_ttl=False) for thread in new))
    found = {thread: known.get(thread, LOCAL) for thread in threads}
    for thread, item in zip(new, items, strict=True):
        if item is not None and isinstance(item.value, Mapping):  # a row that was changed is named where it is read
            found[thread] = known[thread] = tenant_of(item.value)
    return found


def _halt_in(item: Any) -> Stoppage | None:
    """Return the halt that a row has; None where there is none, or it was released."""
    if item is None:
        return None
    row = item.value if isinstance(item.value, Mapping) else {}
    if row.get("released", "") is None:
        return stoppage_in({key: value for key, value in row.items() if key != "released"}, NAMESPACE[0])
    return None if row.get("released") else stoppage_in(row, NAMESPACE[0])


@asynccontextmanager
async def open_halts(settings: Settings, *, reads: bool = False) -> AsyncIterator[Halts]:
    """Open the halts of the database of these settings, also where it has no thread yet.

    Raises:
        UsageError: the database's URL is not of a kind that is supported, or its folder is missing; who only reads
            needs its file, too.
        StorageError: the database failed.
    """
    where = located(settings, reads=reads)
    with storage_errors(settings.database):
        async with open_database(where, settings.accord_sqlite_synchronous, reads=reads) as database:
            yield Halts(database.store)
