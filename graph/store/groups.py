"""Groups: what waits for a SQLite file at one moment is done as one transaction, so that one commit serves many.

The order is that in which the work was asked for. Each write has a savepoint of its own: one that is refused or fails
leaves nothing of itself, and takes no other with it.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from copy import copy
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
        except StopIteration as error:  # a future takes none
            self.error = RuntimeError(f"{error!r}")
        except BaseException as error:  # whatever it is, it is for who waits: the others' work is still to be done
            self.error = error

    def tell(self) -> None:
        """Give whoever waits the result, in their event loop."""
        if self.waiting.done():
            return
        if self.error is None:
            self.waiting.set_result(self.result)
        else:
            self.waiting.set_exception(self.error)


def do_together(connection: sqlite3.Connection, jobs: Sequence[Job]) -> None:
    """Do jobs, the writes as one transaction: where it fails as a whole, every write fails, and nothing is kept.

    Reads hold no other process up, and wait for none: those before the first write are done before it, the others
    after the commit, so that each sees all that was asked for before it.
    """
    first = next((place for place, job in enumerate(jobs) if job.writes), len(jobs))
    _read(connection, jobs[:first])
    _write(connection, [job for job in jobs if job.writes])
    _read(connection, [job for job in jobs[first:] if not job.writes])


def _read(connection: sqlite3.Connection, jobs: Sequence[Job]) -> None:
    """Do reads, all on one state of the file."""
    if not jobs:
        return
    connection.execute("BEGIN")
    for job in jobs:
        job.do()
    if connection.in_transaction:
        connection.execute("COMMIT")


def _write(connection: sqlite3.Connection, jobs: Sequence[Job]) -> None:
    """Do writes as one transaction."""
    if not jobs:
        return
    try:
        # As a writer from the start: a transaction that first reads fails at once, unwaited, if somebody wrote since.
        connection.execute("BEGIN IMMEDIATE")
        for job in jobs:
            _write_one(connection, job)
        connection.execute("COMMIT")
    except BaseException as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        for job in jobs:
            job.error = job.error or own(error)


def _write_one(connection: sqlite3.Connection, job: Job) -> None:
    """Do a write in the open transaction; raise where that ended by it: no room, no memory, or its own doing."""
    connection.execute("SAVEPOINT job")
    job.do()
    if not connection.in_transaction:
        raise job.error or sqlite3.OperationalError("a write ended the transaction of its group")
    if job.error is not None:
        connection.execute("ROLLBACK TO job")
    connection.execute("RELEASE job")


def own(error: BaseException) -> BaseException:
    """Return an error for one of those who share it; each is raised to somebody else."""
    own = copy(error)
    own.__cause__ = error
    return own
