"""Reaches into a thread's checkpoints, as somebody could who has the database file."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from nodes.fingerprint import digest, fingerprint
from policies.assurance.audit import Event, link
from policies.assurance.commitments import sealed

Change = Callable[[list[Event]], list[Event]]
_FOUND = "SELECT rowid, type, value FROM writes WHERE thread_id = ? AND channel = 'events' ORDER BY checkpoint_id, idx"


def rewrite_events(database: Path, change: Change, thread: str = "t") -> None:
    """Rewrite the events of a thread in place; one that is added or dropped is so in the last step."""
    serializer = JsonPlusSerializer()
    with closing(sqlite3.connect(database)) as connection, connection:
        rows = connection.execute(_FOUND, (thread,)).fetchall()
        steps = [serializer.loads_typed((kind, value)) for _, kind, value in rows]
        left = change([event for step in steps for event in step])
        for number, (row, _, _) in enumerate(rows):
            count = len(left) if number == len(rows) - 1 else len(steps[number])
            part, left = left[:count], left[count:]
            connection.execute(
                "UPDATE writes SET type = ?, value = ? WHERE rowid = ?", (*serializer.dumps_typed(part), row)
            )


def rewrite_archive(database: Path, change: Callable[[dict[str, Any]], dict[str, Any]], thread: str = "t") -> None:
    """Rewrite the archive's entry of a thread in place."""
    with closing(sqlite3.connect(database)) as connection, connection:
        where = "prefix LIKE 'archive.%' AND key = ?"
        (value,) = connection.execute(f"SELECT value FROM store WHERE {where}", (thread,)).fetchone()
        changed = json.dumps(change(json.loads(value)))
        connection.execute(f"UPDATE store SET value = ? WHERE {where}", (changed, thread))


def relinked(events: list[Event]) -> list[Event]:
    """Return the events with numbers and hashes that fit together again."""
    made: list[Event] = []
    for event in events:
        body = {key: value for key, value in event.items() if key not in ("seq", "prev_hash", "hash")}
        made.append(link(made[-1] if made else None, body, fingerprint))
    return made


def resealed(events: list[Event]) -> list[Event]:
    """Return the events as a careful forger writes them: what each step wrote is committed to anew, and linked."""
    bodies, step = list[Event](), list[Event]()
    for event in events:
        wrote = event.get("wrote")
        step.append({key: value for key, value in event.items() if key not in ("seq", "prev_hash", "hash", "wrote")})
        if wrote is not None:
            bodies += sealed(step, {name: kept for name, kept in wrote.items() if name != "events"}, digest)
            step = []
    return relinked(bodies)
