"""A thread that nobody has is claimed by one tenant, however many ask at once, and in whichever process."""

import asyncio
import uuid
from pathlib import Path

import pytest

from graph.opening import open_runner
from graph.settings import Settings
from graph.store.database import open_database
from graph.teams.loader import load_team
from graph.threads import Threads
from tests.harness import settings_at

TENANTS = ("acme", "globex", "initech", "local")


@pytest.fixture
def settings(tmp_path: Path, database: str) -> Settings:
    """Settings on the database of this kind."""
    return settings_at(tmp_path, accord_database_url=database)


async def claims_of(settings: Settings, thread: str) -> list[str]:
    """Return what each tenant is told that claims a thread twice, half of them on a database of their own."""
    async with open_database(settings.database) as one, open_database(settings.database) as other:
        threads = [Threads(one), Threads(other)]
        asked = [each.claims.claim(thread, tenant) for tenant in TENANTS for each in threads]
        told = await asyncio.gather(*asked)
        assert {await each.claims.holder(thread) for each in threads} == {*told}
        assert [await each.owner(thread) for each in threads] == [None, None]
    return told


def test_of_all_who_claim_a_thread_at_once_one_has_it(settings: Settings) -> None:
    for _ in range(5):
        assert len({*asyncio.run(claims_of(settings, str(uuid.uuid4())))}) == 1


def test_a_thread_that_has_begun_is_not_claimed(settings: Settings) -> None:
    thread = str(uuid.uuid4())

    async def claim() -> tuple[str, str]:
        async with open_runner(settings) as runner:
            await runner.admit(thread, load_team("checkout_launch"), tenant="acme")
            return await runner.threads.claims.claim(thread, "globex"), await runner.threads.claims.claim(
                thread, "acme"
            )

    assert asyncio.run(claim()) == ("acme", "acme")


def test_a_thread_begins_as_the_tenants_that_claimed_it(settings: Settings) -> None:
    thread = str(uuid.uuid4())

    async def begin() -> str | None:
        async with open_runner(settings) as runner:
            assert await runner.threads.claims.claim(thread, "acme") == "acme"
            await runner.admit(thread, load_team("checkout_launch"))
            return await runner.threads.owner(thread)

    assert asyncio.run(begin()) == "acme"
