"""The doctor: what this installation can do, and what is wrong with it."""

import importlib
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from graph.problems import UsageError
from graph.settings import Settings
from graph.store.database import open_database
from graph.store.location import shown, storage_errors
from graph.teams.loader import load_team, shipped_teams
from graph.teams.voicing import voiced
from graph.versions import PINNED, installed_versions

PACKAGES = ("graph", "nodes", "policies")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing examined: what was found, and whether it is as it must be."""

    name: str
    is_good: bool
    message: str


async def examine(settings: Settings) -> list[Finding]:
    """Return what was found, in a fixed order; nothing is called over the network but the database."""
    checks: tuple[Callable[[Settings], Awaitable[Finding]], ...] = (
        _python,
        _packages,
        _versions,
        _database,
        _teams,
        _voice,
    )
    return [await check(settings) for check in checks]


async def _python(_: Settings) -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", sys.version_info >= (3, 11), f"{found}, SQLite {sqlite3.sqlite_version}")


async def _packages(_: Settings) -> Finding:
    """Tell whether all three packages come from this installation: their names are common ones."""
    homes = {name: Path(str(importlib.import_module(name).__file__)).parent.parent for name in PACKAGES}
    if len(set(homes.values())) == 1:
        return Finding("packages", True, f"{', '.join(PACKAGES)} from {homes['graph']}")
    found = ", ".join(f"`{name}` from {home}" for name, home in homes.items())
    return Finding("packages", False, f"shadowed by another distribution: {found}; install accord on its own")


async def _versions(_: Settings) -> Finding:
    missing = [name for name in PINNED if name not in installed_versions()]
    if missing:
        return Finding("versions", False, f"{', '.join(missing)} is not installed")
    return Finding("versions", True, ", ".join(f"{name} {number}" for name, number in installed_versions().items()))


async def _database(settings: Settings) -> Finding:
    try:
        async with open_database(settings.database, settings.accord_sqlite_synchronous) as database:
            with storage_errors(settings.database):
                await database.store.aput(("doctor",), "examined", {"by": installed_versions()["accord"]}, index=False)
    except UsageError as error:
        return Finding("database", False, str(error))
    return Finding("database", True, f"{shown(settings.database)} can be written")


async def _teams(settings: Settings) -> Finding:
    try:
        for name in shipped_teams():
            voiced(load_team(name), settings, "rules")
    except UsageError as error:
        return Finding("teams", False, str(error))
    return Finding("teams", True, ", ".join(shipped_teams()))


async def _voice(settings: Settings) -> Finding:
    if settings.openai_api_key is None:
        return Finding("voice", True, "rules: OPENAI_API_KEY is not set")
    where = shown(settings.openai_base_url or "the default endpoint")
    return Finding("voice", True, f"model: {settings.openai_model} at {where}, a key is set")
