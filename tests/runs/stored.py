"""What a database file holds, read with sqlite3 alone."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

DATABASE = "accord.sqlite"
MADE = ("accord_schema", "store_migrations")
"""What every database has from the moment it is made."""


def rows_of(home: Path) -> dict[str, int]:
    """Return how many rows each table of a data directory's database has that a thread may have rows in."""
    if not (home / DATABASE).exists():
        return {}
    with closing(sqlite3.connect(home / DATABASE)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        counts = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
        return {name: count for name, count in counts.items() if count and name not in MADE}


def entry_of(home: Path, thread: str) -> dict[str, Any]:
    """Return what the index says of a thread."""
    with closing(sqlite3.connect(home / DATABASE)) as connection:
        query = "SELECT value FROM store WHERE prefix = 'threads' AND key = ?"
        return dict(json.loads(connection.execute(query, (thread,)).fetchone()[0]))


def metadata_of(home: Path, thread: str) -> list[dict[str, Any]]:
    """Return the metadata of each checkpoint of a thread."""
    with closing(sqlite3.connect(home / DATABASE)) as connection:
        query = "SELECT metadata FROM checkpoints WHERE thread_id = ?"
        return [json.loads(value) for (value,) in connection.execute(query, (thread,))]


def execute(home: Path, statement: str, *values: str) -> None:
    """Change the database file below the application."""
    with closing(sqlite3.connect(home / DATABASE)) as connection, connection:
        connection.execute(statement, values)
