"""The schema of a database: Accord's own version of it, written when all tables are there, and asked before any use."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graph.problems import StorageError
from graph.store.census import Select
from policies.language import phrase, say, say_count

VERSION = 3
"""Raised whenever a table changes, or what is kept in one; a test compares the tables with those of the version."""

TABLE = "CREATE TABLE IF NOT EXISTS accord_schema (version INTEGER PRIMARY KEY)"
MARK = f"INSERT INTO accord_schema (version) VALUES ({VERSION})"


@dataclass(frozen=True, slots=True)
class Schema:
    """What a complete database of one kind has: its tables, and which of them hold what people would miss."""

    select: Select
    names: str
    """The query for the names of all tables."""
    tables: Sequence[str]
    kept: Sequence[str]

    async def check(self, location: str) -> bool:
        """Return whether the database is complete; refuse one that this Accord did not make, or that lacks a part.

        A database without a version is fresh, or one whose set-up was cut off: nothing can be kept in it yet.

        Raises:
            StorageError: it is of a newer Accord, of another program, or damaged.
        """
        there = await self._there()
        versions = await self._versions(there)
        if versions == [VERSION]:
            self._refuse_incomplete(location, there)
        elif versions:
            raise StorageError(f"{location}: {_said(versions)}")
        else:
            await self._refuse_foreign(location, there)
        return bool(versions)

    async def mark(self, location: str) -> None:
        """Write the version, once all tables are there.

        Raises:
            StorageError: a table could not be made, since something else has its name.
        """
        self._refuse_incomplete(location, await self._there())
        await self.select(f"{MARK} RETURNING version")

    async def _there(self) -> set[str]:
        return {str(name) for (name,) in await self.select(self.names)}

    async def _versions(self, there: set[str]) -> list[Any]:
        if "accord_schema" not in there:
            return []
        return [version for (version,) in await self.select("SELECT version FROM accord_schema")]

    def _refuse_incomplete(self, location: str, there: set[str]) -> None:
        missing = [f"`{table}`" for table in self.tables if table not in there]
        if missing:
            told = say_count(
                "is damaged: the table {names} of the database cannot be found; "
                "restore it from a copy, or name another one with --db",
                "is damaged: the tables {names} of the database cannot be found; "
                "restore it from a copy, or name another one with --db",
                len(missing),
                names=", ".join(missing),
            )
            raise StorageError(f"{location}: {told}")

    async def _refuse_foreign(self, location: str, there: set[str]) -> None:
        for table in self.kept:
            if table in there and await self.select(f"SELECT 1 FROM {table} LIMIT 1"):
                told = say(
                    "its table `{table}` was not written by this version of Accord: the database has no schema "
                    "version; move it away, or name another one with --db",
                    table=table,
                )
                raise StorageError(f"{location}: {told}")


def _said(versions: Sequence[Any]) -> str:
    newest = versions[-1]
    if len(versions) == 1 and isinstance(newest, int) and 0 < newest < VERSION:
        told = phrase(
            "was written by an earlier Accord: its schema has version {its}, and this Accord reads {ours} alone; "
            "move it away, or name another database"
        )
        return say(told, its=newest, ours=VERSION)
    if len(versions) == 1 and isinstance(newest, int) and newest > VERSION:
        told = phrase(
            "was written by a newer Accord: its schema has version {its}, and this Accord knows {ours}; "
            "update Accord, or name another database"
        )
        return say(told, its=newest, ours=VERSION)
    told = phrase(
        "is damaged: its schema has version {its}, which no Accord wrote; restore it from a copy, or name another"
    )
    return say(told, its=", ".join(str(version)[:20] for version in versions[:3]))


def file_schema(select: Select) -> Schema:
    """Return the schema of a SQLite file."""
    kept = ("checkpoints", "writes", "store", "newest_checkpoints", "tombstones")
    names = "SELECT name FROM sqlite_master WHERE type = 'table'"
    return Schema(select, names, (*kept, "fences", "store_migrations"), kept)


def pool_schema(select: Select) -> Schema:
    """Return the schema of a PostgreSQL database."""
    kept = ("checkpoints", "checkpoint_blobs", "checkpoint_writes", "store", "newest_checkpoints", "tombstones")
    names = "SELECT tablename FROM pg_tables WHERE schemaname = ANY (current_schemas(false))"
    return Schema(select, names, (*kept, "fences", "checkpoint_migrations", "store_migrations"), kept)
