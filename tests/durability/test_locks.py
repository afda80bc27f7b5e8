"""One holder a thread: the second one is told `busy`, and the lock dies with its process, never by a lease."""

import asyncio
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from graph.opening import open_runner
from graph.record import Record
from graph.settings import Settings
from nodes.voices.voice import Question, Utterance
from tests.durability.processes import Desk, Running
from tests.harness import ScriptedVoice, proposal, resume, settings_at, show, team_of
from tests.scripted_server import Script, ScriptedServer, hangs, says, serve, text

GO, QUIET = says("go"), hangs(60)
HANGS_ONCE: Script = {
    "demand_analyst": GO,
    "finance_analyst": GO,
    "risk_analyst": [QUIET, GO],
    "brief": text("Ship it."),
}


@contextmanager
def _held(desk: Desk, server: ScriptedServer) -> Iterator[Running]:
    """An `accord run` that works on the thread t, and waits for a risk analyst who says nothing."""
    with desk.started("run", "--thread", "t") as holder:
        holder.wait_for(lambda: holder.err.count(": go") == 2, "two roles answered")
        holder.wait_for(lambda: server.calls_of("risk_analyst"), "risk was asked")
        yield holder


def _rows(location: str) -> list[Any]:
    """What there is of checkpoints, writes and entries of the store, as numbers and times of writing."""
    tables = ("checkpoints", "checkpoint_writes" if "://" in location else "writes", "store")
    opened: Any = psycopg.connect(location) if "://" in location else sqlite3.connect(location, timeout=30)
    with closing(opened) as connection:
        counts = [connection.execute(f"SELECT count(*) FROM {table}").fetchone() for table in tables]
        return [*counts, connection.execute("SELECT max(updated_at) FROM store").fetchone()]


def _settled(location: str) -> list[Any]:
    """The rows once nothing is written any more; an answer is told before LangGraph has written it."""
    rows, before = _rows(location), None
    while rows != before:
        time.sleep(0.5)
        rows, before = _rows(location), rows
    return rows


@pytest.mark.system
def test_while_a_process_holds_a_thread_everybody_else_is_busy_and_writes_nothing(
    tmp_path: Path, database: str
) -> None:
    with serve(HANGS_ONCE) as server:
        desk = Desk(tmp_path, server.base_url, database)
        with _held(desk, server):
            before = _settled(database)
            second = desk.accord("run", "--thread", "t", "--json")
            third = resume(settings_at(tmp_path, accord_database_url=database))
            after = _rows(database)
    assert second.code == 5
    busy = {"status": "stopped", "stop_reason": "busy", "thread_id": "t", "resumable": False}
    assert [second.record, third] == [busy, busy]
    assert after == before
    assert len(server.calls) == 3


@pytest.mark.system
def test_a_thread_is_shown_and_listed_as_running_while_held_and_interrupted_after_a_kill(
    tmp_path: Path, database: str
) -> None:
    settings = settings_at(tmp_path, accord_database_url=database)
    with serve(HANGS_ONCE) as server:
        desk = Desk(tmp_path, server.base_url, database)
        with _held(desk, server) as holder:
            running = [desk.accord("show", "t", "--json").record, *asyncio.run(_listed(settings))]
            holder.kill()
            listed: Any = desk.accord("list", "--json").record
            interrupted = [show(settings), *listed]
    assert [(entry["thread_id"], entry["status"]) for entry in running] == [("t", "running")] * 2
    assert [(entry["thread_id"], entry["status"]) for entry in interrupted] == [("t", "interrupted")] * 2
    assert interrupted[0]["resumable"]


async def _listed(settings: Settings) -> list[dict[str, Any]]:
    async with open_runner(settings) as runner:
        return await runner.threads.newest(10)


@pytest.mark.system
def test_the_lock_is_free_at_once_after_a_kill(tmp_path: Path, database: str) -> None:
    with serve(HANGS_ONCE) as server:
        desk = Desk(tmp_path, server.base_url, database)
        with _held(desk, server) as holder:
            holder.kill()
            done = desk.accord("run", "--thread", "t", "--json")
    assert (done.code, done.record["final_decision"]) == (0, "go"), done.err
    assert len(server.calls_of("risk_analyst")) == 2
    assert len(server.calls) == 5


