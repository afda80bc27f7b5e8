"""A lane on a table of numbers, kept at work so that what is asked of it meanwhile goes together."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from graph.store.lane import Lane, open_lane

REFERS = "REFERENCES rows DEFERRABLE INITIALLY DEFERRED"
TABLE = f"CREATE TABLE rows (n INTEGER PRIMARY KEY CHECK (n < 1000), of INTEGER {REFERS})"
NOBODY = 999
"""No row has this number: one that refers to it is found out by the commit."""


class Numbers:
    """A lane on a table of numbers, and what SQLite was told."""

    def __init__(self, lane: Lane, path: Path) -> None:
        self.lane, self.path, self.told = lane, path, list[str]()

    def insert(self, number: int, of: int | None = None) -> Awaitable[int]:
        return asyncio.ensure_future(self.lane.write(self.inserted, number, of))

    def inserted(self, number: int, of: int | None = None) -> int:
        self.lane.connection.execute("INSERT INTO rows VALUES (?, ?)", (number, of))
        return number

    def held(self) -> list[int]:
        """What the lane's own connection sees."""
        return [number for (number,) in self.lane.connection.execute("SELECT n FROM rows ORDER BY rowid")]

    def seen(self) -> list[int]:
        """What everybody else sees."""
        with closing(sqlite3.connect(self.path)) as other:
            return [number for (number,) in other.execute("SELECT n FROM rows ORDER BY rowid")]

    def commits(self) -> int:
        return self.told.count("COMMIT")


@asynccontextmanager
async def numbers_at(folder: Path) -> AsyncIterator[Numbers]:
    path = folder / "numbers.sqlite"
    async with open_lane(path, "NORMAL") as lane:
        for statement in ("PRAGMA foreign_keys=ON", TABLE):
            await lane.alone(lane.connection.execute, statement)
        numbers = Numbers(lane, path)
        lane.connection.set_trace_callback(numbers.told.append)
        yield numbers


@asynccontextmanager
async def occupied(lane: Lane) -> AsyncIterator[None]:
    """The lane is at work meanwhile: what is asked of it waits, and goes together afterwards."""
    begun, may_end = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        assert may_end.wait(20)

    working = asyncio.ensure_future(lane.read(work))
    assert await asyncio.to_thread(begun.wait, 20)
    yield
    await asyncio.sleep(0)  # what was asked for is submitted now
    may_end.set()
    await working


@asynccontextmanager
async def inserting(numbers: Numbers, number: int) -> AsyncIterator[asyncio.Future[int]]:
    """A write that is at work meanwhile; it ends once what was asked for in between is submitted."""
    begun, may_end = threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        assert may_end.wait(20)
        return numbers.inserted(number)

    working = asyncio.ensure_future(numbers.lane.write(slow))
    assert await asyncio.to_thread(begun.wait, 20)
    yield working
    await asyncio.sleep(0)
    may_end.set()


async def ends(asked: list[Any]) -> list[Any]:
    """What each returned, or the name of what it raised."""
    told = await asyncio.gather(*asked, return_exceptions=True)
    return [type(each).__name__ if isinstance(each, BaseException) else each for each in told]


def on_numbers(folder: Path, main: Callable[[Numbers], Awaitable[None]]) -> None:
    async def opened() -> None:
        async with numbers_at(folder) as numbers:
            await main(numbers)

    asyncio.run(opened())
