"""Drives: runs that were promised, at most so many at work at once; the rest wait in the database."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from graph.facts.brought import OF_THE_TEAM, Brought
from graph.past import Past
from graph.problems import ConflictError, UsageError
from graph.record import Record
from graph.runner import Runner
from graph.store.queue import Promise, Queue
from policies.access.caller import LOCAL
from policies.run.stop import Stop
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
        await self._runner.admit(thread, team, brought, tenant)
        self._begin(thread, {})

    async def resume(self, thread: str, given: dict[str, Any], tenant: str = LOCAL) -> None:
        """Promise to resume a thread, with what `Runner.resume` takes."""
        await self._queue.put(Promise(thread, self._runner.now(), tenant, given))
        self._begin(thread, given)

    async def rested(self, thread: str) -> Record:
        """Return the record of a thread of this process once it rests."""
        task = self._working.get(thread)
        return await asyncio.shield(task) if task else await self._runner.threads.show(thread)

    async def answer(
        self, thread: str, said: Mapping[str, Any], tenant: str = LOCAL, identity: str | None = None
    ) -> None:
        """Give an answer to a thread, and return once it is in the record; what follows of it is promised.

        Raises:
            ConflictError: somebody works on the thread.
            UsageError: the answer is refused, which changes nothing.
        """
        taken = asyncio.Event()
        before = len(await self._answers(thread))
        await self._queue.put(Promise(thread, self._runner.now(), tenant, {}))
        task = asyncio.create_task(self._answered(thread, said, taken, identity))
        self._working[thread] = task
        task.add_done_callback(lambda _: self._working.pop(thread, None))
        telling = asyncio.create_task(taken.wait())
        await asyncio.wait((task, telling), return_when=asyncio.FIRST_COMPLETED)
        telling.cancel()
        while not task.done() and len(await self._answers(thread)) == before:
            await asyncio.wait((task,), timeout=0.02)
        if task.done() and task.result()["stop_reason"] == "busy":
            raise ConflictError(Stop.parse("busy").remedy(""))

    async def _answered(
        self, thread: str, said: Mapping[str, Any], taken: asyncio.Event, identity: str | None
    ) -> Record:
        def hear(event: Mapping[str, Any]) -> None:
            if event["event"] == "taken":
                taken.set()

        try:
            record = await self._runner.answer(thread, said, hear, identity)
        except UsageError:
            await self._queue.drop(thread)
            raise
        await self._queue.drop(thread)
        return record

    async def _answers(self, thread: str) -> list[Any]:
        past = Past.of(await self._runner.threads.state(thread) or {})
        return [event for event in past.events_of("answered") if event.get("question")]

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