@pytest.mark.system
def test_a_holder_that_is_paused_keeps_the_lock_and_finishes_when_it_wakes(tmp_path: Path, database: str) -> None:
    with serve(HANGS_ONCE) as server:
        desk = Desk(tmp_path, server.base_url, database)
        with _held(desk, server) as holder:
            holder.process.send_signal(signal.SIGSTOP)
            assert desk.accord("resume", "t", "--json").code == 5
            holder.process.send_signal(signal.SIGCONT)
            done = holder.signalled(signal.SIGINT)
    assert done.code == 3
    assert len(server.calls) == 3


@pytest.mark.system
def test_a_batch_gets_busy_for_the_thread_that_is_held_and_finishes_its_other_cases(tmp_path: Path) -> None:
    with serve(HANGS_ONCE) as server:
        desk = Desk(tmp_path, server.base_url)
        with _held(desk, server):
            lines = b'{"id": "s"}\n{"id": "t"}\n{"id": "u"}\n'
            done = desk.accord("batch", "-", "--voice", "rules", stdin=lines)
    assert done.code == 5
    assert [(line["id"], line["result"]["stop_reason"]) for line in done.lines] == [
        ("s", "success"),
        ("t", "busy"),
        ("u", "success"),
    ]
    assert len(server.calls) == 3


# --- in one process --------------------------------------------------------------------------------------------------


async def _both(settings: Settings, voice: ScriptedVoice, *threads: str) -> list[Record]:
    team = team_of(settings)
    async with open_runner(settings, {"rules": voice}) as runner:
        return list(await asyncio.gather(*(runner.run(team, thread) for thread in threads)))


def _slow_voice() -> ScriptedVoice:
    return ScriptedVoice(lambda question: proposal(question.name), delays={"risk_analyst": 0.2})


def test_of_two_runs_of_one_thread_in_one_process_one_is_busy(tmp_path: Path, database: str) -> None:
    settings, voice = settings_at(tmp_path, accord_database_url=database), _slow_voice()
    records = asyncio.run(_both(settings, voice, "t", "t"))
    assert sorted(str(record["stop_reason"]) for record in records) == ["busy", "success"]
    assert len(voice.asked) == 4


def test_runs_of_two_threads_in_one_process_do_not_wait_for_each_other(tmp_path: Path, database: str) -> None:
    """Each voice waits until both threads have asked it."""
    settings, met = settings_at(tmp_path, accord_database_url=database), asyncio.Barrier(2)

    class Meeting(ScriptedVoice):
        async def propose(self, question: Question) -> Utterance:
            if question.name == "risk_analyst":
                await asyncio.wait_for(met.wait(), 20)
            return await super().propose(question)

    records = asyncio.run(_both(settings, Meeting(lambda question: proposal(question.name)), "t", "u"))
    assert [record["stop_reason"] for record in records] == ["success", "success"]


def test_a_lock_is_free_again_after_every_kind_of_end(tmp_path: Path, database: str) -> None:
    settings = settings_at(tmp_path, accord_database_url=database)
    stances = iter(["a bug", "perhaps", "go"])

    async def main() -> list[Any]:
        ended: list[Any] = []
        async with open_runner(settings, {"rules": ScriptedVoice(_says_or_raises(stances))}) as runner:
            team = team_of(settings, "checkout_launch", "max_repairs=0", "sequence=[risk_analyst]")
            for thread in ("broken", "stopped", "broken", "stopped"):
                ended += await asyncio.gather(runner.run(team, thread), return_exceptions=True)
        return ended

    failed, *records = asyncio.run(main())
    assert str(failed) == "a bug"
    assert [record["stop_reason"] for record in records] == [
        "invalid_contribution:stance",
        "max_rounds_reached",
        "max_rounds_reached",
    ]


def _says_or_raises(stances: Iterator[str]) -> Callable[[Question], Any]:
    def speech(question: Question) -> Any:
        stance = next(stances, "go")
        if stance == "a bug":
            raise RuntimeError(stance)
        return proposal(question.name, stance)

    return speech


def test_a_thread_that_ended_is_free_for_everybody_while_its_runner_goes_on(tmp_path: Path, database: str) -> None:
    settings = settings_at(tmp_path, accord_database_url=database)

    async def main() -> list[Record]:
        async with open_runner(settings) as first, open_runner(settings) as second:
            team = team_of(settings)
            return [await runner.run(team, "t") for runner in (first, second, first)]

    assert [record["stop_reason"] for record in asyncio.run(main())] == ["success"] * 3


def test_no_lock_file_is_left_of_threads_that_ended(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    asyncio.run(_both(settings, _slow_voice(), "t", "t", "u"))
    assert list((tmp_path / "accord.sqlite.locks").iterdir()) == []
