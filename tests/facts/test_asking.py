"""Asking a database in a thread of its own: it is left when its time is over, and ended by one way after the other."""

import asyncio
import threading
import time

import pytest

from graph.facts.databases.asking import Clock, OverdueError, QueryError, asked
from policies.language import Language, say, speaking


def test_work_that_never_looks_at_its_clock_is_left() -> None:
    ended = threading.Event()

    async def main() -> None:
        with pytest.raises(OverdueError):
            await asked(lambda _: ended.wait(20), 0.2)

    begun = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - begun < 10
    ended.set()


def test_the_second_way_is_taken_where_the_first_did_not_help() -> None:
    taken: list[str] = []
    ended = threading.Event()

    def first() -> None:
        taken.append("first")
        raise OSError

    def second() -> None:
        taken.append("second")
        ended.set()

    def work(clock: Clock) -> None:
        with clock.ended_by(first, second):
            assert ended.wait(20)

    async def main() -> None:
        with pytest.raises(OverdueError):
            await asked(work, 0.1)

    asyncio.run(main())
    assert ended.wait(20)
    assert taken == ["first", "second"]


def test_work_is_ended_when_whoever_asked_is_cancelled() -> None:
    ended = threading.Event()

    def work(clock: Clock) -> None:
        with clock.ended_by(ended.set):
            ended.wait(20)

    async def main() -> None:
        task = asyncio.create_task(asked(work, 60))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert ended.wait(20)


def test_work_that_begins_after_its_time_does_nothing() -> None:
    clock = Clock(60)
    clock.stop()
    with pytest.raises(OverdueError), clock.ended_by(lambda: None):
        raise AssertionError


def test_what_work_raises_is_said_in_the_language_of_whoever_asked() -> None:
    def work(_: Clock) -> None:
        raise QueryError(say("the query divides by zero"))

    french = Language("fr", "French", {"the query divides by zero": "la requête divise par zéro"})
    with speaking(french), pytest.raises(QueryError, match="la requête divise par zéro"):
        asyncio.run(asked(work, 10))
