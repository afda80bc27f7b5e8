"""The service of one process: one runner on one database, and what it has promised to drive."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from graph.opening import open_runner_on
from graph.problems import StorageError
from graph.runner import Runner
from graph.service.drives import Drives
from graph.service.looking import Looking
from graph.service.terms import Terms, load_terms
from graph.settings import Settings
from graph.store.agents import Agents
from graph.store.claims import Holder
from graph.store.database import Database, open_database
from graph.store.halts import Halts
from graph.store.keys import Keys
from graph.store.location import located, storage_errors
from graph.store.names import unknown_thread
from graph.store.queue import Queue
from graph.store.requests import Requests
from graph.store.sessions import Sessions
from policies.access.caller import Caller

SWEEP_SECONDS = 3600.0
"""How often idempotency keys and sessions are deleted that were kept long enough."""


@dataclass(frozen=True, slots=True)
class Service:
    """What every request of a process shares."""

    settings: Settings
    database: Database
    runner: Runner
    drives: Drives
    looking: Looking
    keys: Keys
    agents: Agents
    terms: Terms
    holder: Holder
    """Says whose a thread is, also of one that only the server knows which this service is mounted on."""
    promised: int
    """How many runs earlier processes had promised when this one began."""

    @property
    def halts(self) -> Halts:
        """The halts of the database, of all runs and of tenants."""
        return Halts(self.database.store)

    @property
    def sessions(self) -> Sessions:
        """Who is logged in at the board."""
        return Sessions(self.database.store)

    @property
    def requests(self) -> Requests:
        """By which request each thread was begun whose id the caller chose."""
        return Requests(self.database.store)

    async def check_owner(self, caller: Caller, thread: str) -> None:
        """Check that a thread is the caller's tenant's own.

        Raises:
            NotFoundError: it is another tenant's, or there is none: the sentence is the same.
        """
        if await self.runner.threads.owner(thread) != caller.tenant:
            raise unknown_thread(thread)

    async def claim(self, caller: Caller, thread: str) -> None:
        """Claim a thread for the caller's tenant: no other tenant has it from now on, begun or not.

        Raises:
            NotFoundError: it is another tenant's.
        """
        if await self.runner.threads.claims.claim(thread, caller.tenant, self.holder) != caller.tenant:
            raise unknown_thread(thread)


@asynccontextmanager
async def open_service(settings: Settings, terms: Terms | None = None) -> AsyncIterator[Service]:
    """Open the database of these settings, and a service on it.

    Raises:
        UsageError: the database's URL is not of a kind that is supported, or the folder of its file is missing.
        StorageError: the database cannot be opened.
    """
    async with (
        open_database(located(settings), settings.accord_sqlite_synchronous, lasts=True) as database,
        open_service_on(database, settings, terms) as service,
    ):
        yield service


@asynccontextmanager
async def open_service_on(
    database: Database, settings: Settings, terms: Terms | None = None, holder: Holder | None = None
) -> AsyncIterator[Service]:
    """Open a service on a database that is open: take up what was promised, and drain in the end.

    `holder` says whose a thread is, where more than the database knows of threads.
    """
    if terms is None:
        terms = await asyncio.to_thread(load_terms, settings)
    keys, halts = Keys(database.store, database.locks), Halts(database.store)
    async with open_runner_on(database, settings, is_served=True) as runner:
        queue = Queue(database.store)
        drives, promised = Drives(runner, queue, terms.at_once, halts), len(await queue.open())
        looking = Looking(runner, settings, drives)
        sweeping = asyncio.create_task(_sweep(keys, Sessions(database.store), runner))
        try:
            await drives.take_up(anew=True)
            agents, knows = Agents(database.store), holder or runner.threads.claims.holder
            yield Service(settings, database, runner, drives, looking, keys, agents, terms, knows, promised)
        finally:
            sweeping.cancel()
            await asyncio.gather(looking.drain(), drives.drain())


async def _sweep(keys: Keys, sessions: Sessions, runner: Runner) -> None:
    while True:
        with suppress(StorageError), storage_errors(runner.threads.location):
            await keys.sweep(runner.now())
            await sessions.sweep(runner.now())
        await asyncio.sleep(SWEEP_SECONDS)
