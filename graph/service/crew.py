"""The crew: keeps promises, at most so many at once, and tries again what cannot be kept yet.

A promise is kept once, by whichever process on the database has it claimed: its lock dies with its process, and the
promise is looked up again under it. So no two processes drive a thread, and what one of them left another takes up.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

from graph.driver import DrainedError
from graph.problems import StorageError, UsageError
from graph.record import Record
from graph.runner import Runner
from graph.service.hearing import Drive, Hears
from graph.service.turns import Turns
from graph.store.halts import Halts
from graph.store.lane import PATIENCE
from graph.store.location import storage_errors
from graph.store.locks import ThreadBusyError
from graph.store.queue import Promise, Queue, claim_of
from policies.language import say
from policies.run.stop import Stop, stop_reason

PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Before a promise is tried again whose thread somebody holds, or whose database was away; the last one repeats."""
TRIES = 10
"""How often a thread is tried that the database fails at while it answers to others."""
CANCELLED = stop_reason("cancelled")
GRACE_SECONDS = 1.5
"""How long calls under way may take to end once the process is asked to."""
_log = logging.getLogger(__name__)


class DrainingError(Exception):
    """The process ends before it did what was asked; where `is_accepted` the next one does it."""

    def __init__(self, thread: str, *, is_accepted: bool = True) -> None:
        super().__init__(thread)
        self.thread, self.is_accepted = thread, is_accepted


