"""Drives: what the service promises of threads, to run, resume or answer them, and when they rest."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from graph.driver import DrainedError
from graph.facts.brought import OF_THE_TEAM, Brought
from graph.problems import ConflictError, StorageError, UsageError
from graph.record import Record
from graph.runner import Runner
from graph.service.crew import Crew, DrainingError, is_of_thread
from graph.service.hearing import Hears
from graph.store.halts import Halts
from graph.store.location import storage_errors
from graph.store.locks import ThreadBusyError
from graph.store.queue import Promise, Queue
from policies.access.caller import LOCAL
from policies.language import phrase, say
from policies.team.team import Team

LOOK_SECONDS = 2.0
"""How often promises are looked for that other processes left, and halts that have ended."""
WAIT_SECONDS = 0.2


class BusyError(ConflictError):
    """The thread is at work, or waits for its turn: it cannot be resumed or answered meanwhile."""

    def __init__(self, thread: str) -> None:
        told = phrase("the thread `{name}` is at work or waits for its turn; try again once it rests")
        super().__init__(say(told, name=thread))


class Drives:
    """The runs of one process; at most so many at work at once, the rest wait in the database."""

    def __init__(self, runner: Runner, queue: Queue, at_once: int, halts: Halts) -> None:
        """Take the runner, the queue and the halts of one database, and how many runs may be at work."""
        self._runner, self._queue = runner, queue
        self._crew = Crew(runner, queue, at_once, halts)
        self._loop, self._looking = asyncio.get_running_loop(), asyncio.create_task(self._look())

    @property
    def ending(self) -> asyncio.Event:
        """Is set once the process is asked to end: whoever follows a run stops then."""
        return self._crew.ending

    def heard_by(self, *hears: Hears) -> None:
        """Tell these from now on when a drive begins and when it ends."""
        self._crew.hears = hears

    @property
    def count(self) -> tuple[int, int]:
        """How many runs of this process are at work, and how many wait for their turn."""
        return self._crew.count

    async def run(self, thread: str, team: Team, brought: Brought = OF_THE_TEAM, tenant: str = LOCAL) -> None:
        """Promise to run a team on a new thread; once this returns, the run is not lost, whatever is killed.

        A thread that was promised before is left as it is: that is a request which was made again.
        """
        promise = Promise(thread, self._runner.now(), tenant)
        while not await self._crew.is_known(thread):
            with suppress(ThreadBusyError):
                async with self._crew.claimed(thread):
                    await self._admit(promise, team, brought)
                return self._crew.enter(promise)
            await asyncio.sleep(WAIT_SECONDS)

    async def resume(self, thread: str, given: dict[str, Any], tenant: str = LOCAL) -> None:
        """Promise to resume a thread, with what `Runner.resume` takes.

        Raises:
            BusyError: it is at work, or waits for its turn.
        """
        promise = Promise(thread, self._runner.now(), tenant, given)
        try:
            async with self._crew.claimed(thread):
                await self._promise(promise)
        except ThreadBusyError:
            raise BusyError(thread) from None
        self._crew.enter(promise)

    async def answer(
        self, thread: str, said: Mapping[str, Any], tenant: str = LOCAL, identity: str | None = None
    ) -> Record:
        """Answer what a thread asks people, and promise to continue with it; return its record with the answer in it.

        `identity` is who the caller is known to be.
        The answer is taken at once; what follows from it waits for its turn, before what has not begun.

        Raises:
            BusyError: it is at work, or waits for its turn.
            DrainingError: the process ends, and the answer was not taken.
            UsageError: the answer is refused, which changes nothing.
        """
        promise = Promise(thread, self._runner.now(), tenant, is_answered=True)
        try:
            async with self._crew.claimed(thread):
                await self._promise(promise)
                await self._take(thread, said, identity)
        except ThreadBusyError:
            raise BusyError(thread) from None
        self._crew.enter(promise)
        return await self._runner.threads.show(thread)

    async def rested(self, thread: str) -> Record:
        """Return the record of a thread once it rests, whichever process drives it.

        Raises:
            DrainingError: this process ends before.
            UsageError: it cannot be driven.
        """
        while not self.ending.is_set():
            rests = self._crew.rests.get(thread)
            record = None if rests is None else await asyncio.shield(rests)
            if record is not None:
                return record
            promise = await self.promise_of(thread)
            if promise is None:
                return await self._runner.threads.show(thread)
            if promise.problem is not None:
                raise UsageError(promise.problem)
            await asyncio.sleep(WAIT_SECONDS)
        raise DrainingError(thread)

    async def is_known(self, thread: str) -> bool:
        """Return whether a thread was admitted."""
        return await self._crew.is_known(thread)

    def is_at_work(self, thread: str) -> bool:
        """Return whether this process drives a thread now."""
        return self._crew.is_at_work(thread)

    async def promise_of(self, thread: str) -> Promise | None:
        """Return what was promised of a thread and not kept yet, with the problem where there is one."""
        with storage_errors(self._runner.threads.location):
            return await self._queue.find(thread)

    async def stop(self, thread: str) -> None:
        """Take a thread that was cancelled to its stop, before its turn comes; where somebody has it, they do."""
        await self._crew.stop(thread)

    async def take_up(self, *, anew: bool = False) -> None:
        """Drive what was promised and not kept, by whichever process; `anew` also what could not be driven before."""
        with storage_errors(self._runner.threads.location):
            for promise in await self._queue.open():
                if anew or promise.problem is None:
                    self._crew.enter(promise, is_left=promise.problem is None)

    def end(self) -> None:
        """Begin to drain; for the handler of a signal."""
        self._loop.call_soon_threadsafe(self._crew.end)

    async def drain(self) -> None:
        """Let what is at work reach its next checkpoint, and keep the rest for the next process."""
        self._looking.cancel()
        self._crew.end()
        await self._crew.ended()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            with suppress(StorageError):
                await self._crew.look()
                await self.take_up()

    async def _admit(self, promise: Promise, team: Team, brought: Brought) -> None:
        """Admit a thread; promised first, so that a kill leaves none that nobody drives."""
        if await self._crew.is_known(promise.thread):
            return
        await self._runner.threads.tombstones.refuse(promise.thread)
        await self._queue.put(promise)
        try:
            await self._runner.admit(promise.thread, team, brought, promise.tenant)
        except BaseException:
            await self._queue.drop(promise.thread)
            raise

    async def _promise(self, promise: Promise) -> None:
        """Keep a promise of a thread that nothing is promised of, nothing at least that can be done."""
        kept = await self._queue.find(promise.thread)
        if kept is not None and kept.problem is None:
            raise BusyError(promise.thread)
        await self._queue.begin(promise)

    async def _take(self, thread: str, said: Mapping[str, Any], identity: str | None) -> None:
        """Take an answer and stop there: what follows from it waits for its turn."""
        taken: list[str] = []

        def stop(event: Mapping[str, Any]) -> None:
            if event["event"] == "taken" and event["by"] == said["by"]:  # one given before may be taken first
                taken.append(thread)
                self._runner.drain(thread)

        try:
            record = await self._runner.answer(thread, said, stop, identity, is_promised=True)
        except DrainedError:
            if not taken:
                raise DrainingError(thread, is_accepted=False) from None
            return
        except UsageError:
            await self._queue.rest(thread)
            raise
        if not is_of_thread(record):
            await self._queue.rest(thread)
            raise BusyError(thread)
