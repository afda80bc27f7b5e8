"""Looking: decisions of a tenant are looked at in the service, one look at a time, whichever process has it.

What a look finds is noted as it is found. One that ends before it saw all is not continued: whoever asked asks again.
"""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import Context
from dataclasses import dataclass, replace
from functools import partial

from graph.facts.settings import load_fact_settings
from graph.facts.source import Reading
from graph.fresh import Ask, asked_sources
from graph.problems import ConflictError, NotFoundError, StorageError, UsageError
from graph.runner import Runner
from graph.service.crew import GRACE_SECONDS, DrainingError
from graph.service.drives import BusyError, Drives
from graph.settings import Settings
from graph.store.location import storage_errors
from graph.store.locks import ThreadBusyError
from graph.store.looks import LastLook, Looks, claim_of
from graph.store.tombstones import PurgedError
from graph.watching import Manner, Watching
from nodes.halt import Halt
from policies.language import phrase, say

AT_ONCE = 2
"""Looks that are at work in one process; those of more tenants wait for their turn."""
LONGEST_SECONDS = 3600.0
NOTED_SECONDS = 1.0
"""How often it is noted how far a look is."""
UNSETTLED = phrase("no source of facts can be asked, since the settings of the service are at fault; its log says why")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Order:
    """A look that is asked for: whose decisions, by whom, and of which thread where it is of one."""

    tenant: str
    by: str
    ask: Ask
    thread: str | None


class Looking:
    """The looks of one process."""

    def __init__(self, runner: Runner, settings: Settings, drives: Drives) -> None:
        self._runner, self._settings, self._drives = runner, settings, drives
        self._looks, self._halt, self._turns = Looks(runner.database.store), Halt(), asyncio.Semaphore(AT_ONCE)
        self._tasks = set[asyncio.Task[None]]()
        self._ending = asyncio.create_task(self._end_with_drives())

    async def begin(self, tenant: str, by: str, thread: str | None = None) -> asyncio.Future[None] | None:
        """Begin to look at all decisions of a tenant, or at that of one thread; return what is done once it ends.

        None where a look is under way already, in any process.

        It breaks off where the process ends.

        Raises:
            ConflictError: no source can be asked.
            DrainingError: this process ends.
            StorageError: the database failed.
        """
        if self._halt.is_set:
            raise DrainingError(thread or tenant, is_accepted=False)
        ask = await self.asking()
        begun: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        # In a context of its own: it outlasts the request, and says what it finds in the language of each team.
        task = asyncio.get_running_loop().create_task(
            self._look(_Order(tenant, by, ask, thread), begun), context=Context()
        )
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, tenant))
        task.add_done_callback(partial(_settle, begun, DrainingError(thread or tenant, is_accepted=False)))
        return task if await asyncio.shield(begun) else None  # whoever asks may go; the look goes on

    async def now(self, tenant: str) -> tuple[LastLook | None, bool]:
        """Return the last look at all decisions of a tenant, and whether anything is looked at now."""
        with storage_errors(self._runner.threads.location):
            # First: a look that ends meanwhile has noted its end.
            is_under_way = await self._runner.threads.is_held(claim_of(tenant))
            return await self._looks.find(tenant), is_under_way

    def watching(self, tenant: str, ask: Ask, manner: Manner | None = None) -> Watching:
        """Return what watches the decisions of a tenant; what expired among questions is left to the drives."""
        own = manner or Manner()

        async def settle(found: str) -> None:
            with suppress(BusyError):
                await self._drives.resume(found, {}, tenant)

        return Watching(self._runner, ask, replace(own, tenant=tenant, settle=settle))

    async def asking(self) -> Ask:
        """Return what asks the sources of facts that the settings allow, each distinct one once.

        Raises:
            ConflictError: `accord.toml` cannot be read, or has what is not allowed, which the log alone says.
        """
        try:
            settings = await asyncio.to_thread(load_fact_settings, self._settings)
            return asked_sources(Reading(settings, is_served=True))
        except UsageError as error:
            _log.warning("look_failed: %s", error)
            raise ConflictError(say(UNSETTLED)) from None

    async def drain(self) -> None:
        """Look at no further decision; what takes longer is cut off."""
        self._halt.set()
        self._ending.cancel()
        if self._tasks:
            _, late = await asyncio.wait([*self._tasks], timeout=GRACE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _end_with_drives(self) -> None:
        await self._drives.ending.wait()
        self._halt.set()

    async def _look(self, asked: _Order, begun: "asyncio.Future[bool]") -> None:
        try:
            with storage_errors(self._runner.threads.location):
                async with self._runner.database.locks.hold(claim_of(asked.tenant)):
                    look = LastLook(asked.by, self._runner.now())
                    if asked.thread is None:
                        await self._looks.put(asked.tenant, look)
                    begun.set_result(True)
                    async with self._turns:
                        await self._work(asked, look)
        except Exception as error:
            if begun.done():
                raise
            if isinstance(error, ThreadBusyError):
                begun.set_result(False)
            else:
                begun.set_exception(error)

    def _ended(self, tenant: str, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, UsageError | StorageError):
            _log.warning("look_failed:%s: %s", tenant, error)
        elif error is not None:
            _log.error("look_failed:%s", tenant, exc_info=error)

    async def _work(self, asked: _Order, look: LastLook) -> None:
        watching = self.watching(asked.tenant, asked.ask, Manner(halt=self._halt))
        if asked.thread is None:
            await self._at_all(asked.tenant, watching, look)
        else:
            await watching.of(asked.thread)

    async def _at_all(self, tenant: str, watching: Watching, look: LastLook) -> None:
        """Look at all decisions, and note how far it is; where the process ends meanwhile, no end is noted."""
        try:
            look = await self._seen(tenant, watching, look)
        except Exception:
            look = replace(await self._looks.find(tenant) or look, has_failed=True)
            raise
        finally:
            if not self._halt.is_set:
                await self._looks.put(tenant, replace(look, ended_at=self._runner.now()))

    async def _seen(self, tenant: str, watching: Watching, look: LastLook) -> LastLook:
        noted, until = time.monotonic(), time.monotonic() + LONGEST_SECONDS
        async for _ in watching.all():
            look = replace(look, looked=look.looked + 1)
            if time.monotonic() - noted > NOTED_SECONDS:
                await self._looks.put(tenant, look)
                noted = time.monotonic()
            if noted > until:
                return replace(look, is_cut_off=True)
        return look


@contextmanager
def as_clashes() -> Iterator[None]:
    """Turn what a thread refuses into a clash: what was asked is right, and the thread is not as it needs.

    Raises:
        ConflictError: it is so.
    """
    try:
        yield
    except (StorageError, ConflictError, NotFoundError, PurgedError):
        raise
    except UsageError as error:
        raise ConflictError(*error.problems) from None


def _settle(begun: "asyncio.Future[bool]", error: Exception, _: object) -> None:
    """Let whoever waits for a look to begin know that it was cut off before it did."""
    if not begun.done():
        begun.set_exception(error)
        begun.exception()  # nobody may wait for it any more