class Crew:
    """The promises that this process is to keep."""

    def __init__(self, runner: Runner, queue: Queue, at_once: int, halts: Halts) -> None:
        """Take the runner, the queue and the halts of one database, and how many runs may be at work."""
        self._runner, self._queue, self._at_once, self._halts = runner, queue, at_once, halts
        self._loop, self.ending = asyncio.get_running_loop(), asyncio.Event()
        self._turns, self._tries = Turns(), Counter[str]()
        self._left: set[str] = set()
        self._halted: set[str] = set()
        """The tenants whose runs wait for the end of a halt, as far as this process knows."""
        self._working: dict[str, tuple[Promise, asyncio.Task[None]]] = {}
        self.hears: tuple[Hears, ...] = ()
        self.rests: dict[str, asyncio.Future[Record | None]] = {}
        """By thread what comes once it rests: its record, or nothing where another process has driven it."""
        self._drained: asyncio.Task[None] | None = None

    def claimed(self, thread: str) -> AbstractAsyncContextManager[None]:
        """Return what is held by who drives a thread; entering it raises ThreadBusyError where another does."""
        return self._runner.database.locks.hold(claim_of(thread))

    async def is_known(self, thread: str) -> bool:
        """Return whether a thread was admitted."""
        with storage_errors(self._runner.threads.location):
            return await self._runner.threads.index.entry(thread) is not None

    def is_at_work(self, thread: str) -> bool:
        """Return whether this process drives a thread now."""
        return thread in self._working

    @property
    def count(self) -> tuple[int, int]:
        """How many runs of this process are at work, and how many wait."""
        return len(self._working), len(self.rests.keys() - self._working.keys())

    def enter(self, promise: Promise, *, is_left: bool = False) -> None:
        """Let a promise wait for its turn, unless it does; one that `is_left` may have been kept and not dropped."""
        if promise.thread not in self.rests and not self.ending.is_set():
            self.rests[promise.thread] = self._loop.create_future()
            self._left |= {promise.thread} if is_left and promise.given is None else set()
            self._queue_up(promise)

    async def look(self) -> None:
        """Look whose halt has ended, and begin what waited for that."""
        asked = frozenset(self._halted)
        if asked:
            with storage_errors(self._runner.threads.location):
                self._halted.difference_update(asked - await self._halts.holding(asked))
            self._fill()

    async def stop(self, thread: str) -> None:
        """Take a thread that was cancelled to its stop, before its turn comes; where somebody has it, they do."""
        with suppress(ThreadBusyError, DrainedError, UsageError):  # one that cannot speak stops when its turn comes
            async with self.claimed(thread):
                if await self._runner.cancels.find(thread) is None:  # it rested meanwhile: nothing is to go on here
                    return
                record = await self._runner.resume(thread, is_promised=True)
                if is_of_thread(record):
                    await self._kept(thread, record)

    def end(self) -> None:
        """Begin to end: what is at work ends at its next checkpoint, calls that take longer are cut, nothing begins.

        A call that is cut is not noted as failed, so the next process asks again.
        """
        if self._drained is not None:
            return
        self.ending.set()
        self._runner.drain()
        for thread, rests in self.rests.items():
            _fail(rests, DrainingError(thread))
        self._drained = asyncio.create_task(self._cut())

    async def ended(self) -> None:
        """Return once nothing is at work."""
        if self._drained is not None:
            await asyncio.shield(self._drained)

    async def _cut(self) -> None:
        tasks = [task for _, task in self._working.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=GRACE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _queue_up(self, promise: Promise) -> None:
        self._turns.add(promise)
        self._fill()

    def _fill(self) -> None:
        while len(self._working) < self._at_once and not self.ending.is_set():
            promise = self._turns.take(Counter(each.tenant for each, _ in self._working.values()), self._halted)
            if promise is None:
                return
            task = asyncio.create_task(self._work(promise))
            self._working[promise.thread] = (promise, task)
            task.add_done_callback(partial(self._worked, promise.thread))

    def _worked(self, thread: str, _: asyncio.Task[None]) -> None:
        del self._working[thread]
        self._fill()

    async def _work(self, promise: Promise) -> None:
        PATIENCE.set(None)  # it may be a request that lets a run begin; the run is not to give up as soon as that does
        try:
            with storage_errors(self._runner.threads.location):
                if await self._halts.over(promise.tenant) is not None:
                    self._halted.add(promise.tenant)
                    return self._turns.add(promise)
                async with self.claimed(promise.thread):
                    await self._drive(promise)
        except DrainedError:
            return
        except ThreadBusyError:
            self._later(promise)
        except StorageError as error:
            await self._try_again(promise, str(error))
        except UsageError as error:
            await self._give_up(promise, str(error))
        except Exception as error:
            _log.exception("drive_failed:%s", promise.thread)
            await self._give_up(promise, say("unexpected: {error}", error=f"{type(error).__name__}: {error}"))

    async def _drive(self, promise: Promise) -> None:
        """Drive a thread that is claimed, unless another process did so meanwhile."""
        kept = await self._queue.find(promise.thread)
        if kept is None:
            return self._rest(promise.thread, None)
        if kept.given is None and await self._has_ended(promise.thread):
            await self._note(promise.thread)
            return await self._kept(promise.thread, await self._runner.threads.show(promise.thread))
        record = await self._resume(promise.thread, promise.tenant, kept.given or {})
        if is_of_thread(record):
            return await self._kept(promise.thread, record)
        stop = Stop.parse(record["stop_reason"])
        if stop.rule.is_held:
            raise ThreadBusyError(promise.thread)
        raise UsageError(record.get("cause") or stop.rule.told(stop.detail))

    async def _kept(self, thread: str, record: Record) -> None:
        """Note that a promise was kept; the cancel of a run that it stopped stays until somebody resumes that."""
        is_cancelled = record["stop_reason"] == CANCELLED
        await (self._queue.drop(thread) if is_cancelled else self._queue.rest(thread))
        self._rest(thread, record)

    async def _note(self, thread: str) -> None:
        """Note the result of a thread that ended: its process may have died before it could."""
        threads = self._runner.threads
        entry = await threads.index.entry(thread)
        if entry is not None:
            await threads.catch_up_with(entry)

    async def _resume(self, thread: str, tenant: str, given: Mapping[str, Any]) -> Record:
        began = time.monotonic()
        self._tell(Drive(thread, tenant))
        try:
            record = await self._runner.resume(thread, **given, is_promised=True)
        except BaseException as error:
            self._tell(Drive(thread, tenant, None, time.monotonic() - began, type(error).__name__))
            raise
        self._tell(Drive(thread, tenant, record, time.monotonic() - began))
        return record

    def _tell(self, drive: Drive) -> None:
        for hears in self.hears:
            hears(drive)

    async def _has_ended(self, thread: str) -> bool:
        """Return whether a thread has ended whose process died before it could drop the promise."""
        if thread not in self._left:
            return False
        self._left.discard(thread)
        return (await self._runner.threads.show(thread))["stop_reason"] is not None

    def _later(self, promise: Promise) -> None:
        """Let a promise wait for its turn again, after a pause that grows."""
        tried = self._tries[promise.thread]
        self._tries[promise.thread] += 1
        self._loop.call_later(PAUSES_SECONDS[min(tried, len(PAUSES_SECONDS) - 1)], self._queue_up, promise)

    async def _try_again(self, promise: Promise, problem: str) -> None:
        """Try again what the database failed at: as long as it is away, and a few times while it answers."""
        if self._tries[promise.thread] < TRIES:
            self._later(promise)
        else:
            await self._give_up(promise, problem)

    async def _give_up(self, promise: Promise, problem: str) -> None:
        """Keep why a thread cannot be driven, for who reads it; of one that there is not, nothing is kept."""
        try:
            with storage_errors(self._runner.threads.location):
                if await self.is_known(promise.thread):
                    await self._queue.put(replace(promise, problem=problem))
                else:
                    await self._queue.drop(promise.thread)
        except StorageError:  # it is away
            return self._later(promise)
        self._tries.pop(promise.thread, None)
        self._left.discard(promise.thread)
        rests = self.rests.pop(promise.thread, None)
        if rests is not None:
            _fail(rests, UsageError(problem))

    def _rest(self, thread: str, record: Record | None) -> None:
        self._tries.pop(thread, None)
        self._left.discard(thread)
        rests = self.rests.pop(thread, None)
        if rests is not None and not rests.done():
            rests.set_result(record)


def is_of_thread(record: Record) -> bool:
    """Return whether a record is what a thread holds, not that an attempt at it was refused."""
    return "trace" in record


def _fail(rests: "asyncio.Future[Record | None]", error: Exception) -> None:
    if not rests.done():
        rests.set_exception(error)
        rests.exception()  # nobody need wait for it
