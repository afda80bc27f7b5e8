"""Every row that a database holds of a thread, read by plain SQL."""

import sqlite3
from contextlib import closing
from typing import Any

import psycopg

IN_FILE = ("checkpoints", "writes", "newest_checkpoints")
IN_POSTGRES = ("checkpoints", "checkpoint_writes", "checkpoint_blobs", "newest_checkpoints")

Rows = dict[str, list[str]]


def tables_at(location: str) -> tuple[str, ...]:
    """Return the tables that hold rows of threads, the store last."""
    return (*(IN_POSTGRES if "://" in location else IN_FILE), "store")


def all_rows(location: str, thread: str) -> Rows:
    """Return all rows of a thread, by table: also the times at which they were written."""
    is_postgres = "://" in location
    opened: Any = psycopg.connect(location) if is_postgres else sqlite3.connect(location, timeout=30)
    sign = "%s" if is_postgres else "?"
    part = thread.replace(".", "%2E")
    with closing(opened) as connection:
        found = {}
        for table in tables_at(location):
            owner = f"prefix IN ({sign}, {sign}) OR key = {sign}" if table == "store" else f"thread_id = {sign}"
            given = (f"calls.{part}", f"said.{part}", thread) if table == "store" else (thread,)
            found[table] = sorted(map(repr, connection.execute(f"SELECT * FROM {table} WHERE {owner}", given)))
    return found
