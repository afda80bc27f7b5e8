"""The doctor: what this installation can do, and what is wrong with it."""

import importlib
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from graph.config.file import read_config
from graph.endpoints import load_endpoints, load_notify, registered_teams, route_of
from graph.facts.settings import load_fact_settings
from graph.notices.sender import NOT_INSTALLED, Sender, can_send
from graph.problems import StorageError, UsageError
from graph.settings import Settings, variable
from graph.store.database import open_database
from graph.store.location import located, shown, storage_errors
from graph.store.tokens import Tokens
from graph.teams.loader import Changes, load_team, shipped_teams
from graph.teams.offered import ANY_GOAL
from graph.teams.voicing import voiced
from graph.versions import PINNED, installed_versions
from graph.voices import open_voices
from nodes.services import utc_now
from nodes.voices.wire.endpoint import Endpoint
from policies.run.stop import Stop

PACKAGES = ("graph", "nodes", "policies")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing examined: what was found, and whether it is as it must be; None where nobody tried."""

    name: str
    is_good: bool | None
    message: str


async def examine(settings: Settings, asks: bool = False) -> list[Diagnosis]:
    """Return what was found, in a fixed order; only the database is reached, and endpoints where it `asks`."""
    checks: tuple[Callable[[Settings], Awaitable[Diagnosis]], ...] = (
        _python,
        _packages,
        _versions,
        _database,
        _teams,
        _voice,
        _facts,
        _notices,
        _service,
    )
    found = [await check(settings) for check in checks]
    return [*found, *(await _endpoints(settings) if asks else [])]


async def _python(_: Settings) -> Diagnosis:
    found = ".".join(map(str, sys.version_info[:3]))
    return Diagnosis("python", sys.version_info >= (3, 11), f"{found}, SQLite {sqlite3.sqlite_version}")


async def _packages(_: Settings) -> Diagnosis:
    """Return whether all three packages come from this installation: their names are common ones."""
    homes = {name: Path(str(importlib.import_module(name).__file__)).parent.parent for name in PACKAGES}
    if len(set(homes.values())) == 1:
        return Diagnosis("packages", True, f"{', '.join(PACKAGES)} from {homes['graph']}")
    found = ", ".join(f"`{name}` from {home}" for name, home in homes.items())
    return Diagnosis("packages", False, f"shadowed by another distribution: {found}; install accord on its own")


async def _versions(_: Settings) -> Diagnosis:
    missing = [name for name in PINNED if name not in installed_versions()]
    if missing:
        return Diagnosis("versions", False, f"{', '.join(missing)} is not installed")
    return Diagnosis("versions", True, ", ".join(f"{name} {number}" for name, number in installed_versions().items()))


async def _database(settings: Settings) -> Diagnosis:
    try:
        async with open_database(located(settings), settings.accord_sqlite_synchronous) as database:
            with storage_errors(settings.database):
                await database.store.aput(("doctor",), "examined", {"by": installed_versions()["accord"]}, index=False)
    except UsageError as error:
        return Diagnosis("database", False, str(error))
    return Diagnosis("database", True, f"{shown(settings.database)} can be written")


async def _teams(settings: Settings) -> Diagnosis:
    try:
        for name in shipped_teams():
            voiced(load_team(name), settings, "rules")
        registered = registered_teams(settings)
        for path in registered.values():
            load_team(str(path), Changes(goal=ANY_GOAL))
    except UsageError as error:
        return Diagnosis("teams", False, str(error))
    return Diagnosis("teams", True, ", ".join([*shipped_teams(), *registered]))


async def _voice(settings: Settings) -> Diagnosis:
    """Return who answers; what was not asked is not called good."""
    try:
        endpoints = load_endpoints(settings)
    except UsageError as error:
        return Diagnosis("voice", False, str(error))
    if not endpoints:
        return Diagnosis("voice", True, "rules: OPENAI_API_KEY is not set")
    lacking = [endpoint.lacks for endpoint in endpoints.values() if endpoint.lacks]
    if lacking:
        return Diagnosis("voice", False, "; ".join(lacking))
    told = ", ".join(f"{each.default_model} at {each.address}" for each in endpoints.values())
    return Diagnosis("voice", None, f"model: {told}; not asked, `accord doctor --ask` asks")


async def _facts(settings: Settings) -> Diagnosis:
    """Return where facts may come from, and which credentials are missing; nobody is asked."""
    try:
        found = load_fact_settings(settings)
    except UsageError as error:
        return Diagnosis("facts", False, str(error))
    missing = [name for name in found.variables if not variable(name)]
    if missing:
        return Diagnosis("facts", False, f"not set: {', '.join(missing)}; named in accord.toml under `facts`")
    listed = [*found.hosts, *found.databases]
    if not listed:
        return Diagnosis("facts", True, "no host and no database: accord.toml names none under `facts`")
    return Diagnosis("facts", None, f"{', '.join(listed)}; not asked")


async def _notices(settings: Settings) -> Diagnosis:
    """Return who is sent notices, and whether what sends can read their addresses; nobody is sent anything."""
    try:
        notify = load_notify(settings)
    except UsageError as error:
        return Diagnosis("notices", False, str(error))
    if not notify.receivers:
        return Diagnosis("notices", True, "no receiver: accord.toml names none under `notify`")
    if not can_send():
        return Diagnosis("notices", False, NOT_INSTALLED)
    wrong = []
    for receiver in notify.receivers:
        async with Sender.opened(receiver, route_of(settings)) as sender:
            await sender.start()
            problem = await sender.check()
            wrong += [f"{receiver.shown}: {problem}"] if problem else []
    if wrong:
        return Diagnosis("notices", False, "; ".join(wrong))
    told = ", ".join(each.shown for each in notify.receivers)
    return Diagnosis("notices", None, f"{told}; nothing was sent, `accord notify` sends what is due")


async def _service(settings: Settings) -> Diagnosis:
    """Return who may call the HTTP service, and under which names it is served."""
    try:
        file = read_config(settings)
        async with open_database(located(settings), settings.accord_sqlite_synchronous) as database:
            with storage_errors(settings.database):
                tokens = await Tokens(database.store).listed()
    except StorageError:
        return Diagnosis("service", None, "not known: the database does not answer")
    except UsageError as error:
        return Diagnosis("service", False, str(error))
    public = urlsplit(file.public_url).hostname if file.public_url else None
    served = f"served as {', '.join(['localhost', *filter(None, [public]), *file.serve.hosts])}"
    if not tokens:
        return Diagnosis("service", True, f"no token: `accord serve` is open to this machine alone; {served}")
    taken = sum(token.is_good(utc_now()) for token in tokens)
    if not taken:
        return Diagnosis("service", None, f"every token has ended; `accord token create` makes another; {served}")
    return Diagnosis("service", True, f"{len(tokens)} tokens, of which {taken} may call; {served}")


async def _endpoints(settings: Settings) -> list[Diagnosis]:
    try:
        endpoints = load_endpoints(settings)
        async with open_voices(settings) as voices:
            return [await _tried(endpoint, voices["model"]) for endpoint in endpoints.values()]
    except UsageError as error:
        return [Diagnosis("endpoints", False, str(error))]


async def _tried(endpoint: Endpoint, voice: Any) -> Diagnosis:
    started = time.monotonic()
    answer = await voice.try_out(endpoint.name)
    seconds = time.monotonic() - started
    name, failure = f"endpoint {endpoint.name}", answer.failure
    if failure and Stop.parse(failure.reason).kind != "llm_truncated":
        return Diagnosis(name, False, f"{failure.reason}: {failure.cause}")
    found = voice.learned().get(endpoint.called(endpoint.default_model), {})
    learned = f"; it takes {', '.join(f'{key} {value}' for key, value in found.items())}" if found else ""
    counted = "" if answer.tokens else "; it reports no usage, so calls count as reserved"
    return Diagnosis(name, True, f"{endpoint.default_model} at {endpoint.address} in {seconds:.1f} s{learned}{counted}")
