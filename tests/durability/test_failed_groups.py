"""In a group each write has its own end; where the group fails as a whole, nothing of it is kept and all are told."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from graph.problems import StorageError
from graph.store.database import open_database
from graph.store.fences import FencedError
from graph.store.lane import Lane
from tests.durability.lanes import NOBODY, Numbers, ends, inserting, occupied, on_numbers

# --- each write has its own end --------------------------------------------------------------------------------------


def test_one_that_is_refused_or_fails_leaves_nothing_and_takes_no_other_with_it(tmp_path: Path) -> None:
    async def main(numbers: Numbers) -> None:
        def halfway() -> None:
            numbers.inserted(50)
            raise LookupError

        async with occupied(numbers.lane):
            failing = asyncio.ensure_future(numbers.lane.write(halfway))
            asked = [numbers.insert(1), numbers.insert(1000), numbers.insert(1), failing, numbers.insert(2)]
        assert await ends(asked) == [1, "IntegrityError", "IntegrityError", "LookupError", 2]
        assert numbers.seen() == [1, 2]
        assert numbers.told.count("BEGIN IMMEDIATE") == 1

    on_numbers(tmp_path, main)


def test_the_write_of_one_who_lost_the_thread_changes_no_row_and_those_beside_it_are_kept(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_database(str(tmp_path / "t.sqlite")) as database, database.fences.hold("kept"):
            lane: Lane = database.saver.lane  # type: ignore[attr-defined]  # of SQLite
            store = database.store
            async with occupied(lane):
                asked = [
                    asyncio.ensure_future(store.aput(("calls", name), "0/1/x/1", {"by": name}, index=False))
                    for name in ("kept", "lost", "kept", "lost")
                ]
            told = await asyncio.gather(*asked, return_exceptions=True)
            assert [type(each) for each in told] == [type(None), FencedError] * 2
            assert [each.namespace for each in await store.asearch(("calls",))] == [("calls", "kept")]

    asyncio.run(main())


def test_one_cancelled_before_it_began_is_never_done_and_one_cancelled_at_work_is(tmp_path: Path) -> None:
    async def main(numbers: Numbers) -> None:
        async with inserting(numbers, 1) as at_work:
            asked = [asyncio.ensure_future(numbers.lane.write(numbers.inserted, number)) for number in (2, 3, 4)]
            await asyncio.sleep(0)
            for each in (at_work, asked[1]):
                each.cancel()
        assert await ends([at_work, *asked]) == ["CancelledError", 2, "CancelledError", 4]
        assert numbers.seen() == [1, 2, 4]

    on_numbers(tmp_path, main)


def test_whatever_a_piece_of_work_raises_it_is_told_and_so_are_those_behind_it(tmp_path: Path) -> None:
    async def main(numbers: Numbers) -> None:
        def exhausted() -> None:
            next(iter(()))

        async with occupied(numbers.lane):
            asked = [asyncio.ensure_future(numbers.lane.write(exhausted)), numbers.insert(1)]
        async with asyncio.timeout(10):
            assert await ends(asked) == ["RuntimeError", 1]

    on_numbers(tmp_path, main)


def test_what_is_asked_of_a_lane_that_is_closed_is_refused_and_not_done(tmp_path: Path) -> None:
    async def main(numbers: Numbers) -> None:
        numbers.lane._thread.shutdown()
        with pytest.raises(RuntimeError):
            await numbers.lane.write(numbers.inserted, 1)
        assert (len(numbers.lane._queue), numbers.seen()) == (0, [])

    on_numbers(tmp_path, main)


# --- a group that fails as a whole -----------------------------------------------------------------------------------


def test_a_commit_that_fails_fails_each_write_keeps_nothing_and_the_next_group_works(tmp_path: Path) -> None:
    async def main(numbers: Numbers) -> None:
        async with occupied(numbers.lane):
            read = asyncio.ensure_future(numbers.lane.read(numbers.held))
            asked = [numbers.insert(1), numbers.insert(2, NOBODY), numbers.insert(1000), read, numbers.insert(3)]
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert [str(each).split(":")[0] for each in told] == [
            *["FOREIGN KEY constraint failed"] * 2,
            "CHECK constraint failed",
            "[]",
            "FOREIGN KEY constraint failed",
        ]
        assert numbers.seen() == []
        assert await ends([numbers.insert(1), numbers.insert(4)]) == [1, 4]
        assert numbers.seen() == [1, 4]

    on_numbers(tmp_path, main)


def test_a_statement_that_finds_no_room_ends_its_group_and_with_room_the_next_one_works(tmp_path: Path) -> None:
    async def main(numbers: Numbers) -> None:
        def large() -> None:
            numbers.lane.connection.execute("CREATE TABLE large (text)")
            numbers.lane.connection.execute("INSERT INTO large VALUES (zeroblob(1000000))")

        ((pages,),) = numbers.lane.connection.execute("PRAGMA page_count")
        numbers.lane.connection.execute(f"PRAGMA max_page_count={pages + 9}")
        async with occupied(numbers.lane):
            asked = [numbers.insert(1), asyncio.ensure_future(numbers.lane.write(large)), numbers.insert(2)]
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert [str(each) for each in told] == ["database or disk is full"] * 3
        assert numbers.seen() == []
        numbers.lane.connection.execute("PRAGMA max_page_count=1000000")
        assert await ends([asyncio.ensure_future(numbers.lane.write(large)), numbers.insert(2)]) == [None, 2]
        assert numbers.seen() == [2]

    on_numbers(tmp_path, main)


def test_a_write_that_ends_the_transaction_of_its_group_takes_all_of_it_with_it(tmp_path: Path) -> None:
    async def main(numbers: Numbers) -> None:
        def ends_it() -> None:
            numbers.lane.connection.execute("ROLLBACK")

        async with occupied(numbers.lane):
            asked = [numbers.insert(1), asyncio.ensure_future(numbers.lane.write(ends_it)), numbers.insert(2)]
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert [str(each) for each in told] == ["a write ended the transaction of its group"] * 3
        assert len({id(each) for each in told}) == 3, "each is told by an error of its own"
        assert numbers.seen() == []

    on_numbers(tmp_path, main)


def test_where_another_process_writes_for_too_long_writes_are_told_and_reads_are_answered(tmp_path: Path) -> None:
    async def main(numbers: Numbers) -> None:
        await numbers.insert(1)
        numbers.lane.connection.execute("PRAGMA busy_timeout=10")
        with closing(sqlite3.connect(numbers.path)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            async with occupied(numbers.lane):
                asked = [numbers.insert(2), asyncio.ensure_future(numbers.lane.read(numbers.held)), numbers.insert(3)]
            assert await ends(asked) == ["OperationalError", [1], "OperationalError"]
        assert await ends([numbers.insert(2)]) == [2]

    on_numbers(tmp_path, main)


def test_the_guard_is_asked_once_a_group_and_tells_each_that_the_work_was_for_nothing(tmp_path: Path) -> None:
    async def main(numbers: Numbers) -> None:
        calls = list[int]()

        def guard() -> None:
            calls.append(numbers.commits())
            if len(calls) > 1:
                raise StorageError("it is gone")

        numbers.lane.guard = guard
        async with occupied(numbers.lane):
            asked = [numbers.insert(1), asyncio.ensure_future(numbers.lane.read(numbers.held)), numbers.insert(1000)]
        assert await ends(asked) == ["StorageError"] * 3
        assert calls == [1, 3]  # after all of it
        numbers.lane.guard = lambda: None

    on_numbers(tmp_path, main)


def test_the_guard_has_the_last_word_when_a_lane_is_closed(tmp_path: Path) -> None:
    async def main(numbers: Numbers) -> None:
        def guard() -> None:
            raise StorageError("it is gone")

        numbers.lane.guard = guard

    with pytest.raises(StorageError, match="it is gone"):
        on_numbers(tmp_path, main)
