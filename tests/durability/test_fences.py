"""Who lost a thread to another process changes no row of it any more, and says so."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from langgraph.checkpoint.base.id import uuid6

from graph.batch import Batch, run_lines
from graph.opening import open_runner
from graph.record import Record
from graph.runner import Runner
from graph.settings import Settings
from graph.store.archive import prefix_of
from graph.store.database import Database, open_database
from graph.store.fences import TAKEN, FencedError
from graph.store.locks import ThreadBusyError
from nodes.voices.voice import Question, Utterance
from tests.durability.forks import run_alone
from tests.durability.rows import all_rows, tables_at
from tests.durability.takeovers import WAYS, busy
from tests.harness import ScriptedVoice, proposal, settings_at, team_of

THREAD = "a.thread"
CALLS = ("calls", "a%2Ethread")
BUCKET = tuple(prefix_of(THREAD).split("."))
LAST = "last"
"""A goal of which the risk analyst says nothing until the thread was taken."""

Write = Callable[[Database], Awaitable[Any]]


def lose_locks(location: str) -> None:
    """End the session that holds all locks, or remove the folder they lie in."""
    if "://" not in location:
        shutil.rmtree(f"{location}.locks")
        return
    with psycopg.connect(location, autocommit=True) as connection:
        query = "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON database = pg_database.oid"
        connection.execute(f"{query} WHERE locktype = 'advisory' AND datname = current_database()")


def tokens(location: str) -> list[Any]:
    """Return all threads with their tokens."""
    opened: Any = psycopg.connect(location) if "://" in location else sqlite3.connect(location)
    with closing(opened) as connection:
        return sorted(connection.execute("SELECT thread, token FROM fences").fetchall())


def at(tmp_path: Path, database: str) -> Settings:
    return settings_at(tmp_path, accord_database_url=database)


# --- every write of a stale holder -----------------------------------------------------------------------------------


async def _saved(database: Database) -> Any:
    saved = await database.saver.aget_tuple({"configurable": {"thread_id": THREAD}})
    assert saved is not None
    return saved


async def _checkpoint(database: Database) -> None:
    """A checkpoint whose every channel is new, so that PostgreSQL writes a blob for each."""
    saved = await _saved(database)
    values: Any = {**saved.checkpoint["channel_values"], "case": {"changed": True}}
    versions: Any = dict.fromkeys(values, "00000000000000000000000000000999.5")
    checkpoint: Any = {**saved.checkpoint, "id": str(uuid6()), "channel_values": values, "channel_versions": versions}
    await database.saver.aput(saved.config, checkpoint, saved.metadata, versions)


async def _same_checkpoint(database: Database) -> None:
    saved = await _saved(database)
    metadata: Any = {**saved.metadata, "step": -7}
    await database.saver.aput(saved.config, saved.checkpoint, metadata, {})


async def _writes(database: Database) -> None:
    await database.saver.aput_writes((await _saved(database)).config, [("case", {"changed": True})], "a task")


async def _error(database: Database) -> None:
    await database.saver.aput_writes((await _saved(database)).config, [("__error__", "an error")], "a task")


async def _deletes(database: Database) -> None:
    await database.saver.adelete_thread(THREAD)


def _puts(namespace: tuple[str, ...], key: str) -> Write:
    return lambda database: database.store.aput(namespace, key, {"changed": True}, index=False)


def _drops(namespace: tuple[str, ...], key: str) -> Write:
    return lambda database: database.store.adelete(namespace, key)


WRITES: dict[str, Write] = {
    "a checkpoint with its blobs": _checkpoint,
    "the newest checkpoint again": _same_checkpoint,
    "what a task wrote": _writes,
    "the error of a task": _error,
    "all checkpoints deleted": _deletes,
    "a call in the journal": _puts(CALLS, "0/9/risk_analyst/1"),
    "a call that is there": _puts(CALLS, "0/1/risk_analyst/1"),
    "a call deleted": _drops(CALLS, "0/1/risk_analyst/1"),
    "the entry of the index": _puts(("threads",), THREAD),
    "the entry of the index deleted": _drops(("threads",), THREAD),
    "the entry of the archive": _puts(BUCKET, THREAD),
    "the entry of the archive deleted": _drops(BUCKET, THREAD),
}


@asynccontextmanager
async def _lost(location: str) -> AsyncIterator[Database]:
    """The database of a holder whose thread another one has taken meanwhile."""
    async with open_database(location) as first, open_database(location) as second, first.fences.hold(THREAD):
        lose_locks(location)
        async with second.fences.hold(THREAD):
            yield first


async def _finished(settings: Settings) -> Record:
    async with open_runner(settings) as runner:
        return await runner.run(team_of(settings), THREAD)


@pytest.mark.slow
@pytest.mark.parametrize("write", WRITES)
def test_a_stale_holder_changes_no_row(tmp_path: Path, database: str, write: str) -> None:
    asyncio.run(_finished(at(tmp_path, database)))
    before = all_rows(database, THREAD)
    assert all(before.values())

    async def main() -> None:
        async with _lost(database) as holder:
            with pytest.raises(FencedError, match=TAKEN):
                await WRITES[write](holder)
            assert all_rows(database, THREAD) == before
            await holder.store.aput(("doctor",), "examined", {"by": "a row of no thread"}, index=False)

    asyncio.run(main())
    assert all_rows(database, THREAD) == before


@pytest.mark.slow
@pytest.mark.parametrize("write", WRITES)
def test_who_holds_the_thread_changes_rows_by_the_same_write(tmp_path: Path, database: str, write: str) -> None:
    """Otherwise the test above would hold of writes that never change anything."""
    asyncio.run(_finished(at(tmp_path, database)))
    before = all_rows(database, THREAD)

    async def main() -> None:
        async with open_database(database) as opened, opened.fences.hold(THREAD):
            await WRITES[write](opened)

    asyncio.run(main())
    assert all_rows(database, THREAD) != before


def test_nobody_writes_to_a_thread_that_they_do_not_hold(tmp_path: Path, database: str) -> None:
    asyncio.run(_finished(at(tmp_path, database)))
    before = all_rows(database, THREAD)

    async def main() -> None:
        async with open_database(database) as opened:
            for name, write in WRITES.items():
                if write is not _deletes:  # it takes the thread itself
                    with pytest.raises(FencedError):
                        await write(opened)
                assert all_rows(database, THREAD) == before, name

    asyncio.run(main())


def test_a_connection_to_a_file_refuses_every_statement_on_a_foreign_row(tmp_path: Path) -> None:
    location = str(tmp_path / "threads.sqlite")
    asyncio.run(_finished(at(tmp_path, location)))
    before = all_rows(location, THREAD)
    changes = {"store": "value = '{}'", "newest_checkpoints": "checkpoint_id = 'x'"}

    async def main() -> None:
        async with _lost(location) as holder:
            opened: Any = holder
            for table in tables_at(location):
                connection = opened.store._store.conn if table == "store" else opened.saver.conn
                copied = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
                changed = f"UPDATE {table} SET {changes.get(table, 'checkpoint_ns = 7')}"
                for statement in (copied, changed, f"DELETE FROM {table}"):
                    with pytest.raises(sqlite3.IntegrityError, match="fenced"):
                        connection.execute(statement)
                    connection.rollback()

    asyncio.run(main())
    assert all_rows(location, THREAD) == before


def test_a_write_that_is_refused_takes_no_write_of_another_thread_with_it(tmp_path: Path, database: str) -> None:
    asyncio.run(_finished(at(tmp_path, database)))

    async def main() -> list[Any]:
        async with _lost(database) as holder, holder.fences.hold("other"):
            puts = [holder.store.aput(("calls", name), "0/1/x/1", {"by": name}) for name in ("a%2Ethread", "other")]
            told = await asyncio.gather(*puts, return_exceptions=True)
            kept = await holder.store.aget(("calls", "other"), "0/1/x/1")
            return [*map(type, told), kept and kept.value]

    assert asyncio.run(main()) == [FencedError, type(None), {"by": "other"}]


def test_in_one_process_nobody_takes_a_thread_twice_whatever_became_of_its_lock(tmp_path: Path, database: str) -> None:
    async def main() -> None:
        async with open_database(database) as opened, opened.fences.hold(THREAD):
            lose_locks(database)
            with pytest.raises(ThreadBusyError):
                async with opened.fences.hold(THREAD):
                    pytest.fail("it was taken twice")
            await opened.store.aput(CALLS, "0/1/x/1", {"by": "the holder"})

    asyncio.run(main())


async def _left_open(first: Database, second: Database, location: str) -> None:
    """The second takes the thread while a write of the first has begun and does not end."""
    store: Any = first.store
    with store._guarding([THREAD]):
        async with store._cursor(pipeline=True) as cursor:
            await (await cursor.execute("SELECT 1")).fetchone()
            lose_locks(location)
            async with asyncio.timeout(20), second.fences.hold(THREAD):
                await second.store.aput(CALLS, "0/1/x/1", {"by": "the second"})


@pytest.mark.needs("postgres")
def test_a_write_that_its_process_left_open_holds_nobody_up(postgres_database: str) -> None:
    """So does a process that is paused between two statements: its transaction would last as long as it sleeps."""

    async def main() -> Any:
        async with open_database(postgres_database) as first, open_database(postgres_database) as second:
            async with first.fences.hold(THREAD):
                with pytest.raises(psycopg.OperationalError):
                    await _left_open(first, second, postgres_database)
                with pytest.raises(FencedError):
                    await first.store.aput(CALLS, "0/1/x/1", {"by": "the first"})
            return await second.store.aget(CALLS, "0/1/x/1")

    assert asyncio.run(main()).value == {"by": "the second"}


# --- runs ------------------------------------------------------------------------------------------------------------


class Waiting(ScriptedVoice):
    """A voice that says go, and of one goal nothing until it is told to."""

    def __init__(self) -> None:
        super().__init__(lambda question: proposal(question.name))
        self.is_asked, self.may_go_on = asyncio.Event(), asyncio.Event()

    async def propose(self, question: Question) -> Utterance:
        if question.name == "risk_analyst" and json.loads(question.prompt.user)["goal"] == LAST:
            self.is_asked.set()
            await self.may_go_on.wait()
        return await super().propose(question)


async def _taken(settings: Settings, work: Callable[[Runner, Waiting], Awaitable[Any]]) -> tuple[Any, Record, Any]:
    """Return what the work came to, the record of who took the thread of the last goal, and what it is in the end."""
    voice = Waiting()
    blocks = ScriptedVoice(lambda question: proposal(question.name, "block"))
    async with open_runner(settings, {"rules": voice}) as first, open_runner(settings, {"rules": blocks}) as second:
        working = asyncio.ensure_future(work(first, voice))
        await asyncio.wait_for(voice.is_asked.wait(), 30)
        lose_locks(settings.database)
        record = await second.run(team_of(settings, goal=LAST), THREAD)
        rows = all_rows(settings.database, THREAD)
        voice.may_go_on.set()
        came_to = await working
        assert all_rows(settings.database, THREAD) == rows
        return came_to, record, await second.threads.show(THREAD)


def test_a_run_whose_thread_was_taken_ends_busy_and_the_decision_stays(tmp_path: Path, database: str) -> None:
    settings = at(tmp_path, database)

    async def work(runner: Runner, _: Waiting) -> Record:
        return await runner.run(team_of(settings, goal=LAST), THREAD)

    came_to, record, shown = asyncio.run(_taken(settings, work))
    assert came_to == busy(THREAD)
    assert record["stop_reason"] == "success"
    assert shown == record


def test_in_a_batch_only_the_case_whose_thread_was_taken_is_busy(tmp_path: Path, database: str) -> None:
    """Cases that begin when the locks were lost get new ones."""
    settings, names = at(tmp_path, database), ["u", THREAD, "v", "w", "x"]

    async def work(runner: Runner, _: Waiting) -> list[Any]:
        lines = [json.dumps({"id": name, **({"goal": LAST} if name == THREAD else {})}).encode() for name in names]
        batch = Batch(runner, lambda case: team_of(settings, goal=case.goal), lambda: False, concurrency=1)
        return [result.line async for result in run_lines(lines, batch)]

    lines, _, _ = asyncio.run(_taken(settings, work))
    ends = {line["id"]: line["result"]["stop_reason"] for line in lines}
    assert ends == {**dict.fromkeys(names, "success"), THREAD: "busy"}
    assert next(line["result"] for line in lines if line["id"] == THREAD) == busy(THREAD)


def test_nobody_changes_a_finished_thread(tmp_path: Path, database: str) -> None:
    settings = at(tmp_path, database)
    record = asyncio.run(_finished(settings))
    before = all_rows(database, THREAD)

    async def main() -> None:
        blocks = ScriptedVoice(lambda question: proposal(question.name, "block"))
        async with open_runner(settings, {"rules": blocks}) as runner:
            assert await runner.run(team_of(settings), THREAD) == record
            assert await runner.resume(THREAD, {"max_rounds": 9}) == record
            changed = await runner.run(team_of(settings, goal="Another?"), THREAD, accept_changes=True)
            assert changed["stop_reason"] == "stale_thread:goal"
            await runner.threads.catch_up()

    asyncio.run(main())
    assert all_rows(database, THREAD) == before


def test_looks_take_no_token_and_depose_nobody(tmp_path: Path, database: str) -> None:
    settings = at(tmp_path, database)

    async def work(runner: Runner, voice: Waiting) -> Record:
        async with open_runner(settings) as looker:
            running = asyncio.ensure_future(runner.run(team_of(settings, goal=LAST), THREAD))
            await voice.is_asked.wait()
            before = tokens(database)
            lose_locks(database)
            await looker.threads.newest(10)
            await looker.threads.show(THREAD)
            await looker.threads.catch_up()
            assert tokens(database) == before
            voice.may_go_on.set()
            return await running

    async def main() -> Record:
        voice = Waiting()
        async with open_runner(settings, {"rules": voice}) as runner:
            return await work(runner, voice)

    assert asyncio.run(main())["stop_reason"] == "success"


def test_who_catches_up_with_a_thread_writes_nothing_once_somebody_took_it(tmp_path: Path, database: str) -> None:
    asyncio.run(_finished(at(tmp_path, database)))

    async def main() -> None:
        opened = open_database(database)
        async with opened as first, open_database(database) as second, first.fences.hold(THREAD, anew=False):
            await first.store.aput(CALLS, "0/1/x/1", {"by": "the one that catches up"})
            lose_locks(database)
            async with second.fences.hold(THREAD):
                with pytest.raises(FencedError):
                    await first.store.aput(CALLS, "0/1/x/1", {"by": "the one that catches up, too late"})

    asyncio.run(main())


# --- processes -------------------------------------------------------------------------------------------------------


@pytest.mark.system
@pytest.mark.needs("postgres")
def test_a_process_that_lost_its_thread_forks_nothing_in_each_way_of_losing_it() -> None:
    run_alone("tests.durability.takeovers", "2", str(len(WAYS)), timeout=100)


@pytest.mark.system
@pytest.mark.timeout(400)
@pytest.mark.needs("postgres")
def test_a_process_that_lost_its_thread_forks_nothing_at_many_points_of_its_run() -> None:
    run_alone("tests.durability.takeovers", "100", "36", timeout=380)
