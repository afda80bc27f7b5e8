"""Databases to read facts from."""

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.facts.hostile_queries import POSTGRES_SCHEMA, SQLITE_SCHEMA
from tests.facts.queries import KINDS, VARIABLE


@pytest.fixture
def shop_file(tmp_path: Path) -> Path:
    """A SQLite file with stock, alone in its folder."""
    path = tmp_path / "shop" / "shop.sqlite"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SQLITE_SCHEMA)
        connection.commit()
    return path


@pytest.fixture
def shop_database(postgres_database: str) -> str:
    """A PostgreSQL database with stock."""
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute(POSTGRES_SCHEMA.encode())
    return postgres_database


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of each kind in turn, its address in the variable."""
    if request.param == "sqlite":
        monkeypatch.setenv(VARIABLE, f"sqlite:///{request.getfixturevalue('shop_file')}")
    else:
        monkeypatch.setenv(VARIABLE, request.getfixturevalue("shop_database"))
    return str(request.param)


@pytest.fixture
def server(shop_database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(VARIABLE, shop_database)
    return shop_database


@pytest.fixture
def file(shop_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, f"sqlite:///{shop_file}")
    return shop_file
