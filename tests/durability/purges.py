"""Purges between runs, holds and releases, in the order of a seed, many of them killed: `... purges FIRST COUNT`.

After each step every chain and every tombstone is judged by hashlib and json alone, and what was held before the step
is compared byte by byte. A process of its own, because it forks.
"""

import asyncio
import hashlib
import json
import random
import sys
import tempfile
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from graph.assurance.records import exported
from graph.assurance.verification import verify_all
from graph.past import Past
from graph.retention import exports, holds, purging
from graph.runner import Runner
from graph.settings import Settings
from graph.store.database import open_database
from graph.threads import Threads
from nodes.services import Services
from tests.durability.forks import exit_code_of, fork
from tests.durability.reaper import Reaper
from tests.durability.rows import Rows, all_rows
from tests.durability.server import this_process_server
from tests.harness import load_facts, scripted, settings_at, team_of
from tests.harness import proposal as said
from tests.retention.desks import canonical, unlike_a_tombstone, unlinked

Plain = dict[str, Any]

NOW = datetime(2030, 6, 1, tzinfo=UTC)
OLDER_THAN_DAYS = 30
STEPS = 14
KINDS = ("run", "run", "run", "hold", "hold", "release", "purge", "purge")
KILLED = -9
MOST_STATEMENTS: Mapping[str, int] = {"run": 120, "hold": 60, "release": 60, "purge": 160}
"""About how many statements a step makes; one whose kill is drawn beyond its last is not killed."""
WAITS = {"policy": {"name": "asks", "rules": [], "otherwise": "escalate"}}
STOPS = {"budget": {"max_messages": 2}}


def iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


@dataclass
class Seen:
    """What a database had of all threads at one moment: the events of each, those exported, and its rows."""

    events: Mapping[str, list[Plain]] = field(default_factory=dict)
    chains: Mapping[str, str] = field(default_factory=dict)
    running: frozenset[str] = frozenset()
    """Threads that the index calls running: whoever comes next notes how they ended."""
    faults: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, Rows] = field(default_factory=dict)

    def is_tomb(self, thread: str) -> bool:
        return bool(self.events[thread][-1]["event"] == "purged")

    def is_held(self, thread: str) -> bool:
        words = [event["event"] for event in self.events[thread] if event.get("event") in ("held", "released")]
        return words[-1:] == ["held"]

    def is_due(self, thread: str) -> bool:
        """Whether it ended long enough ago, by its events alone, and nobody holds it."""
        run = [event for event in self.events[thread] if event["event"] not in ("held", "released")]
        is_old = run[-1]["at"] < iso(NOW - timedelta(days=OLDER_THAN_DAYS))
        return bool(run[-1]["event"] == "finished" and is_old and not self.is_held(thread))


