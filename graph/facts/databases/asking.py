"""Asking a database: a query with its values, what it gives, and a clock that ends the work in another thread."""

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from graph.facts.source import SourceError
from policies.language import in_figures, say

Found = TypeVar("Found")
Scalar = None | bool | int | float | str
Row = Sequence[Any]
Take = Callable[[Sequence[str], Iterable[Row]], Found]
"""What is made of the columns and rows of a result while it is open."""

FETCHED = 100
"""Rows that are fetched at once."""

MAX_CHARACTERS = 1_000_000
"""Characters in all cells together."""


STOP_SECONDS = 1.0
"""How long one way to end the work has before the next is taken."""


class QueryError(SourceError):
    """A query gave no rows of use; the sentence has no address, no user, no password and no value of the database."""


class UnreachableError(QueryError):
    """The database was not opened, for a reason that lies in its address or its server."""


class OverdueError(Exception):
    """The time of a query is over."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query in SQL and the values of the names in it."""

    text: str
    values: Mapping[str, Scalar]


class Clock:
    """The time that a query has, and how its work is ended when that is over; used by two threads."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._ways: tuple[Callable[[], None], ...] = ()
        self._is_over = False
        self._has_ended = threading.Event()

    @property
    def seconds_left(self) -> float:
        """How long the work may still take."""
        return max(0.0, self._end - time.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether the work is to end."""
        return self._is_over or not self.seconds_left

    def check(self) -> None:
        """Raise where the time is over.

        Raises:
            OverdueError: it is.
        """
        if self.is_over:
            raise OverdueError

    @contextmanager
    def ended_by(self, *ways: Callable[[], None]) -> Iterator[None]:
        """End what is done in this block by the first of these ways, and by the next where that did not help.

        Raises:
            OverdueError: the time is over already.
        """
        with self._lock:
            self._ways = ways
        try:
            self.check()
            yield
        finally:
            with self._lock:  # what a way would end is about to be closed, and its file number to be another's
                self._ways = ()
                self._has_ended.set()

    def stop(self) -> None:
        """End the work."""
        self._is_over = True
        number = 0
        while number < len(self._ways):
            with self._lock, suppress(Exception):  # of what has just ended
                self._ways[number]()
            number += 1
            self._has_ended.wait(STOP_SECONDS)


async def asked(work: Callable[[Clock], Found], seconds: float) -> Found:
    """Return what work in a thread of its own returns.

    The thread ends with the process: one that waits for a server which never answers holds up nobody.

    Raises:
        OverdueError: the time was over first.
    """
    loop, clock = asyncio.get_running_loop(), Clock(seconds)
    answer: asyncio.Future[Found] = loop.create_future()
    context = contextvars.copy_context()  # in it is the language that is spoken

    def run() -> None:
        result, error = None, None
        try:
            result = context.run(work, clock)
        except Exception as raised:
            error = raised
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_deliver, answer, result, error)

    threading.Thread(target=run, name="accord-sql", daemon=True).start()
    try:
        async with asyncio.timeout(seconds):
            return await answer
    except TimeoutError:
        raise OverdueError from None
    finally:
        if not answer.done() or answer.cancelled():
            threading.Thread(target=clock.stop, name="accord-sql-stop", daemon=True).start()


def _deliver(answer: "asyncio.Future[Any]", result: Any, error: Exception | None) -> None:
    if answer.done():
        return
    if error is None:
        answer.set_result(result)
    else:
        answer.set_exception(error)


def rows_from(fetch: Callable[[int], Sequence[Row]], clock: Clock) -> Iterator[Row]:
    """Yield the rows of a result as they are wanted, a few fetched at a time, so that no more is held than is used.

    Raises:
        QueryError: they have too many characters.
        OverdueError: the time is over.
    """
    characters = 0
    while batch := fetch(FETCHED):
        characters += sum(_size_of(cell) for row in batch for cell in row)
        if characters > MAX_CHARACTERS:
            told = say(
                "the query gives more than {most} characters; select less", most=in_figures(f"{MAX_CHARACTERS:,}")
            )
            raise QueryError(told)
        clock.check()
        yield from batch


def _size_of(cell: object) -> int:
    """Return how many characters or bytes a cell has; of a list or an object, those with which it is written."""
    if isinstance(cell, str | bytes | bytearray | memoryview):
        return len(cell)
    return len(repr(cell)) if isinstance(cell, list | dict) else 0
