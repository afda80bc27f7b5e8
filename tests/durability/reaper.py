"""A reaper: kills its process at a statement that a database is given, or at a file that is exported."""

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from psycopg import AsyncConnection, AsyncCursor

from graph.problems import StorageError, UsageError
from graph.retention import exports, holds, purging
from graph.store.database import Database, open_database


@dataclass
class Reaper:
    """Kills its process at a statement or a file of its number; 0 is never."""

    number: int
    reached: int = 0

    def reach(self, *_: object) -> None:
        self.reached += 1
        if self.reached == self.number:
            os.kill(os.getpid(), signal.SIGKILL)

    def counting(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return the work with a moment before it and one after it."""

        def counted(*given: Any, **named: Any) -> Any:
            self.reach()
            done = work(*given, **named)
            self.reach()
            return done

        return counted

    @asynccontextmanager
    async def watched(self, *given: Any, **named: Any) -> AsyncIterator[Database]:
        """Open the database, and count each statement that SQLite begins."""
        async with open_database(*given, **named) as database:
            lane = getattr(database.saver, "lane", None)
            if lane is not None:
                lane.connection.set_trace_callback(self.reach)
            yield database

    def at_work(self, work: Callable[[], Any]) -> None:
        """Do the work; a refusal is none of a crash."""
        with (
            patch.object(holds, "open_database", self.watched),
            patch.object(purging, "open_database", self.watched),
            patch.object(exports, "_write", self.counting(exports._write)),
            patch.object(os, "fsync", self.counting(os.fsync)),
            patch.object(AsyncConnection, "execute", self.counting(AsyncConnection.execute)),
            patch.object(AsyncCursor, "execute", self.counting(AsyncCursor.execute)),
        ):
            try:
                work()
            except StorageError:
                raise
            except UsageError:
                pass