class Trial:
    """The steps of one seed on one database."""

    def __init__(self, seed: int, folder: Path, location: str) -> None:
        self.seed, self.folder, self.rng = seed, folder, random.Random(f"purges {seed}")
        self.settings: Settings = settings_at(folder / "home", accord_database_url=location)
        self.story: list[str] = []
        self.kept: dict[str, str] = {}
        """The chain of each thread as it was exported last while it was there."""
        self.begun = 0

    def judge(self) -> str:
        """Do the steps, and return what came of them in a word; what must hold is asserted."""
        seen, killed = self._look(), set[str]()
        for _ in range(STEPS):
            kind = self.rng.choice(KINDS)
            number = self.rng.randint(1, MOST_STATEMENTS[kind]) if self.rng.random() < 0.6 else 0
            code = self._step(self._work(kind, seen), number)
            self.story.append(f"{kind}, killed at {number}: {code}")
            assert code in (0, KILLED), self
            before, seen = seen, self._look()
            self._compare(before, seen, is_whole_purge=kind == "purge" and code == 0)
            killed |= {kind} if code == KILLED else set()
        assert self._step(self._purge, 0) == 0, self
        before, seen = seen, self._look()
        self._compare(before, seen, is_whole_purge=True)
        buried = sum(map(seen.is_tomb, seen.events))
        self._check_bytes(seen)
        which = "a purge" if "purge" in killed else "another step" if killed else "nothing"
        return f"{which} killed, {'some' if buried else 'none'} purged"

    def __str__(self) -> str:
        return f"seed {self.seed} on {self.settings.database}: {'; '.join(self.story)}"

    # --- the steps ---------------------------------------------------------------------------------------------------

    def _step(self, work: Callable[[Reaper], Any], number: int) -> int:
        reaper = Reaper(number)
        return exit_code_of(fork(partial(reaper.at_work, partial(work, reaper))))

    def _work(self, kind: str, seen: Seen) -> Callable[[Reaper], Any]:
        there = [*seen.events]
        if kind == "run" or not there:
            self.begun += 1
            age = timedelta(days=self.rng.choice((1, 29, 31, 90, 400)))
            changes = self.rng.choice(({}, {}, {}, WAITS, STOPS))
            return partial(self._run, thread=f"t.{self.begun}", at=NOW - age, overrides=changes)
        if kind == "purge":
            return self._purge
        return partial(self._hold, thread=self.rng.choice(there), is_release=kind == "release")

    def _run(self, reaper: Reaper, thread: str, at: datetime, overrides: Plain) -> None:
        async def main() -> None:
            voices = scripted(lambda question: said(question.name))
            async with reaper.watched(self.settings.database) as database:
                runner = Runner(database, Services(voices, load_facts, now=lambda: iso(at)))
                await runner.run(team_of(self.settings, goal=f"CANARY of {thread}.", overrides=overrides), thread)

        asyncio.run(main())

    def _hold(self, _: Reaper, thread: str, is_release: bool) -> None:
        asyncio.run(holds.hold(self.settings, thread, "legal", "A claim.", is_release=is_release))

    def _purge(self, _: Reaper) -> None:
        async def main() -> None:
            order = purging.Order(f"{OLDER_THAN_DAYS}d", "ops", exports.Exports(self.folder / "kept"))
            async with purging.open_purger(self.settings, order, lambda: iso(NOW)) as purger:
                done = await purger.purge()
                wrong = [each for each in done.kept if each.because in ("damaged", "not_exported", "at_work")]
                assert not wrong, wrong
                assert done.is_scrubbed

        asyncio.run(main())

    # --- what is there -----------------------------------------------------------------------------------------------

    def _look(self) -> Seen:
        """Look in a process of its own: this one forks, so it opens no database that has threads."""
        path = self.folder / "seen.json"
        assert exit_code_of(fork(partial(self._write_seen, path))) == 0, self
        told = json.loads(path.read_text())
        rows = {thread: all_rows(self.settings.database, thread) for thread in told["events"]}
        return Seen(told["events"], told["chains"], frozenset(told["running"]), told["faults"], rows)

    def _write_seen(self, path: Path) -> None:
        path.write_text(json.dumps(asyncio.run(_seen(self.settings))))

    # --- what must hold ----------------------------------------------------------------------------------------------

    def _compare(self, before: Seen, seen: Seen, is_whole_purge: bool) -> None:
        assert not seen.faults, f"{self}: {seen.faults}"
        assert before.events.keys() <= seen.events.keys(), self
        for thread, events in before.events.items():
            self._check_thread(thread, events, before, seen)
        for thread, events in seen.events.items():
            assert unlinked(events) == [], f"{self}: {thread}"
            if not seen.is_tomb(thread):
                self.kept[thread] = seen.chains[thread]
        if is_whole_purge:
            due = [thread for thread in before.events if not before.is_tomb(thread) and before.is_due(thread)]
            assert [thread for thread in due if not seen.is_tomb(thread)] == [], self

    def _check_thread(self, thread: str, events: list[Plain], before: Seen, seen: Seen) -> None:
        story, now = f"{self}: {thread}", seen.events[thread]
        if before.is_tomb(thread):
            assert (now, seen.rows[thread]) == (events, before.rows[thread]), story
            return
        if not seen.is_tomb(thread):
            assert now[: len(events)] == events, story
            if before.is_held(thread) and self.story[-1].startswith("purge"):
                assert seen.chains[thread] == before.chains[thread], story
                assert thread in before.running or seen.rows[thread] == before.rows[thread], story
            return
        assert self.story[-1].startswith("purge") or len(self.story) == STEPS, story
        assert before.is_due(thread), story
        self._check_tomb(thread, events, now, seen)

    def _check_tomb(self, thread: str, events: list[Plain], tomb: list[Plain], seen: Seen) -> None:
        story = f"{self}: {thread}"
        chain = (self.folder / "kept" / f"{thread}.jsonl").read_bytes()
        assert unlike_a_tombstone(tomb, events, thread) == "", story
        noted = [repr((thread, f"purged:{tomb[-1]['hash']}"))]
        assert {table: rows for table, rows in seen.rows[thread].items() if rows} == {"newest_checkpoints": noted}, (
            story
        )
        assert chain.decode() == self.kept[thread] == "".join(f"{canonical(event)}\n" for event in events), story
        assert tomb[-1]["exported"] == hashlib.sha256(chain).hexdigest(), story
        assert json.loads((self.folder / "kept" / f"{thread}.json").read_text())["thread_id"] == thread, story

    def _check_bytes(self, seen: Seen) -> None:
        """No byte of a purged goal is left in a file; whatever a kill left of exports is finished or gone."""
        location = self.settings.database
        files = [Path(f"{location}{suffix}") for suffix in ("", "-wal")] if "://" not in location else []
        told = b"".join(path.read_bytes() for path in files if path.exists())
        left = [thread for thread in seen.events if seen.is_tomb(thread) and f"CANARY of {thread}.".encode() in told]
        assert not left, f"{self}: {left}"


async def _seen(settings: Settings) -> Plain:
    events: dict[str, Any] = {}
    async with open_database(settings.database) as database:
        threads = Threads(database)
        buried = {name: await threads.tombstones.events(name) for name in await threads.tombstones.names()}
        for name in await threads.census.threads():
            state = await threads.state(name)
            events |= {name: [*Past.of(state).events]} if state else {}
        running = [each["thread_id"] for each in await threads.index.running()]
        chains = {name: b"".join(exported(kept)).decode() for name, kept in events.items()}
        # Last: what it finds to be noted of killed runs it notes.
        faults = {each.name: each.fault.message async for each in verify_all(threads) if each.fault}
    return {"events": {**events, **buried}, "chains": chains, "running": running, "faults": faults}


def check_seed(seed: int, folder: Path) -> str:
    """Return what came of the steps of this seed.

    Raises:
        AssertionError: what must hold does not, with the story.
    """
    location = _database() if seed % 3 == 2 else str(folder / "threads.sqlite")
    return Trial(seed, folder, location).judge()


def _database() -> str:
    """Return the address of an empty database of PostgreSQL."""
    location, name = this_process_server().location, f"purges_{uuid.uuid4().hex}"
    with psycopg.connect(location, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return urlsplit(location)._replace(path=f"/{name}").geturl()


def main(first: int, count: int) -> None:
    told = ""
    for seed in range(first, first + count):
        with tempfile.TemporaryDirectory() as folder:
            told += f"{seed} {check_seed(seed, Path(folder))}\n"
    sys.stdout.write(told)
    assert "a purge killed" in told, f"no purge was killed, so nothing was judged: {told}"
    assert "some purged" in told, f"nothing was purged, so nothing was judged: {told}"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
