"""A holder that loses its thread to another process: `python -m tests.durability.takeovers FIRST COUNT`.

Each seed is a trial: an `accord run` comes to a point of its work and loses its lock, another one takes the thread and
ends it, and the first goes on meanwhile or afterwards. The two say opposite things, so a fork would show as a decision
that changes. A process of its own, because it forks.
"""

import asyncio
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from langgraph.store.base import PutOp

from graph import opening
from graph.assurance.verification import verify_one
from graph.cli.main import run
from graph.store import groups, lane
from graph.store.database import open_database
from graph.store.fences import TAKEN
from graph.threads import Threads
from nodes.voices.voice import BriefQuestion, Question, Utterance
from tests.durability import points
from tests.durability.forks import exit_code_of, fork
from tests.durability.points import KillingStore, lines_of, note, watched_command
from tests.durability.rows import Rows, all_rows
from tests.durability.server import PostgresServer, this_process_server
from tests.harness import proposal
from tests.system.chains import not_one_chain

FIRST, SECOND = "go", "block"
"""What each of the two says, for every role."""
SECONDS = {FIRST: 0.1, SECOND: 0.01}
"""How long their answers take: the first is to be at work when the second comes."""
LAST_POINT = 44
"""About how many points a run has; a trial whose point is beyond the last one ends before it is taken."""
PATIENCE_SECONDS = 60.0
DONE, NO_DATABASE, BUSY = 0, 2, 5
WRITING = threading.Lock()
"""Held while a group is written to SQLite: who is paused within one locks the file, for however long that lasts."""
SILENT = ("Traceback", "Pipeline", "unexpected:", "psycopg", "Warning")
"""What nobody may read who lost a thread."""


@dataclass(frozen=True)
class Way:
    """How a holder loses its thread: where, whether it is paused meanwhile, and whether the server is restarted."""

    name: str
    is_postgres: bool
    is_paused: bool = False
    restarts: str = ""


WAYS = (
    Way("session ended", is_postgres=True),
    Way("lock folder removed", is_postgres=False),
    Way("session ended, paused", is_postgres=True, is_paused=True),
    Way("lock folder removed, paused", is_postgres=False, is_paused=True),
    Way("server restarted", is_postgres=True, restarts="fast"),
    Way("server killed and restarted, paused", is_postgres=True, is_paused=True, restarts="immediate"),
)
WHEN = ("before", "meanwhile", "after")
"""When a holder that is not paused goes on: before the other begins, while it works, or when it has ended."""


class Voice:
    """Says one stance for every role, and notes what it is asked."""

    def __init__(self, folder: Path, stance: str) -> None:
        self._path, self._stance = folder / "asked", stance
        self._seconds = SECONDS[stance]

    async def propose(self, question: Question) -> Utterance:
        question.meter.calls += 1
        await self._ask(f"{json.loads(question.prompt.user)['round']}/{question.name}")
        return Utterance(proposal(question.name, self._stance))

    async def write_brief(self, question: BriefQuestion) -> Utterance:
        question.meter.calls += 1
        await self._ask(f"{question.history[-1]['round']}/brief")
        return Utterance(f"By the one that says {self._stance}.")

    async def _ask(self, call: str) -> None:
        note(self._path, call)
        await asyncio.sleep(self._seconds)


class NotingStore(KillingStore):
    """Notes each call whose answer is in the journal, once it is."""

    folder: Path

    async def abatch(self, ops: Any) -> Any:
        asked = [*ops]
        done = await super().abatch(asked)
        for op in asked:
            if isinstance(op, PutOp) and op.namespace[0] == "calls":
                _, number, seat, _ = op.key.split("/")
                note(self.folder / "journaled", f"{number}/{seat}")
        return done


