"""Databases to read facts from."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.facts.hostile_queries import POSTGRES_SCHEMA, SQLITE_SCHEMA
from tests.facts.queries import KINDS, VARIABLE

PLAIN_USER = """
DO $$ BEGIN CREATE ROLE accord_reader LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC;
"""


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


@pytest.fixture
def plain_address(shop_database: str) -> str:
    """The address of that database with a user who may only select."""
    with psycopg.connect(shop_database, autocommit=True) as connection:
        connection.execute(PLAIN_USER.encode())
    return urlsplit(shop_database)._replace(netloc="accord_reader:@").geturl()


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of each kind in turn, its address in the variable."""
    if request.param == "sqlite":
        monkeypatch.setenv(VARIABLE, f"sqlite:///{request.getfixturevalue('shop_file')}")
    else:
        monkeypatch.setenv(VARIABLE, request.getfixturevalue("plain_address"))
    return str(request.param)


@pytest.fixture
def server(shop_database: str, plain_address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address with every right; in the variable is the one of a user who may only select."""
    monkeypatch.setenv(VARIABLE, plain_address)
    return shop_database


@pytest.fixture
def file(shop_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, f"sqlite:///{shop_file}")
    return shop_file
