"""The schema has a version of Accord's own: a database of another one is refused before anything is read from it."""

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from graph.problems import StorageError
from graph.settings import Settings
from tests.harness import run, settings_at, show, team_of

pytestmark = pytest.mark.slow

Act = Callable[[Settings], Any]
ACTS: dict[str, Act] = {
    "run": lambda settings: run(team_of(settings), settings, "new"),
    "show": lambda settings: show(settings),
}
each_act = pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)


def execute(location: str, *statements: str) -> list[Any]:
    """The rows of the last statement."""
    opened: Any = psycopg.connect(location, autocommit=True) if "://" in location else sqlite3.connect(location)
    with closing(opened) as connection:
        done = [connection.execute(statement) for statement in statements][-1]
        rows = done.fetchall() if done.description else []
        if "://" not in location:
            connection.commit()
        return list(rows)


@pytest.fixture
def settings(tmp_path: Path, database: str) -> Settings:
    """A database with one thread."""
    settings = settings_at(tmp_path, accord_database_url=database)
    run(team_of(settings), settings)
    return settings


def refusal(act: Act, settings: Settings) -> str:
    with pytest.raises(StorageError) as refused:
        act(settings)
    (said,) = refused.value.problems
    assert said.startswith(f"{settings.database.replace('postgres:@', '')}".partition("?")[0]), said
    return said


@each_act
@pytest.mark.parametrize("version", [4, 2**31 - 1])
def test_a_newer_schema_is_refused_and_says_what_to_do(version: int, act: Act, settings: Settings) -> None:
    execute(settings.database, f"UPDATE accord_schema SET version = {version}")

    assert (
        f"was written by a newer Accord: its schema has version {version}, and this Accord knows 3; update Accord"
        in (refusal(act, settings))
    )

    execute(settings.database, "UPDATE accord_schema SET version = 3")
    assert show(settings)["final_decision"] == "go"


@each_act
def test_an_earlier_schema_is_refused_and_says_what_to_do(act: Act, settings: Settings) -> None:
    execute(settings.database, "UPDATE accord_schema SET version = 1")

    told = "was written by an earlier Accord: its schema has version 1, and this Accord reads 3 alone; move it away"
    assert told in refusal(act, settings)


@each_act
@pytest.mark.parametrize("values", ["(0)", "(-1)", "(1), (2)"])
def test_a_version_that_nobody_wrote_is_damage(values: str, act: Act, settings: Settings) -> None:
    execute(settings.database, "DELETE FROM accord_schema", f"INSERT INTO accord_schema VALUES {values}")

    assert "is damaged: its schema has version " in refusal(act, settings)


@each_act
@pytest.mark.parametrize("gone", ["DROP TABLE accord_schema", "DELETE FROM accord_schema"])
def test_threads_without_a_version_are_refused_and_left_alone(gone: str, act: Act, settings: Settings) -> None:
    execute(settings.database, gone)
    before = execute(settings.database, "SELECT count(*) FROM checkpoints")

    assert "has no schema version; move it away, or name another one with --db" in refusal(act, settings)

    assert execute(settings.database, "SELECT count(*) FROM checkpoints") == before


@each_act
@pytest.mark.parametrize("table", ["checkpoints", "store", "newest_checkpoints", "store_migrations"])
def test_a_table_that_is_gone_is_damage_and_is_not_made_anew(table: str, act: Act, settings: Settings) -> None:
    execute(settings.database, f"DROP TABLE {table}")

    assert f"is damaged: the table `{table}` of the database cannot be found" in refusal(act, settings)

    with pytest.raises((sqlite3.OperationalError, psycopg.errors.UndefinedTable)):
        execute(settings.database, f"SELECT * FROM {table}")


def test_a_set_up_that_was_cut_off_is_finished(tmp_path: Path, database: str) -> None:
    """Tables without a row and without a version: nothing can be lost."""
    settings = settings_at(tmp_path, accord_database_url=database)
    run(team_of(settings), settings)
    tables = ["store", "checkpoints", "newest_checkpoints"]
    rest = ["writes"] if database.endswith(".sqlite") else ["checkpoint_blobs", "checkpoint_writes"]
    execute(database, *(f"DELETE FROM {table}" for table in [*tables, *rest]), "DROP TABLE accord_schema")

    assert run(team_of(settings), settings)["final_decision"] == "go"

    assert execute(database, "SELECT version FROM accord_schema") == [(3,)]


TABLES = {3: "dfbb5a70b6109264"}
"""The digest of the tables of each version."""


def test_the_tables_are_those_of_the_version(tmp_path: Path) -> None:
    """Fails when LangGraph or Accord changes a table: then the version is raised, and its digest noted here."""
    settings = settings_at(tmp_path)
    run(team_of(settings), settings)
    made = execute(settings.database, "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
    ((version,),) = execute(settings.database, "SELECT version FROM accord_schema")

    told = "\n".join(f"{name} {' '.join(sql.split())}" for name, sql in made)
    assert hashlib.sha256(told.encode()).hexdigest()[:16] == TABLES[version], told
