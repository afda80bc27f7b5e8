"""Drives: runs that were promised, at most so many at work at once; the rest wait in the database."""

import asyncio
from contextlib import suppress
from typing import Any

from graph.facts.brought import OF_THE_TEAM, Brought
from graph.problems import UsageError
from graph.record import Record
from graph.runner import Runner
from graph.store.queue import Promise, Queue
from policies.access.caller import LOCAL
from policies.team.team import Team

AT_ONCE = 8


class Drives:
    """The runs of one process."""

    def __init__(self, runner: Runner, queue: Queue, at_once: int = AT_ONCE) -> None:
        self._runner, self._queue, self._places = runner, queue, asyncio.Semaphore(at_once)
        self._working: dict[str, asyncio.Task[Record]] = {}

    async def run(self, thread: str, team: Team, brought: Brought = OF_THE_TEAM, tenant: str = LOCAL) -> None:
        """Promise to run a team on a new thread; once this returns, the run is not lost, whatever is killed."""
        await self._queue.put(Promise(thread, self._runner.now(), tenant))
        await self._runner.admit(thread, team, brought)
        self._begin(thread, {})

    async def resume(self, thread: str, given: dict[str, Any], tenant: str = LOCAL) -> None:
        """Promise to resume a thread, with what `Runner.resume` takes."""
        await self._queue.put(Promise(thread, self._runner.now(), tenant, given))
        self._begin(thread, given)

    async def rested(self, thread: str) -> Record:
        """Return the record of a thread of this process once it rests."""
        task = self._working.get(thread)
        return await asyncio.shield(task) if task else await self._runner.threads.show(thread)

    async def take_up(self) -> None:
        """Drive what earlier processes promised and did not keep."""
        for promise in await self._queue.open():
            self._begin(promise.thread, promise.given or {})

    async def drain(self) -> None:
        """Let what is at work reach its next checkpoint, and keep the rest for the next process."""
        for task in self._working.values():
            task.cancel()
        for task in [*self._working.values()]:
            with suppress(asyncio.CancelledError, UsageError):
                await task

    def _begin(self, thread: str, given: dict[str, Any]) -> None:
        task = asyncio.create_task(self._drive(thread, given))
        self._working[thread] = task
        task.add_done_callback(lambda _: self._working.pop(thread, None))

    async def _drive(self, thread: str, given: dict[str, Any]) -> Record:
        async with self._places:
            record = await self._runner.resume(thread, **given)
        await self._queue.drop(thread)
        return record
