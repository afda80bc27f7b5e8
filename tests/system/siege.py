"""One batch, killed again and again at seeded random moments, and what its files held after each kill."""

import asyncio
import random
import shutil
import statistics
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graph.store.database import open_database
from nodes.journal import UNDER_WAY
from policies.run.stop import Stop
from tests.durability.processes import PATIENCE_SECONDS, Desk, Done, Running
from tests.system.planned import Asked, Key, PlannedServer, key_in_journal, plans_of, write_plans

CASES, KILLS, CONCURRENCY = 50, 100, 3
SEED = 20261121
LATENCY_SECONDS = (0.02, 0.35)
SHORT_SECONDS, LONG_SECONDS = 0.15, 0.6
"""How long after its first request a process may live: the shorter while the batch is ahead of the kills."""
PACE = 0.9
"""The share of its calls at which the batch should be when all kills are made, so that each hits an unfinished one."""
KINDS = {"in its start": 0.2, "at work": 0.35, "near an answer": 0.45}
"""When a process is killed, and how often: most answers reach the journal within NEAR_SECONDS."""
NEAR_SECONDS = 0.03
FEW_ANSWERS, MANY_ANSWERS = 2, 8
"""After which answer at the latest; the fewer while the batch is ahead of the kills."""


@dataclass(frozen=True)
class Moment:
    """When to kill: so long after the process asked so much and so many of its answers went out."""

    asked: int
    answers: int
    seconds: float


@dataclass(frozen=True)
class Seen:
    """What a batch's files hold: the journal, and of each case that is done for good its newest checkpoint."""

    journaled: frozenset[Key] = frozenset()
    finished: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Start:
    """One process of the batch, from its start to its end, and what it left."""

    name: str
    asked: list[Asked]
    ended_at: float
    lived_seconds: float
    done: Done
    seen: Seen

    @property
    def printed(self) -> list[str]:
        """The whole lines it printed; a kill may have cut the last one."""
        return [line for line in self.done.out.splitlines(keepends=True) if line.endswith("\n")]

    @property
    def unanswered(self) -> list[Asked]:
        """What it asked and never journaled, so that it has to be asked again."""
        return [each for each in self.asked if each.key not in self.seen.journaled]

    def __str__(self) -> str:
        """The words of a failure: what is needed to make the same kill again."""
        return f"{self.name} of seed {SEED}, killed {self.lived_seconds:.3f} s after its start"


@dataclass(frozen=True)
class Siege:
    """The batch that nobody killed, the processes of the one that was, each killed, and the one that finished it."""

    calm: Start
    killed: list[Start]
    last: Start
    location: str

    def with_what_was_before(self) -> Iterator[tuple[Start, Seen]]:
        """Return each process with what the one before it left."""
        starts = [*self.killed, self.last]
        return zip(starts, [Seen(), *(start.seen for start in self.killed)], strict=True)


def besiege(folder: Path) -> Siege:
    """Run the batch once in peace; then again elsewhere, killing it KILLS times before it is left to finish."""
    return asyncio.run(_besiege(folder))


async def _besiege(folder: Path) -> Siege:
    plans = plans_of(CASES)
    cases = write_plans(folder / "cases.jsonl", plans)
    async with PlannedServer(plans, LATENCY_SECONDS, SEED) as server:
        calm = await _Batch(folder / "calm", cases, server).left_alone("calm")
        batch = _Batch(folder / "fire", cases, server)
        killed = await _killed(batch, len(calm.seen.journaled))
        last = await batch.left_alone("last")
    return Siege(calm, killed, last, str(batch.database))


async def _killed(batch: "_Batch", calls: int) -> list[Start]:
    moments, killed = random.Random(SEED), list[Start]()
    while len(killed) < KILLS:
        number = len(killed) + 1
        is_ahead = bool(killed) and len(killed[-1].seen.journaled) / calls > PACE * number / KILLS
        [kind] = moments.choices([*KINDS], [*KINDS.values()])
        killed.append(await batch.killed(f"start-{number}", _moment(kind, moments, is_ahead, batch)))
    return killed


