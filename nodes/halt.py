"""The halt: stops the calls under way, so that a run ends `cancelled` and can be resumed later.

A process is halted by Ctrl-C. Single threads are stopped by what somebody asked for anywhere: before each call the
database is asked whether its thread is to stop, and while calls are under way it is looked at again and again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from typing import TypeVar

from langgraph.store.base import BaseStore

from policies.run.stoppage import Stoppage

T = TypeVar("T")

LOOK_SECONDS = 0.5
"""How long a call may last after its thread was stopped, about."""

Look = Callable[[BaseStore, Collection[str]], Awaitable[Mapping[str, Stoppage]]]
"""Returns those of the threads that are to stop, each with what stops it."""


async def find_none(_: BaseStore, __: Collection[str]) -> Mapping[str, Stoppage]:
    """Return nothing: nobody stops single threads."""
    return {}


@dataclass(frozen=True, slots=True)
class Cut:
    """A call was cut, or not made: by a stoppage, or by whoever halted the process."""

    stoppage: Stoppage | None = None


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """A call under way: whose it is, and where to look whether that is to stop."""

    thread: str
    store: BaseStore
    look: Look


class Halt:
    """One switch for all runs of a process, and the calls that it cuts, also those of single threads."""

    def __init__(self) -> None:
        self._calls: dict[asyncio.Task[object], _UnderWay] = {}
        self._cut: dict[asyncio.Task[object], Stoppage] = {}
        self._watch: asyncio.Task[None] | None = None
        self.is_set = False

    def set(self) -> None:
        """Stop every call under way, and let no new one start."""
        self.is_set = True
        for call in self._calls:
            call.cancel()

    async def guard(self, work: Awaitable[T], thread: str, store: BaseStore, look: Look) -> T | Cut:
        """Return what the work for a thread returns, or that it was cut."""
        call = asyncio.ensure_future(work)
        self._calls[call] = _UnderWay(thread, store, look)
        if self._watch is None or self._watch.done():
            # In a context of its own: it outlasts the run whose call begins it.
            self._watch = asyncio.get_running_loop().create_task(self._keep_looking(), context=Context())
        try:
            return await call
        except asyncio.CancelledError:
            if call.cancelled() and (self.is_set or call in self._cut):
                return Cut(self._cut.get(call))
            raise
        finally:
            del self._calls[call]
            self._cut.pop(call, None)

    async def _keep_looking(self) -> None:
        """Cut calls of threads that are to stop, as long as calls are under way."""
        while self._calls:
            await asyncio.sleep(LOOK_SECONDS)
            for store, look in {(each.store, each.look) for each in self._calls.values()}:
                threads = {each.thread for each in self._calls.values() if each.store is store}
                with suppress(Exception):  # where the database fails, the next read of the run says so
                    self._stop(await look(store, threads), store)

    def _stop(self, stopped: Mapping[str, Stoppage], store: BaseStore) -> None:
        for call, each in self._calls.items():
            if each.thread in stopped and each.store is store and call not in self._cut:
                self._cut[call] = stopped[each.thread]
                call.cancel()
