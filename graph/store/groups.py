"""Groups: what waits for a SQLite file at one moment is done as one transaction, so that one commit serves many.

The order is that in which the work was asked for. Each write has a savepoint of its own: one that is refused or fails
leaves nothing of itself, and takes no other with it.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True, eq=False)
class Job:
    """A piece of work, what came of it, and who waits for that; cancelled before it began, it is never done."""

    work: Callable[[], Any]
    writes: bool
    waiting: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None

    def do(self) -> None:
        """Do the work, and keep what it returns or raises."""
        if self.waiting.cancelled():
            return
        try:
            self.result, self.error = self.work(), None
        except BaseException as error:  # whatever it is, it is for who waits: the others' work is still to be done
            self.error = error

    def tell(self) -> None:
        """Tell who waits, in their event loop, what came of it."""
        if self.waiting.done():
            return
        if self.error is None:
            self.waiting.set_result(self.result)
        else:
            self.waiting.set_exception(self.error)


def do_together(connection: sqlite3.Connection, jobs: Sequence[Job]) -> None:
    """Do jobs as one transaction; where that fails as a whole, every write of it fails, and nothing is kept.

    A read sees what was written before it, and fails for reasons of its own alone: it is done again after such an end.
    """
    try:
        # As a writer from the start: a transaction that first reads fails at once, unwaited, if somebody wrote since.
        connection.execute("BEGIN IMMEDIATE" if any(job.writes for job in jobs) else "BEGIN")
        for job in jobs:
            _do_within(connection, job)
        connection.execute("COMMIT")
    except BaseException as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        for job in jobs:
            if job.writes:
                job.error = job.error or error
            else:
                job.do()


def _do_within(connection: sqlite3.Connection, job: Job) -> None:
    """Do a job in the open transaction; raise its error where the transaction ended by it (no room, no memory)."""
    if job.writes:
        connection.execute("SAVEPOINT job")
    job.do()
    if job.error is not None and not connection.in_transaction:
        raise job.error
    if job.writes and job.error is not None:
        connection.execute("ROLLBACK TO job")
    if job.writes:
        connection.execute("RELEASE job")
