"""What waits for a SQLite file at one moment is one transaction: whole, in order, told to all when it is committed."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

from graph.store.database import Database, open_database
from graph.store.groups import Job
from graph.store.lane import LARGEST_GROUP, Lane
from tests.durability.lanes import Numbers, ends, inserting, occupied, on_numbers


def test_writes_that_wait_together_are_one_transaction_in_the_order_they_were_asked_for(tmp_path: Path) -> None:
    wanted = [*range(40, 0, -1)]

    async def main(numbers: Numbers) -> None:
        before = numbers.commits()
        async with occupied(numbers.lane):
            asked = [numbers.insert(number) for number in wanted]
        assert await ends(asked) == wanted
        assert numbers.commits() - before == 2  # that of the work before them, and theirs
        inserts = [statement for statement in numbers.told if statement.startswith("INSERT")]
        assert inserts == [f"INSERT INTO rows VALUES ({number}, NULL)" for number in wanted]
        assert sorted(numbers.seen()) == sorted(wanted)

    on_numbers(tmp_path, main)


def test_checkpoints_what_tasks_wrote_and_rows_of_the_store_share_a_transaction(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_database(str(tmp_path / "t.sqlite")) as database, database.fences.hold("t"):
            told = list[str]()
            lane: Lane = database.saver.lane  # type: ignore[attr-defined]  # of SQLite
            lane.connection.set_trace_callback(told.append)
            async with occupied(lane):
                asked = [asyncio.ensure_future(write(database, number)) for number in range(10) for write in WRITES]
            await asyncio.gather(*asked)
            assert (told.count("BEGIN IMMEDIATE"), told.count("COMMIT")) == (1, 2)
            assert told.count("SAVEPOINT job") == 10 * len(WRITES)

    asyncio.run(main())


async def _checkpoint(database: Database, number: int) -> None:
    config: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
    checkpoint: Any = {"v": 4, "id": f"{number:032}", "ts": "", "channel_values": {}, "channel_versions": {}}
    await database.saver.aput(config, checkpoint, {"step": number}, {})


async def _writes(database: Database, number: int) -> None:
    config: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": f"{number:032}"}}
    await database.saver.aput_writes(config, [("case", {"number": number})], "a task")


async def _row(database: Database, number: int) -> None:
    await database.store.aput(("calls", "t"), f"0/{number}/x/1", {"number": number}, index=False)


WRITES = (_checkpoint, _writes, _row)


def test_what_is_asked_for_while_a_group_is_at_work_goes_with_the_next(tmp_path: Path) -> None:
    async def main(numbers: Numbers) -> None:
        async with inserting(numbers, 1) as first:
            later = [numbers.insert(number) for number in (2, 3, 4)]
        assert await ends([first, *later]) == [1, 2, 3, 4]
        assert [each for each in numbers.told if each in ("BEGIN IMMEDIATE", "COMMIT")] == [
            "BEGIN IMMEDIATE",
            "COMMIT",
        ] * 2

    on_numbers(tmp_path, main)


def test_a_group_has_a_largest_size(tmp_path: Path) -> None:
    async def main(numbers: Numbers) -> None:
        async with occupied(numbers.lane):
            asked = [numbers.insert(number) for number in range(2 * LARGEST_GROUP + 1)]
        assert await ends(asked) == [*range(2 * LARGEST_GROUP + 1)]
        assert numbers.told.count("BEGIN IMMEDIATE") == 3

    on_numbers(tmp_path, main)


def test_others_see_all_of_a_group_or_nothing_and_callers_go_on_when_all_is_there(tmp_path: Path) -> None:
    async def main(numbers: Numbers) -> None:
        async def insert_and_look(number: int) -> list[int]:
            await numbers.lane.write(numbers.inserted, number)
            return numbers.seen()

        async with occupied(numbers.lane):
            one, two = (asyncio.ensure_future(insert_and_look(number)) for number in (1, 2))
            await asyncio.sleep(0)
            between = asyncio.ensure_future(numbers.lane.write(lambda: (numbers.seen(), numbers.held())))
            await asyncio.sleep(0)
            three = asyncio.ensure_future(insert_and_look(3))
        assert await between == ([], [1, 2])
        assert await ends([one, two, three]) == [[1, 2, 3]] * 3

    on_numbers(tmp_path, main)


def test_a_read_sees_what_was_written_before_it(tmp_path: Path) -> None:
    async def main(numbers: Numbers) -> None:
        async with occupied(numbers.lane):
            asked = [numbers.insert(1), asyncio.ensure_future(numbers.lane.read(numbers.held)), numbers.insert(2)]
        assert await ends(asked) == [1, [1, 2], 2]

    on_numbers(tmp_path, main)


def test_reads_hold_nobody_up_whoever_writes_beside_them(tmp_path: Path) -> None:
    async def main(numbers: Numbers) -> None:
        def meanwhile() -> list[int]:
            with closing(sqlite3.connect(numbers.path, timeout=0.1, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                other.execute("ROLLBACK")
            return numbers.held()

        async with occupied(numbers.lane):
            early = asyncio.ensure_future(numbers.lane.read(meanwhile))
            asked = [early, numbers.insert(1), asyncio.ensure_future(numbers.lane.read(meanwhile))]
        assert await ends(asked) == [[], 1, [1]]

    on_numbers(tmp_path, main)


def test_who_only_reads_waits_for_no_writer_of_another_process(tmp_path: Path) -> None:
    async def main() -> None:
        location = str(tmp_path / "t.sqlite")
        async with open_database(location) as database:
            async with database.fences.hold("t"):
                for write in WRITES:
                    await write(database, 1)
            with closing(sqlite3.connect(location)) as writer:
                writer.execute("BEGIN IMMEDIATE")
                async with asyncio.timeout(10):
                    assert await database.store.aget(("calls", "t"), "0/1/x/1")
                    assert len(await database.store.asearch(("calls",))) == 1
                    assert await database.saver.aget_tuple({"configurable": {"thread_id": "t"}})
                    assert len([each async for each in database.saver.alist(None)]) == 1
                    assert await database.census.threads() == {"t"}

    asyncio.run(main())


def test_a_group_wakes_the_event_loop_once(tmp_path: Path) -> None:
    async def main(numbers: Numbers) -> None:
        loop, woken = asyncio.get_running_loop(), list[int]()
        wake = loop.call_soon_threadsafe

        def counted(callback: Any, *given: Any, **options: Any) -> Any:
            if given and isinstance(given[0], list) and isinstance(given[0][0], Job):
                woken.append(len(given[0]))
            return wake(callback, *given, **options)

        with patch.object(loop, "call_soon_threadsafe", counted):
            async with occupied(numbers.lane):
                asked = [numbers.insert(number) for number in range(20)]
            await asyncio.gather(*asked)
        assert woken == [1, 20]

    on_numbers(tmp_path, main)


def test_who_takes_a_thread_begins_as_a_writer(tmp_path: Path) -> None:
    """Whoever reads first, and then writes, fails at once where another process wrote in between."""

    async def main() -> None:
        async with open_database(str(tmp_path / "t.sqlite")) as database:
            told = list[str]()
            database.saver.lane.connection.set_trace_callback(told.append)  # type: ignore[attr-defined]  # of SQLite
            async with database.fences.hold("t"):
                [takes] = [number for number, each in enumerate(told) if each.startswith("INSERT INTO fences")]
                assert [each for each in told[:takes] if each.startswith("BEGIN")][-1] == "BEGIN IMMEDIATE"
                assert told[-1] == "COMMIT"

    asyncio.run(main())


def test_other_event_loops_and_blocking_callers_are_served_too(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_database(str(tmp_path / "t.sqlite")) as database:
            asyncs = database.store.aput(("doctor",), "a", {"by": "a loop"}, index=False)
            await asyncio.to_thread(lambda: asyncio.run(asyncs))
            await asyncio.to_thread(lambda: database.store.put(("doctor",), "b", {"by": "a thread"}, index=False))
            assert [each.key for each in await database.store.asearch(("doctor",))] == ["a", "b"]

    asyncio.run(main())
