"""Databases to read facts from."""

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.facts.hostile_queries import POSTGRES_SCHEMA, SQLITE_SCHEMA


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
