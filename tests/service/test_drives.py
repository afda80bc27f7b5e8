"""Runs that are promised: waited for, resumed, answered, and what becomes of those that cannot be driven."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from graph.problems import UsageError
from graph.service.drives import BusyError
from graph.service.service import Service, open_service
from graph.store.names import new_thread
from graph.store.queue import Promise, Queue
from tests.harness import settings_at, team_of
from tests.scripted_server import ScriptedServer, serve
from tests.service.ledger import UNDER_WAY, Ledger
from tests.service.load import Site, answering, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

system = pytest.mark.system
TASK = {"team": "checkout_launch"}
WAITED = {**TASK, "wait": True}


@pytest.fixture
def model() -> Iterator[ScriptedServer]:
    with serve(answering(0.5)) as server:
        yield server


@pytest.fixture
def site(tmp_path: Path, model: ScriptedServer) -> Iterator[Site]:
    site = Site(tmp_path / "home", {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": model.base_url})
    yield site
    site.end()


def test_a_client_that_leaves_while_it_waits_changes_nothing(site: Site) -> None:
    with site.start().client() as client:
        with suppress(httpx.ReadTimeout):
            client.post("/v1/execute", json=WAITED, timeout=0.3)
        wait_until(lambda: [*site.ledger.ends().values()] == ["success"])
        assert site.ledger.promises() == []


@system
def test_a_client_that_waits_while_the_service_ends_is_told_of_the_thread(site: Site) -> None:
    key = {"idempotency-key": "one"}

    async def wait_and_end() -> httpx.Response:
        served = site.start()
        async with httpx.AsyncClient(base_url=served.url, timeout=60) as client:
            asked = asyncio.create_task(client.post("/v1/execute", json=WAITED, headers=key))
            while not site.ledger.promises():
                await asyncio.sleep(0.05)
            assert await asyncio.to_thread(served.stop) == 0
            return await asked

    answer = asyncio.run(wait_and_end())
    assert answer.status_code == 202
    with site.start().client() as client:
        record = client.post("/v1/execute", json=WAITED, headers=key).json()
        assert (record["thread_id"], record["status"]) == (answer.json()["thread_id"], "ok")
    assert len(site.ledger.ends()) == 1


@system
def test_a_call_that_outlasts_the_end_is_cut_and_asked_again(tmp_path: Path) -> None:
    with serve(answering(30)) as slow, serve(answering(0)) as quick:
        key = {"OPENAI_API_KEY": "sk-test"}
        site = Site(tmp_path / "home", {**key, "OPENAI_BASE_URL": slow.base_url})
        served = site.start()
        thread = site.ask("one")
        wait_until(lambda: site.ledger.under_way() == 3)
        assert served.stop() == 0
        assert site.ledger.ends()[thread] == "running"
        site.env = {**key, "OPENAI_BASE_URL": quick.base_url}
        with site.start().client() as client:
            wait_until(lambda: not site.ledger.promises())
            record = client.post("/v1/execute", json=WAITED).json()
        assert site.ledger.ends()[thread] == "success"
        assert record["absent"] == []
        assert site.ledger.calls().count(UNDER_WAY) == 0
        assert [call.answered for call in slow.calls] == [False] * 3
        site.end()


@system
def test_no_more_runs_are_at_work_than_may_be_waited_for_or_not(site: Site) -> None:
    site.options = ("--at-once", "2")
    served, seen = site.start(), set[int]()

    async def all_at_once() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=served.url, timeout=60) as client:
            asked = [client.post("/v1/execute", json=body) for body in [TASK, WAITED] * 4]
            answers = asyncio.gather(*asked)
            while not answers.done() or site.ledger.promises():
                seen.add(await asyncio.to_thread(_at_work, site.ledger))
                await asyncio.sleep(0.02)
            return await answers

    assert [answer.status_code for answer in asyncio.run(all_at_once())] == [202, 200] * 4
    assert max(seen) == 2


def _at_work(ledger: Ledger) -> int:
    """Return how many runs have calls under way, by the journal."""
    query = "SELECT DISTINCT prefix FROM store WHERE substr(prefix, 1, 6) = 'calls.' AND CAST(value AS TEXT) LIKE "
    return len(ledger.rows(f"{query} '%{UNDER_WAY}%'"))


@system
def test_a_run_that_nobody_can_speak_for_says_so_and_runs_once_somebody_can(site: Site) -> None:
    served, able = site.start(), site.env
    thread = site.ask("one")
    served.kill()
    site.env = {}
    served = site.start()
    wait_until(lambda: any(each["problem"] for each in site.ledger.promises()))
    [promise] = site.ledger.promises()
    assert promise["thread"] == thread
    assert "OPENAI_API_KEY" in promise["problem"]
    served.stop()
    site.env = able
    site.start()
    wait_until(lambda: not site.ledger.promises())
    assert site.ledger.ends() == {thread: "success"}


def test_a_process_that_is_never_at_leisure_takes_over_what_another_left(site: Site) -> None:
    site.options, asked = ("--at-once", "1"), iter(range(1_000))

    def fill() -> None:
        while len(site.ledger.promises()) < 5:
            site.ask(f"more {next(asked)}")

    def is_taken_over() -> bool:
        fill()
        return site.ledger.ends()[left] == "success"

    site.start()
    fill()
    other = Site(site.home, site.env)
    killed = other.start()
    left = other.ask("left")
    killed.kill()
    assert site.ledger.ends()[left] == "running"
    wait_until(is_taken_over)


def _served(home: Path, work: Callable[[Service], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with open_service(settings_at(home)) as service:
            return await work(service)

    return asyncio.run(main())


def _said(by: str, answer: str) -> dict[str, Any]:
    return {"question": None, "by": by, "answer": answer, "because": "Too early."}


def test_an_answer_is_in_the_record_before_the_run_goes_on(tmp_path: Path) -> None:
    settings, thread = settings_at(tmp_path), new_thread()
    people = ("launch_owner", "finance_director", "risk_director")

    async def work(service: Service) -> None:
        await service.drives.run(thread, team_of(settings, "checkout_launch_escalates"))
        assert (await service.drives.rested(thread))["status"] == "waiting"
        with pytest.raises(UsageError, match="maybe"):
            await service.drives.answer(thread, _said(people[0], "maybe"))
        assert await service.drives.promise_of(thread) is None
        for asked, by in enumerate(people, 1):
            answered = await service.drives.answer(thread, _said(by, "no_go"))
            assert [each["answered"] for each in answered["waiting"]] in ([], [[*people[:asked]]])
            record = await service.drives.rested(thread)
            assert await service.drives.promise_of(thread) is None
            if record["status"] == "ok":
                break
        assert record["final_decision"] == "no_go"
        assert [each["thread_id"] for each in await service.runner.threads.newest(9)] == [thread]

    _served(tmp_path, work)


def test_a_thread_that_was_promised_is_not_promised_again(tmp_path: Path) -> None:
    settings, thread = settings_at(tmp_path), new_thread()

    async def work(service: Service) -> None:
        team = team_of(settings)
        await service.drives.run(thread, team)
        with pytest.raises(BusyError, match=thread):
            await service.drives.resume(thread, {})
        record = await service.drives.rested(thread)
        await asyncio.gather(*(service.drives.run(thread, team) for _ in range(3)))
        assert await service.drives.rested(thread) == record
        await service.drives.resume(thread, {})
        assert (await service.drives.rested(thread))["status"] == "ok"

    _served(tmp_path, work)


def test_what_was_resumed_in_vain_says_why(tmp_path: Path) -> None:
    settings, thread = settings_at(tmp_path), new_thread()

    async def work(service: Service) -> None:
        await service.drives.run(thread, team_of(settings))
        await service.drives.rested(thread)
        await service.drives.resume(thread, {"budget": {"max_wonders": 1}})
        with pytest.raises(UsageError, match="max_wonders"):
            await service.drives.rested(thread)
        promise = await service.drives.promise_of(thread)
        assert promise is not None
        assert "max_wonders" in (promise.problem or "")
        await service.drives.resume(thread, {})
        assert (await service.drives.rested(thread))["status"] == "ok"

    _served(tmp_path, work)


def test_a_resume_is_kept_though_the_thread_had_ended_under_an_earlier_promise(tmp_path: Path) -> None:
    settings, thread = settings_at(tmp_path), new_thread()

    async def work(service: Service) -> None:
        await service.drives.run(thread, team_of(settings))
        await service.drives.rested(thread)
        left = Promise(thread, service.runner.now())
        await Queue(service.database.store).put(left)
        await service.drives.take_up()
        await Queue(service.database.store).put(replace(left, given={"budget": {"max_wonders": 1}}))
        with pytest.raises(UsageError, match="max_wonders"):
            await service.drives.rested(thread)

    _served(tmp_path, work)


def test_a_promise_of_a_thread_that_was_never_admitted_is_dropped(tmp_path: Path) -> None:
    async def work(service: Service) -> None:
        await service.drives.resume(new_thread(), {})
        while service.drives.count != (0, 0):
            await asyncio.sleep(0.05)

    _served(tmp_path, work)
    assert json.dumps(Ledger(str(tmp_path / "accord.sqlite")).promises()) == "[]"


def test_no_fewer_runs_wait_than_none_while_one_ends(tmp_path: Path) -> None:
    settings, seen = settings_at(tmp_path), list[tuple[int, int]]()

    async def work(service: Service) -> None:
        thread = new_thread()
        await service.drives.run(thread, team_of(settings))
        rested = asyncio.ensure_future(service.drives.rested(thread))
        while not rested.done():
            seen.append(service.drives.count)
            await asyncio.sleep(0)
        seen.append(service.drives.count)

    _served(tmp_path, work)
    assert min(waiting for _, waiting in seen) == 0
