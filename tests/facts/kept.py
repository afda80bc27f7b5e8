"""What a database has, read by its plain driver: the judge of whether a query changed it."""

import hashlib
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

OBJECTS = {
    "relations": "SELECT relname, relkind::text, relacl::text, obj_description(oid, 'pg_class') FROM pg_class "
    "WHERE relnamespace <> 'pg_toast'::regnamespace",
    "columns": "SELECT attrelid::regclass::text, attname::text FROM pg_attribute WHERE attnum > 0",
    "functions": "SELECT oid::regprocedure::text, prosrc FROM pg_proc WHERE oid >= 16384",
    "large": "SELECT loid::text, pageno::text, data FROM pg_largeobject",
    "settings": "SELECT setrole::text, setconfig::text FROM pg_db_role_setting",
    "large objects": "SELECT oid::text FROM pg_largeobject_metadata",
}

READABLE = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'S') AND relnamespace = 'public'::regnamespace"
"""Tables and sequences."""

LEFT = """
SELECT pid, state, query FROM pg_stat_activity WHERE application_name = 'accord' UNION ALL
SELECT pid, locktype, mode FROM pg_locks WHERE pid <> pg_backend_pid() AND locktype <> 'virtualxid'
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def folder_bytes(path: Path) -> dict[str, str]:
    """The digest of each file in the folder of a SQLite file."""
    return {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in sorted(path.parent.iterdir())}


def is_unlocked(path: Path) -> bool:
    """Whether somebody else may write to a SQLite file at once."""
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return False
    return True


def rows_of(connection: psycopg.Connection[Any]) -> Mapping[str, Any]:
    """Every row, sequence, large object and description in a PostgreSQL database."""
    found: dict[str, Any] = {
        name: sorted(map(repr, connection.execute(query.encode()))) for name, query in OBJECTS.items()
    }
    for (name,) in connection.execute(READABLE.encode()).fetchall():
        query = sql.SQL("SELECT ctid, xmin, {0}.* FROM {0}").format(sql.Identifier(name))
        found[f"table {name}"] = sorted(map(repr, connection.execute(query)))
    return found


def sessions_left(connection: psycopg.Connection[Any], seconds: float = 5.0) -> list[Any]:
    """The sessions and locks of others that are left when that time is over, or as soon as there are none."""
    end = time.monotonic() + seconds
    while (left := connection.execute(LEFT.encode()).fetchall()) and time.monotonic() < end:
        time.sleep(0.05)
    return left
