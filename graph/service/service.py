"""The service of one process: one runner on one database, and what it has promised to drive."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from graph.problems import NotFoundError
from graph.runner import Runner, open_runner_on
from graph.service.drives import AT_ONCE, Drives
from graph.settings import Settings
from graph.store.database import Database, open_database
from graph.store.halts import Halts
from graph.store.location import located
from graph.store.queue import Queue
from policies.access.caller import Caller
from policies.language import say


@dataclass(frozen=True, slots=True)
class Service:
    """What every request of a process shares."""

    settings: Settings
    database: Database
    runner: Runner
    drives: Drives
    halts: Halts

    async def check_owner(self, caller: Caller, thread: str) -> None:
        """Check that a thread is the caller's tenant's own.

        Raises:
            NotFoundError: it is another tenant's, or there is none: the sentence is the same.
        """
        if await self.runner.threads.owner(thread) != caller.tenant:
            raise NotFoundError(say("there is no thread `{name}`", name=thread))


@asynccontextmanager
async def open_service(settings: Settings, at_once: int = AT_ONCE) -> AsyncIterator[Service]:
    """Open the database of these settings, and a service on it.

    Raises:
        UsageError: the database's URL is not of a kind that is supported, or the folder of its file is missing.
        StorageError: the database cannot be opened.
    """
    async with (
        open_database(located(settings), settings.accord_sqlite_synchronous) as database,
        open_service_on(database, settings, at_once) as service,
    ):
        yield service


@asynccontextmanager
async def open_service_on(database: Database, settings: Settings, at_once: int = AT_ONCE) -> AsyncIterator[Service]:
    """Open a service on a database that is open: take up what was promised, and drain in the end."""
    async with open_runner_on(database, settings) as runner:
        drives = Drives(runner, Queue(database.store), at_once)
        await drives.take_up()
        try:
            yield Service(settings, database, runner, drives, halts)
        finally:
            await drives.drain()
