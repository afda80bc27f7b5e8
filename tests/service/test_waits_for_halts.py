"""What waits for the end of a halt: it is looked at together, takes no seat, and begins once the halt has ended."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from graph.service import drives
from graph.service.service import Service, open_service
from graph.settings import Settings
from graph.store.database import open_database
from graph.store.halts import NAMESPACE, Halts, Release
from graph.store.location import located
from graph.store.queue import Promise, Queue
from policies.run.stoppage import Stoppage
from tests.harness import settings_at

pytestmark = pytest.mark.slow

AT = "2026-01-01T00:00:00.000+00:00"
LOOK_SECONDS = 0.1
AT_ONCE = 8
"""The default, which no test here changes."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
def settings(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(drives, "LOOK_SECONDS", LOOK_SECONDS)
    changes = {} if request.param == "sqlite" else {"database": request.getfixturevalue("postgres_database")}
    return settings_at(tmp_path, **changes)


@asynccontextmanager
async def halted(settings: Settings, halts: list[str | None], waiting: dict[str, int]) -> AsyncIterator[Service]:
    """Open a service on halts, of tenants or of all, and on promises of tenants; no thread of them is there."""
    async with open_database(located(settings), "FULL") as database:
        for tenant in halts:
            await Halts(database.store).halt(Stoppage("ops", AT, "Prices", tenant=tenant))
        for tenant, count in waiting.items():
            for number in range(count):
                await Queue(database.store).put(Promise(f"{tenant}-{number}", AT, tenant, is_answered=number % 2 == 0))
    async with open_service(settings) as service:
        yield service


async def promised(service: Service) -> Counter[str]:
    """Return how many promises of each tenant are open; one of a thread that is not there is dropped at its turn."""
    return Counter(each.tenant for each in await Queue(service.database.store).open())


async def until(service: Service, expected: dict[str, int]) -> None:
    async with asyncio.timeout(60):
        while await promised(service) != expected:
            await asyncio.sleep(LOOK_SECONDS)


@contextmanager
def looks(service: Service) -> Iterator[Counter[str]]:
    """Count how often the halts are read, and how often the whole queue is."""
    store: Any = type(service.database.store)
    get, search, count = store.aget, store.asearch, Counter[str]()

    async def aget(self: Any, namespace: tuple[str, ...], *arguments: Any, **options: Any) -> Any:
        count[namespace[0]] += 1
        return await get(self, namespace, *arguments, **options)

    async def asearch(self: Any, namespace: tuple[str, ...], *arguments: Any, **options: Any) -> Any:
        count[namespace[0]] += 1
        return await search(self, namespace, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "aget", aget)
        patch.setattr(store, "asearch", asearch)
        yield count


def test_however_many_wait_the_halts_are_looked_at_once_a_look(settings: Settings) -> None:
    async def main() -> None:
        async with halted(settings, [None], {"acme": 40, "beta": 40}) as service:
            await asyncio.sleep(10 * LOOK_SECONDS)
            with looks(service) as count:
                await asyncio.sleep(20 * LOOK_SECONDS)
            assert count["queue"] > 1
            assert count[NAMESPACE[0]] <= count["queue"] + 1
            assert service.drives.count == (0, 80)

    asyncio.run(main())


def test_what_waits_keeps_no_other_tenant_waiting_and_begins_once_its_halt_has_ended(settings: Settings) -> None:
    async def main() -> None:
        halts, waiting = ["acme", "beta"], {"acme": 3 * AT_ONCE, "beta": 3 * AT_ONCE, "local": 3 * AT_ONCE}
        async with halted(settings, [*halts], waiting) as service:
            await until(service, {"acme": 3 * AT_ONCE, "beta": 3 * AT_ONCE})
            assert service.drives.count == (0, 6 * AT_ONCE)
            await service.halts.release("acme", Release("ops", AT))
            await until(service, {"beta": 3 * AT_ONCE})
            await service.halts.release("beta", Release("ops", AT))
            await until(service, {})
            assert service.drives.count == (0, 0)

    asyncio.run(main())
