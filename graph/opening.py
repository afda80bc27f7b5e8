"""Opening: a runner on the database, the voices and the tracing of settings."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from graph.collector import settle_collector
from graph.endpoints import load_notify
from graph.facts.loader import loader_for
from graph.notices.outbox import know_receivers
from graph.runner import Runner
from graph.settings import Settings
from graph.store.database import Database, open_database
from graph.store.halts import build_look
from graph.store.location import located
from graph.tracing import open_tracing
from graph.versions import installed_versions
from graph.voices import open_voices
from nodes.halt import Halt
from nodes.services import Services
from nodes.voices.voice import Voice


@asynccontextmanager
async def open_runner(
    settings: Settings, voices: Mapping[str, Voice] | None = None, halt: Halt | None = None
) -> AsyncIterator[Runner]:
    """Open the database and the voices of these settings, and a runner on them.

    `voices` are asked in addition to those, or in their place where they have the same name.

    Raises:
        UsageError: the database's URL is not of a kind that is supported, or the folder of its file is missing.
        StorageError: the database cannot be opened.
    """
    async with (
        open_database(located(settings), settings.accord_sqlite_synchronous) as database,
        open_runner_on(database, settings, voices, halt) as runner,
    ):
        yield runner


@asynccontextmanager
async def open_runner_on(
    database: Database,
    settings: Settings,
    voices: Mapping[str, Voice] | None = None,
    halt: Halt | None = None,
    *,
    is_served: bool = False,
) -> AsyncIterator[Runner]:
    """Open the voices of these settings, and a runner on a database that is open; others use it where it `is_served`.

    They learn which source of facts failed, and not where it is on this machine.
    """
    async with open_voices(settings) as opened, open_tracing(settings) as tracing:
        await know_receivers(database.store, load_notify(settings).receivers)
        spoken, versions = {**opened, **(voices or {})}, installed_versions()
        services = Services(
            spoken,
            loader_for(settings, is_served),
            halt or Halt(),
            versions=versions,
            annotate=tracing.annotate,
            look=build_look(),
        )
        settle_collector()
        yield Runner(database, services, settings.database, tracing)
