"""The service of one process: one runner on one database, and what it has promised to drive."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from graph.runner import Runner, open_runner_on
from graph.service.drives import AT_ONCE, Drives
from graph.settings import Settings
from graph.store.database import Database, open_database
from graph.store.halts import Halts
from graph.store.location import located
from graph.store.queue import Queue


@dataclass(frozen=True, slots=True)
class Service:
    """What every request of a process shares."""

    settings: Settings
    database: Database
    runner: Runner
    drives: Drives
    halts: Halts


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
            yield Service(settings, database, runner, drives, runner.halts)
        finally:
            await drives.drain()
