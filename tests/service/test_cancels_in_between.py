"""Cancels that come as a run begins to wait: none of them stops what a person's answer continues."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from graph.problems import ConflictError
from graph.service.cancelling import cancel
from graph.service.service import Service, open_service
from graph.store.cancels import Cancels
from graph.store.queue import Queue
from graph.teams.offered import load_offered
from policies.run.stoppage import Stoppage
from tests.harness import settings_at
from tests.service.stories import GOES, lay

pytestmark = pytest.mark.slow

SAID = {"question": None, "by": "cfo", "answer": {**GOES, "confidence": 0.5}}
rest: Callable[[Queue, str], Awaitable[None]] = Queue.rest
put: Callable[[Cancels, str, Stoppage], Awaitable[Stoppage]] = Cancels.put


async def _waits(service: Service) -> None:
    await service.drives.run("t", load_offered(service.settings, "seated"))
    assert (await service.drives.rested("t"))["status"] == "waiting"


async def _goes_on(service: Service) -> None:
    """Check that no cancel is left, and that what an answer continues is not stopped by one."""
    assert await service.runner.cancels.find("t") is None
    await service.drives.answer("t", SAID)
    assert (await service.drives.rested("t"))["final_decision"] == "go"


def _served(home: Path, work: Callable[[Service], Awaitable[Any]]) -> None:
    async def main() -> None:
        async with open_service(settings_at(home)) as service:
            await work(service)

    asyncio.run(main())


def test_a_cancel_between_the_rest_and_the_end_of_its_promise_goes_with_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled: list[Stoppage] = []

    async def work(service: Service) -> None:
        async def rested(queue: Queue, thread: str) -> None:
            if not cancelled:
                cancelled.append(await cancel(service, thread, "ann", ""))
            await rest(queue, thread)

        monkeypatch.setattr(Queue, "rest", rested)
        await _waits(service)
        await _goes_on(service)

    _served(lay(tmp_path), work)
    assert [each.by for each in cancelled] == ["ann"]


def test_a_cancel_that_saw_the_promise_and_is_put_after_its_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[asyncio.Task[Stoppage]] = []

    async def work(service: Service) -> None:
        has_seen, has_rested = asyncio.Event(), asyncio.Event()

        async def putting(cancels: Cancels, thread: str, stoppage: Stoppage) -> Stoppage:
            has_seen.set()
            await has_rested.wait()
            return await put(cancels, thread, stoppage)

        async def rested(queue: Queue, thread: str) -> None:
            if not late:
                late.append(asyncio.create_task(cancel(service, thread, "ann", "")))
                await has_seen.wait()
            await rest(queue, thread)

        monkeypatch.setattr(Cancels, "put", putting)
        monkeypatch.setattr(Queue, "rest", rested)
        await _waits(service)
        has_rested.set()
        with pytest.raises(ConflictError, match="waits for people"):
            await late[0]
        await _goes_on(service)

    _served(lay(tmp_path), work)


@pytest.mark.parametrize("is_promised", [True, False])
def test_an_answer_takes_back_a_cancel_from_before(is_promised: bool, tmp_path: Path) -> None:
    async def work(service: Service) -> None:
        await _waits(service)
        await service.runner.cancels.put("t", Stoppage("ann", service.runner.now(), thread="t"))
        if not is_promised:
            assert (await service.runner.answer("t", SAID))["final_decision"] == "go"
            return
        await service.drives.answer("t", SAID)
        assert (await service.drives.rested("t"))["final_decision"] == "go"

    _served(lay(tmp_path), work)


def test_a_cancel_of_what_an_answer_continues_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin: Callable[[Queue, Any], Awaitable[None]] = Queue.begin

    async def work(service: Service) -> None:
        async def began(queue: Queue, promise: Any) -> None:
            await begin(queue, promise)
            await cancel(service, promise.thread, "ann", "")

        await _waits(service)
        monkeypatch.setattr(Queue, "begin", began)
        await service.drives.answer("t", SAID)
        assert (await service.drives.rested("t"))["stop_reason"] == "cancelled"
        found = await service.runner.cancels.find("t")
        assert found is not None
        assert found.by == "ann"

    _served(lay(tmp_path), work)
