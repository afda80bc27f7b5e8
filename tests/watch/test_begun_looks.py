"""A look that is cut off before it begins, and one whose asker goes away meanwhile: nobody waits for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from graph.service.crew import DrainingError
from graph.service.looking import Looking


class Held:
    """Locks that nobody gets until they are let go."""

    def __init__(self) -> None:
        self.asked, self.freed = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def hold(self, _: str) -> AsyncIterator[None]:
        self.asked.set()
        await self.freed.wait()
        yield


class Bare(Looking):
    """Looks of a process whose database does nothing but lock."""

    def __init__(self, locks: Held) -> None:
        threads = SimpleNamespace(location="the database")
        runner: Any = SimpleNamespace(database=SimpleNamespace(store=None, locks=locks), threads=threads, now=str)
        drives: Any = SimpleNamespace(ending=asyncio.Event())
        settings: Any = None
        super().__init__(runner, settings, drives)
        self.looked = 0

    async def asking(self) -> Any:
        return None

    async def _work(self, asked: Any, look: Any) -> None:
        self.looked += 1


@pytest.mark.timeout(30)
def test_who_waits_for_a_look_that_is_cut_off_before_it_begins_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.service.looking.GRACE_SECONDS", 0.01)

    async def story() -> None:
        locks = Held()
        looking = Bare(locks)
        waits = asyncio.create_task(looking.begin("local", "ada", "t"))
        await locks.asked.wait()
        await looking.drain()
        with pytest.raises(DrainingError):
            await asyncio.wait_for(waits, 5)

    asyncio.run(story())


@pytest.mark.timeout(30)
def test_a_look_goes_on_though_who_asked_has_gone(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> int:
        locks = Held()
        looking = Bare(locks)
        waits = asyncio.create_task(looking.begin("local", "ada", "t"))
        await locks.asked.wait()
        waits.cancel()
        await asyncio.gather(waits, return_exceptions=True)
        locks.freed.set()
        while looking._tasks:
            await asyncio.sleep(0)
        await looking.drain()
        return looking.looked

    assert asyncio.run(story()) == 1
    assert "look_failed" not in caplog.text
