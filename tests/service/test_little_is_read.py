"""What is asked often reads little of a database, however much it holds of others."""

import asyncio
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from langgraph.store.base import Item

from graph.inbox import Inbox
from graph.service.listing import Wanted, listed
from graph.service.service import Service, open_service
from graph.settings import Settings
from graph.store.queue import Promise, Queue
from tests.harness import settings_at, team_of
from tests.service.process import serving

pytestmark = pytest.mark.slow

TENANTS = ("acme", "globex", "local")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    changes = {} if request.param == "sqlite" else {"database": request.getfixturevalue("postgres_database")}
    return settings_at(tmp_path, **changes)


@contextmanager
def rows_read(service: Service) -> Iterator[list[Item]]:
    """Collect the rows that are searched out of the database of a service."""
    store: Any = type(service.database.store)
    found, search = list[Item](), store.asearch

    async def asearch(*arguments: Any, **options: Any) -> Any:
        items = await search(*arguments, **options)
        found.extend(items)
        return items

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "asearch", asearch)
        yield found


async def note(service: Service, thread: str, status: str, tenant: str = "local") -> None:
    """Put a thread of a status into the index."""
    index = service.runner.threads.index
    async with service.database.fences.hold(thread):
        await index.admit(thread, team_of(service.settings), {}, tenant)
        await index.note({**(await index.entry(thread) or {}), "status": status})


def test_a_service_is_ready_whatever_the_list_of_threads_holds(tmp_path: Path) -> None:
    with serving(tmp_path) as served, served.client() as client:
        with closing(sqlite3.connect(tmp_path / "accord.sqlite")) as database, database:
            database.execute("INSERT INTO store (prefix, key, value) VALUES ('threads', 'lost', '{')")
        assert client.get("/ready").status_code == 200


def test_lists_of_a_tenant_read_no_rows_of_others(settings: Settings) -> None:
    dice = random.Random(20)
    owners = {f"t{number}": dice.choice(TENANTS) for number in range(60)}

    async def fill(service: Service) -> None:
        queue = Queue(service.database.store)
        for thread, tenant in owners.items():
            await note(service, thread, dice.choice(["ok", "stopped", "waiting"]), tenant)
            if dice.random() < 0.5:
                await queue.put(Promise(thread, "2026-01-01T00:00:00.000+00:00", tenant, problem="Kept for later."))

    async def main() -> None:
        async with open_service(settings) as service:
            await fill(service)
            for tenant in TENANTS:
                with rows_read(service) as rows:
                    found, _ = await listed(service, Wanted(tenant), 100, None)
                    await Inbox(service.runner, service.runner.now()).waiting(tenant=tenant)
                assert {each["thread_id"] for each in found} == {each for each in owners if owners[each] == tenant}
                assert tenant == "local" or {row.value["tenant"] for row in rows} == {tenant}

    asyncio.run(main())


def test_an_inbox_reads_no_threads_that_ended_well(settings: Settings) -> None:
    async def main() -> None:
        async with open_service(settings) as service:
            for number, status in enumerate(["ok", "waiting", "stopped", "interrupted", "running"] * 3):
                await note(service, f"t{number}", status)
            with rows_read(service) as rows:
                found = [each["status"] for each in await service.runner.threads.index.open()]
            assert sorted(found) == sorted(["waiting", "interrupted", "running"] * 3)
            assert "ok" not in {row.value["status"] for row in rows}

    asyncio.run(main())
