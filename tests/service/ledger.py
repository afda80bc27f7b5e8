"""What a service's database holds of its runs, read by plain SQL alone, and what the model server was asked."""

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.scripted_server import ScriptedServer

UNDER_WAY = "under_way"


@dataclass(frozen=True)
class Ledger:
    """The database at a file's path or a PostgreSQL URL."""

    location: str

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        opened: Any = (
            psycopg.connect(self.location)
            if "://" in self.location
            else sqlite3.connect(Path(self.location), timeout=30)
        )
        with closing(opened) as connection:
            return list(connection.execute(query).fetchall())

    def _values(self, where: str) -> list[Any]:
        found = (value for (value,) in self.rows(f"SELECT value FROM store WHERE {where}"))
        return [json.loads(value) if isinstance(value, (str, bytes)) else value for value in found]

    def promises(self) -> list[dict[str, Any]]:
        """Return what is promised and not kept."""
        return self._values("prefix = 'queue'")

    def ends(self) -> dict[str, str]:
        """Return how each thread ended by the index, by its id; of one that has not, its status."""
        return {
            each["thread_id"]: each.get("stop_reason") or each["status"] for each in self._values("prefix = 'threads'")
        }

    def archived(self) -> list[str]:
        """Return the threads whose records are archived."""
        return sorted(each["thread_id"] for each in self._values("substr(prefix, 1, 8) = 'archive.'"))

    def calls(self) -> list[str]:
        """Return the kind of each call in the journal."""
        return [each["kind"] for each in self._values("substr(prefix, 1, 6) = 'calls.'")]

    def forks(self) -> list[tuple[Any, ...]]:
        """Return the checkpoints that two others follow: two writers were at work."""
        return self.rows(
            "SELECT thread_id, checkpoint_ns, parent_checkpoint_id FROM checkpoints "
            "GROUP BY thread_id, checkpoint_ns, parent_checkpoint_id HAVING count(*) > 1"
        )

    def under_way(self) -> int:
        """Return how many calls were made that have no answer in the journal."""
        return self.calls().count(UNDER_WAY)


def find_losses(ledger: Ledger, promised: set[str], model: ScriptedServer, window: int) -> list[str]:
    """Return what is wrong once all is done; `window` calls may have been paid whose answers died with a process."""
    found, ends = [], ledger.ends()
    found += [f"{thread} is lost" for thread in sorted(promised - ends.keys())]
    found += [f"{thread} was begun without a promise" for thread in sorted(ends.keys() - promised)]
    found += [f"{thread} ended {end}" for thread, end in sorted(ends.items()) if end != "success"]
    found += [f"{each} is still promised" for each in ledger.promises()]
    found += [f"two writers: {each}" for each in ledger.forks()]
    if ledger.archived() != sorted(ends):
        found.append("the archive holds other threads, or one twice")
    paid, kept = sum(call.answered for call in model.calls), len(ledger.calls())
    if not kept <= paid <= kept + window:
        found.append(f"{paid} calls were answered, {kept} are journaled, {window} may be lost")
    return found
