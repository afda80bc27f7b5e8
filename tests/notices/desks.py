"""What tests of notices share: a clock that is moved by hand, threads with questions, a desk on a database."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest

from graph.notices import desk as desks
from graph.notices.desk import Desk, ReceiverState
from graph.past import Past
from graph.receivers import Notify, Receiver
from graph.record import Record, record_of
from graph.settings import Settings
from graph.store.database import open_database
from graph.threads import Threads
from tests.harness import run, settings_at, team_of

T = TypeVar("T")
BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
"""Virtual time starts before the threads of a test do, so that what they decide is news."""


@dataclass
class Clock:
    now: datetime = BEGAN

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Office:
    """A database, its receivers, and a clock; every call opens a desk of its own, as a command does."""

    home: Path
    database: str
    addresses: Sequence[str]
    clock: Clock = field(default_factory=Clock)
    public_url: str | None = None

    @property
    def settings(self) -> Settings:
        return settings_at(self.home, accord_database_url=self.database)

    def decide(self, *threads: str) -> None:
        for thread in threads:
            run(team_of(self.settings, "cold_storage"), self.settings, thread)

    def at_desk(self, work: Callable[[Desk], Awaitable[T]]) -> T:
        notify = Notify([Receiver(each) for each in self.addresses], self.public_url)

        async def main() -> T:
            async with open_database(self.database) as database:
                return await work(Desk(database, Threads(database), notify, now=self.clock))

        return asyncio.run(main())

    def know(self) -> None:
        """Know the receivers, as a command does when it begins."""
        self.at_desk(lambda desk: desk.note([]))

    def notify(self, seconds: float | None = None) -> list[ReceiverState]:
        """Do what `accord notify` does."""

        async def work(desk: Desk) -> list[ReceiverState]:
            await desk.note_all()
            await desk.send_due(seconds)
            return await desk.receiver_states()

        return self.at_desk(work)

    def bytes(self) -> bytes:
        """Return all that the database holds of notices, and of SQLite every byte of its files."""
        if "://" not in self.database:
            return b"".join(
                path.read_bytes() for path in Path(self.database).parent.glob("threads.sqlite*") if path.is_file()
            )
        with closing(psycopg.connect(self.database)) as connection:
            return repr(connection.execute("SELECT * FROM store").fetchall()).encode()

    def rows(self) -> list[Mapping[str, Any]]:
        """Return the rows of the outbox by plain SQL."""
        query = "SELECT value FROM store WHERE prefix LIKE 'notices.%' AND prefix <> 'notices.receivers' ORDER BY key"
        opened: Any = psycopg.connect(self.database) if "://" in self.database else sqlite3.connect(self.database)
        with closing(opened) as connection:
            values = [value for (value,) in connection.execute(query).fetchall()]
        return [value if isinstance(value, dict) else json.loads(value) for value in values]


def question(name: str = "q-1", **changes: Any) -> dict[str, Any]:
    """Return an open question as a record has it under `waiting`."""
    return {
        **{"id": name, "kind": "decide", "asked": ["cfo", "cto"], "question": "May the batch be released?"},
        **{"options": ["go", "no_go", "stop"], "stances": {}, "conflicts": [], "guards": [], "answered": []},
        **{"since": BEGAN.isoformat(), "expires_at": None},
        **changes,
    }


def ask(monkeypatch: pytest.MonkeyPatch, waiting: Mapping[str, list[dict[str, Any]]]) -> None:
    """Have the records of threads show open questions; the mapping may be changed afterwards."""

    def record(thread: str, state: Mapping[str, Any], is_running: bool = False) -> Record:
        questions = waiting.get(thread)
        real = record_of(thread, state, is_running)
        return {**real, "waiting": questions, "status": "waiting", "final_decision": None} if questions else real

    monkeypatch.setattr(desks, "record_of", record)
    monkeypatch.setattr(desks, "_is_open", lambda entry: entry["thread_id"] in waiting)


def past_of_case(goal: str = "Release the batch?", *events: dict[str, Any]) -> Past:
    """Return the past of a thread with this goal and these events."""
    return Past.of({"case": {"goal": goal}, "events": [{"seq": number, **each} for number, each in enumerate(events)]})
