"""A lane: one thread for the one connection to a SQLite file, whose calls block, so that the event loop never waits.

LangGraph's own asynchronous classes for SQLite hop to a thread and back for every statement, cursor and commit. Here
all that waits at one moment is a group: one hop, one transaction, one wake-up. What is submitted first is committed
first: a task's writes before the checkpoint that needs them.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    DeltaChannelHistory,
)
from langgraph.store.base import BaseStore, Op, PutOp, Result
from langgraph.store.base.batch import AsyncBatchedBaseStore

from graph.store.census import ANY_TEXT, Select
from graph.store.fences import Fences, WholeSaver, refusals
from graph.store.files import Synchronous, begin_deleting, connect, scrubbed
from graph.store.groups import Job, do_together, own
from graph.store.location import row_errors
from graph.store.rows import ROWS_IN_FILE, Statement
from graph.store.tombstones import PurgedError, Tombstones, Write
from policies.language import phrase, say

P = ParamSpec("P")
T = TypeVar("T")
LARGEST_GROUP = 128
"""Other processes wait for as long as a group lasts."""
PATIENCE: ContextVar[float | None] = ContextVar("patience", default=None)
"""How many seconds whoever asks waits for the file; who drives a run waits as long as the connection does."""


class Lane:
    """Does work on a connection in a thread of its own, all that waits as one group after the other.

    After each group the guard is asked, who raises where the work was for nothing.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take a connection that begins no transaction by itself."""
        self.connection = connection
        self.guard: Callable[[], None] = lambda: None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="accord-lane")
        self._queue: deque[Job] = deque()

    async def alone(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do work that commits by itself, such as the set-up of tables, outside any transaction and order."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *args, **kwargs))

    async def read(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what work returns that changes no row; it sees all that was submitted before it."""
        return await self._submit(partial(work, *args, **kwargs), writes=False)

    async def write(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what work returns, once it is committed; cancelled before it began, it is never done."""
        return await self._submit(partial(work, *args, **kwargs), writes=True)

    async def _submit(self, work: Callable[[], T], writes: bool) -> T:
        waiting = self._waiting(work, writes)
        try:
            async with asyncio.timeout(PATIENCE.get()) as patience:
                return await waiting
        except TimeoutError:
            if not patience.expired():
                raise
            told = phrase("the database did not answer within {seconds} s")  # so what was asked is never done
            raise sqlite3.OperationalError(say(told, seconds=round(PATIENCE.get() or 0))) from None

    def _waiting(self, work: Callable[[], T], writes: bool) -> asyncio.Future[T]:
        waiting: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        job = Job(work, writes, waiting)
        self._queue.append(job)
        try:
            self._thread.submit(self._do_group)  # one for each job: the others' may go with an earlier group
        except RuntimeError:  # the lane is closed, and what is left of its queue is done without this
            with suppress(ValueError):
                self._queue.remove(job)
            raise
        return waiting

    def _do_group(self) -> None:
        jobs = [self._queue.popleft() for _ in range(min(len(self._queue), LARGEST_GROUP))]
        if not jobs:
            return
        try:
            do_together(self.connection, jobs)
            self.guard()
        except BaseException as error:
            for job in jobs:
                job.error = own(error)
        for loop, told in groupby(jobs, lambda job: job.waiting.get_loop()):
            with suppress(RuntimeError):  # it was closed meanwhile, so nobody waits
                loop.call_soon_threadsafe(_tell, [*told])

    def close(self) -> None:
        """Finish what was submitted, end the thread, and close the connection."""
        self._thread.shutdown()
        self.connection.close()
        self.guard()


def _tell(jobs: Iterable[Job]) -> None:
    for job in jobs:
        job.tell()


@asynccontextmanager
async def open_lane(path: Path, synchronous: Synchronous) -> AsyncIterator[Lane]:
    """Open a lane to a file; no connection of its begins a transaction by itself."""
    lane = Lane(await asyncio.to_thread(connect, path, synchronous))
    try:
        yield lane
    finally:
        await asyncio.to_thread(lane.close)


def file_writer(lane: Lane) -> Write:
    """Return what makes statements one transaction; triggers refuse those on a thread that is not held."""

    def execute(statements: Sequence[Statement]) -> None:
        begin_deleting(lane.connection)
        for statement, values in statements:
            lane.connection.execute(statement, values)

    async def write(statements: Sequence[Statement], thread: str | None) -> None:
        with refusals():
            await lane.write(execute, statements)

    return write


def file_tombstones(lane: Lane, select: Select) -> Tombstones:
    """Return the tombstones of a file."""

    async def scrub() -> bool:
        return await lane.alone(scrubbed, lane.connection)

    return Tombstones(ROWS_IN_FILE, select, file_writer(lane), scrub, ANY_TEXT)


class LanedSaver(WholeSaver):
    """Adds the asynchronous methods to a saver that has blocking ones; comes before it among the bases."""

    lane: Lane
    fences: Fences

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return a checkpoint; see `get_tuple`."""
        return await self.lane.read(self.get_tuple, config)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Yield checkpoints; see `list`."""
        listed = partial(self.list, config, filter=filter, before=before, limit=limit)
        for each in await self.lane.read(lambda: [*listed()]):
            yield each

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Keep a checkpoint; see `put`."""
        with refusals():
            return await self.lane.write(self.put, config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Keep what a task wrote; see `put_writes`."""
        with refusals():
            await self.lane.write(self.put_writes, config, writes, task_id, task_path)

    async def adelete_thread(self, thread_id: str) -> None:
        """Delete all rows of a thread; one that was purged has none."""
        with suppress(PurgedError):
            async with self.fences.hold_if_free(thread_id):
                await file_writer(self.lane)([each.deleted(thread_id) for each in ROWS_IN_FILE], thread_id)

    async def aget_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """Return what growing channels hold; see `get_delta_channel_history`."""
        return await self.lane.read(self.get_delta_channel_history, config=config, channels=channels)


class LanedStore(AsyncBatchedBaseStore):
    """A blocking store on a lane; what is read in one tick of the loop is read at once.

    A write is a job of its own: one that is refused takes no other with it.
    """

    aput = BaseStore.aput
    adelete = BaseStore.adelete

    def __init__(self, store: BaseStore, lane: Lane, fences: Fences) -> None:
        super().__init__()
        self._store, self._lane, self.fences = store, lane, fences

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Do the operations on the lane."""
        asked = [*ops]
        do = self._lane.write if any(isinstance(op, PutOp) for op in asked) else self._lane.read
        with refusals(), row_errors(asked):
            return await do(self._store.batch, asked)