def _moment(kind: str, moments: random.Random, is_ahead: bool, batch: "_Batch") -> Moment:
    share = moments.random()
    if kind == "in its start":
        return Moment(0, 0, share * batch.usual_start_seconds)
    if kind == "at work":
        return Moment(1, 0, share * (SHORT_SECONDS if is_ahead else LONG_SECONDS))
    return Moment(1, moments.randint(1, FEW_ANSWERS if is_ahead else MANY_ANSWERS), share * NEAR_SECONDS)


class _Batch:
    """The same command, started again and again on one home."""

    def __init__(self, folder: Path, cases: Path, server: PlannedServer) -> None:
        folder.mkdir()
        self._folder, self._cases, self._server = folder, cases, server
        self._start_seconds = [1.0]
        self.database = folder / "home" / "accord.sqlite"

    @property
    def usual_start_seconds(self) -> float:
        """How long the last processes took to their first request."""
        return statistics.median(self._start_seconds[-9:])

    async def left_alone(self, name: str) -> Start:
        with self._started(name) as running:
            begun = _now()
            while running.process.poll() is None:
                await asyncio.sleep(0.05)
            return await self._ended(name, running, begun)

    async def killed(self, name: str, moment: Moment) -> Start:
        with self._started(name) as running:
            begun = _now()
            if moment.asked:
                await self._reached(name, running, lambda: len(self._server.asked_by(name)) >= moment.asked)
                self._start_seconds.append(_now() - begun)
            await self._reached(name, running, lambda: self._answers(name) >= moment.answers)
            await asyncio.sleep(moment.seconds)
            assert running.process.poll() is None, f"{name} of seed {SEED} ended before it was killed: {running.err}"
            running.kill()
            return await self._ended(name, running, begun)

    def _started(self, name: str) -> Any:
        arguments = ("batch", str(self._cases), "--concurrency", str(CONCURRENCY))
        return Desk(self._folder, self._server.url_of(name)).started(*arguments, name=name)

    def _answers(self, name: str) -> int:
        return sum(each.due <= _now() for each in self._server.asked_by(name))

    async def _reached(self, name: str, running: Running, what: Callable[[], bool]) -> None:
        limit = _now() + PATIENCE_SECONDS
        while not what():
            assert running.process.poll() is None, f"{name} of seed {SEED} ended by itself: {running.err}"
            assert _now() < limit, f"{name} of seed {SEED} waited in vain: {running.err}"
            await asyncio.sleep(0.002)

    async def _ended(self, name: str, running: Running, begun: float) -> Start:
        ended = _now()
        done = running.ended()
        await asyncio.sleep(0.05)  # what it sent last is still on its way to the server
        seen = await self._look(self._folder / f"{name}-left")
        return Start(name, self._server.asked_by(name), ended, ended - begun, done, seen)

    async def _look(self, folder: Path) -> Seen:
        """Read a copy, so that the next process meets the very files that the killed one left."""
        if not self.database.exists():
            return Seen()
        folder.mkdir()
        for path in self.database.parent.glob("accord.sqlite*"):
            if path.is_file() and not path.name.endswith("-shm"):
                shutil.copy(path, folder)
        seen = await _seen(str(folder / self.database.name))
        shutil.rmtree(folder)
        return seen


async def _seen(location: str) -> Seen:
    async with open_database(location) as database:
        calls = await database.store.asearch(("calls",), limit=100_000)
        entries = await database.store.asearch(("threads",), limit=100_000)
        finished = [entry.key for entry in entries if _is_finished(entry.value)]
        newest = {case: await database.saver.aget_tuple({"configurable": {"thread_id": case}}) for case in finished}
    answered = (item for item in calls if item.value["kind"] != UNDER_WAY)
    journaled = frozenset(key_in_journal(item.namespace[1], item.key) for item in answered)
    return Seen(journaled, {case: str(kept and kept.checkpoint["id"]) for case, kept in newest.items()})


def _is_finished(entry: Mapping[str, Any]) -> bool:
    """Done for good: a case that stopped at a limit may go on, and is looked at again each time."""
    return entry["status"] == "ok" or (
        entry["status"] == "stopped" and not Stop.parse(entry["stop_reason"]).rule.is_resumable
    )


def _now() -> float:
    return asyncio.get_running_loop().time()
