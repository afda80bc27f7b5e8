"""A lane: one thread for a database whose calls block, so that each operation costs one hop and the loop never waits.

LangGraph's own asynchronous classes for SQLite hop to a thread and back for every statement, cursor and commit. These
hop once, and what is submitted first is committed first: a task's writes before the checkpoint that needs them.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, ParamSpec, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    DeltaChannelHistory,
)
from langgraph.store.base import BaseStore, Op, Result
from langgraph.store.base.batch import AsyncBatchedBaseStore

from graph.store.fences import Fences, UncopiedSaver, refusals
from graph.store.location import row_errors

P = ParamSpec("P")
T = TypeVar("T")


class Lane:
    """Does blocking work in a thread of its own, one piece after the other.

    After each piece the guard is asked, who raises where the work was for nothing.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="accord-lane")
        self.guard: Callable[[], None] = lambda: None

    async def do(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the work returns; cancelled before it began, it is never done."""
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._guarded, partial(work, *args, **kwargs)
        )

    def _guarded(self, work: Callable[[], T]) -> T:
        try:
            return work()
        finally:
            self.guard()

    async def close(self) -> None:
        """Finish what was begun, and end the thread."""
        await asyncio.to_thread(self._thread.shutdown)


@asynccontextmanager
async def open_lane() -> AsyncIterator[Lane]:
    """Open a lane."""
    lane = Lane()
    try:
        yield lane
    finally:
        await lane.close()


class LanedSaver(UncopiedSaver):
    """Adds the asynchronous methods to a saver that has blocking ones; stands before it among the bases."""

    lane: Lane
    fences: Fences

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return a checkpoint; see `get_tuple`."""
        return await self.lane.do(self.get_tuple, config)

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
        for each in await self.lane.do(lambda: [*listed()]):
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
            return await self.lane.do(self.put, config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Keep what a task wrote; see `put_writes`."""
        with refusals():
            await self.lane.do(self.put_writes, config, writes, task_id, task_path)

    async def adelete_thread(self, thread_id: str) -> None:
        """Delete a thread; see `delete_thread`."""
        async with self.fences.hold_if_free(thread_id):
            with refusals():
                await self.lane.do(self.delete_thread, thread_id)

    async def aget_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """Return what growing channels hold; see `get_delta_channel_history`."""
        return await self.lane.do(self.get_delta_channel_history, config=config, channels=channels)


class LanedStore(AsyncBatchedBaseStore):
    """A blocking store on a lane; what is read in one tick of the loop is read at once.

    A write is a transaction of its own: one that is refused takes no other with it.
    """

    aput = BaseStore.aput
    adelete = BaseStore.adelete

    def __init__(self, store: BaseStore, lane: Lane, fences: Fences) -> None:
        super().__init__()
        self._store, self._lane, self.fences = store, lane, fences

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Do the operations in the calling thread."""
        return self._store.batch(ops)

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Do the operations on the lane."""
        asked = [*ops]
        with refusals(), row_errors(asked):
            return await self._lane.do(self._store.batch, asked)