class Loser:
    """Stops at a point of its run: the whole process, or what reached the point, until it is told to go on."""

    def __init__(self, folder: Path, at: int, is_paused: bool) -> None:
        self._folder, self._at, self._is_paused = folder, at, is_paused
        self._reached = 0

    async def around(self, moment: str, work: Awaitable[Any]) -> Any:
        await self._reach(f"{moment}, before")
        done = await work
        await self._reach(f"{moment}, after")
        return done

    async def _reach(self, moment: str) -> None:
        self._reached += 1
        note(self._folder / "points", moment)
        if self._reached != self._at:
            return
        if self._is_paused:
            with WRITING:
                os.kill(os.getpid(), signal.SIGSTOP)
            return
        (self._folder / "waits").touch()
        while not (self._folder / "go").exists():
            await asyncio.sleep(0.002)


def do_together(*group: Any) -> None:
    """Do a group of the lane, which no pause cuts through."""
    with WRITING:
        groups.do_together(*group)


@dataclass(frozen=True)
class Trial:
    """One thread that is lost, drawn from a seed."""

    seed: int
    folder: Path
    location: str
    server: PostgresServer | None

    @property
    def _random(self) -> random.Random:
        return random.Random(self.seed)

    @property
    def way(self) -> Way:
        return WAYS[self.seed % len(WAYS)]

    @property
    def when(self) -> str:
        return "after" if self.way.is_paused else self._random.choice(WHEN)

    @property
    def thread(self) -> str:
        return f"trial_{self.seed}.{self.folder.name}"

    @property
    def as_json(self) -> bool:
        return self._random.random() < 0.7

    def judge(self) -> str:
        """Return how the first process ended.

        Raises:
            AssertionError: a fork, a decision that changed, a broken record, a repeated call, or the wrong sentence.
        """
        first, second = self.folder / "first", self.folder / "second"
        holder = fork(partial(self._lose, first))
        codes, before = self._take(holder, first, second)
        after = all_rows(self.location, self.thread)
        found = self._looked()
        story = f"{self.way.name}, {self.when}, {lines_of(first / 'points')[-1:]}: {codes} {said(first)}"
        assert codes[1] == DONE, f"{story} {said(second)}"
        assert before is None or before == after, f"{story}: it changed rows when the thread was taken"
        assert found["record"] == record_at(second), f"{story}: the record changed"
        assert (found["fault"], found["forks"]) == (None, {}), f"{story}: {found}"
        repeated = {*lines_of(first / "journaled")} & {*lines_of(second / "asked")}
        assert not repeated, f"{story}: asked again: {repeated}"
        assert max(Counter(lines_of(second / "asked")).values(), default=1) == 1, story
        return f"{self.way.name}: {self._end(codes[0], found, first, story)}"

    def _end(self, code: int, found: dict[str, Any], first: Path, story: str) -> str:
        out, err = said(first)
        assert not [word for word in SILENT if word in out + err], story
        if code == BUSY:
            assert TAKEN in out, story
            assert "Decision" not in out, story
            if self.as_json:
                assert record_at(first) == busy(self.thread), story
            return "busy"
        if code == NO_DATABASE:
            assert self.way.restarts, story
            assert "the database failed" in err, story
            return "the database failed"
        assert code == DONE, story
        assert not self.as_json or record_at(first) == found["record"], f"{story}: it claims what is not so"
        return "done before it was taken"

    def _take(self, holder: int, first: Path, second: Path) -> tuple[list[int], Rows | None]:
        """Have the thread lost, taken and ended; return how both ended, and the rows when only the first was left."""
        ended = self._ended(holder, first)
        if ended is not None:
            return [ended, exit_code_of(fork(partial(self._run, second, SECOND)))], None
        self._lose_lock()
        before = None
        if self.when == "before":
            self._let_go(holder, first)
        other = fork(partial(self._run, second, SECOND))
        if self.when == "meanwhile":
            time.sleep(self._random.random() * 0.3)
            self._let_go(holder, first)
        code = exit_code_of(other)
        if self.when == "after":
            before = all_rows(self.location, self.thread)
            self._let_go(holder, first)
        return [exit_code_of(holder), code], before

    def _let_go(self, holder: int, first: Path) -> None:
        (first / "go").touch()
        if self.way.is_paused:
            os.kill(holder, signal.SIGCONT)

    def _ended(self, holder: int, first: Path) -> int | None:
        """Wait until the holder is where it is to lose its thread; return how it ended, if it ended before."""
        limit = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < limit:
            process, status = os.waitpid(holder, os.WNOHANG | os.WUNTRACED)
            if process and not os.WIFSTOPPED(status):
                return os.waitstatus_to_exitcode(status)
            if process or (first / "waits").exists():
                return None
            time.sleep(0.002)
        raise AssertionError("the first process neither ended nor came to its point")

    def _lose_lock(self) -> None:
        if self.server is None:
            shutil.rmtree(self.folder / "threads.sqlite.locks")
        elif self.way.restarts:
            self.server.restart(self.way.restarts)
        else:
            self.server.end_lock_sessions()

    def _lose(self, folder: Path) -> None:
        folder.mkdir()
        loser: Any = Loser(folder, self._random.randint(1, LAST_POINT), self.way.is_paused)
        noting = type("Noting", (NotingStore,), {"folder": folder})
        uncut = patch.object(lane, "do_together", do_together)
        with watched_command(loser), patch.object(points, "KillingStore", noting), uncut:
            self._run(folder, FIRST)

    def _run(self, folder: Path, stance: str) -> None:
        """Run the thread as `accord run`, with a voice of its own; ends this process."""
        folder.mkdir(exist_ok=True)
        for number, ending in ((1, "out"), (2, "err")):
            os.dup2(os.open(folder / ending, os.O_WRONLY | os.O_CREAT), number)
        os.environ |= {"ACCORD_HOME": str(folder), "ACCORD_DATABASE_URL": self.location}
        os.chdir(folder)

        @asynccontextmanager
        async def voices(_: Any) -> Any:
            voice = Voice(folder, stance)
            yield {"rules": voice, "model": voice}

        as_json = ["--json"] if self.as_json or stance == SECOND else []
        with patch.object(opening, "open_voices", voices):
            code = run(["run", "--thread", self.thread, *as_json])
        sys.stdout.flush()
        os._exit(code)

    def _looked(self) -> dict[str, Any]:
        """Return what the database holds of the thread, as another process sees it."""
        path = self.folder / "looked"
        assert exit_code_of(fork(lambda: path.write_text(json.dumps(asyncio.run(self._look()))))) == 0
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    async def _look(self) -> dict[str, Any]:
        forks = await not_one_chain(self.location, [self.thread])
        async with open_database(self.location) as database:
            threads = Threads(database, self.location)
            finding = await verify_one(threads, self.thread)
            record = await threads.show(self.thread)
        return {"record": record, "fault": finding.fault and str(finding.fault), "forks": forks}


def busy(thread: str) -> dict[str, Any]:
    """The record of a process that lost a thread."""
    stopped = {"status": "stopped", "stop_reason": "busy", "thread_id": thread, "resumable": False}
    return {**stopped, "cause": TAKEN}


def said(folder: Path) -> tuple[str, str]:
    return (folder / "out").read_text(), (folder / "err").read_text()


def record_at(folder: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((folder / "out").read_text())
    return record


def check_seed(seed: int, folder: Path) -> str:
    """Return how the holder of this seed's thread ended.

    Raises:
        AssertionError: what must hold does not, with the story.
    """
    way = WAYS[seed % len(WAYS)]
    server = this_process_server() if way.is_postgres else None
    location = server.location if server else str(folder / "threads.sqlite")
    return Trial(seed, folder, location, server).judge()


def main(first: int, count: int) -> None:
    for seed in range(first, first + count):
        with tempfile.TemporaryDirectory() as folder:
            sys.stdout.write(f"{seed} {check_seed(seed, Path(folder))}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
