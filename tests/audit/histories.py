"""Random honest histories of one thread: runs, stops, resumes, accepted changes, kills between two writes, a server.

Nobody touches the database, so the thread is intact after every step of it, whatever happened.
"""

import asyncio
import random
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graph.assurance.verification import verify_all
from graph.build import build_graph
from graph.problems import UsageError
from graph.runner import Runner
from graph.store.database import Database, open_database
from graph.store.index import note_served
from graph.teams.examples import examples
from graph.threads import Threads
from nodes.services import InputRefusedError, Services
from nodes.voices.voice import Question
from policies.contracts.table import CONTRACTS
from policies.run.seats import Failure
from policies.team.fields import Position
from policies.team.team import Team
from tests.durability.points import Killer, killing
from tests.harness import ScriptedVoice, load_facts, settings_at, team_of

THREAD = "t"
MOST_POINTS = 60
STANCES = ("go", "go", "caution", "block")
FAILURES = ("llm_timeout", "llm_rate_limited", "llm_error:503", "llm_empty")


class Reaper(Killer):
    """Ends a run at its n-th point as a kill does, if it gets there: from then on it writes nothing more."""

    def __init__(self, folder: Path, last: int) -> None:
        super().__init__(folder, at="")
        self._left, self._died, self._buried = last, asyncio.Event(), asyncio.Event()

    async def around(self, moment: str, work: Awaitable[Any]) -> Any:
        await self._live(work)
        done = await work
        await self._live()
        return done

    async def _live(self, work: Any = None) -> None:
        self._left -= 1
        if self._left <= 0:
            if work is not None:
                work.close()
            self._died.set()
            await self._buried.wait()
            raise asyncio.CancelledError

    async def watch(self, work: Awaitable[Any]) -> None:
        """Wait until the run has ended or died, and clear away what is left of it in this process."""
        run, death = asyncio.ensure_future(work), asyncio.ensure_future(self._died.wait())
        await asyncio.wait({run, death}, return_when=asyncio.FIRST_COMPLETED)
        run.cancel()
        death.cancel()
        self._buried.set()
        for ended in await asyncio.gather(run, death, return_exceptions=True):
            if isinstance(ended, Exception) and not isinstance(ended, UsageError | InputRefusedError):
                raise ended


@dataclass
class History:
    """What happens to a thread, as a seed says."""

    folder: Path
    seed: int
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.settings = settings_at(self.folder)
        self.services = Services(self._voices(), load_facts)

    def _voices(self) -> dict[str, Any]:
        rng, fails = random.Random(self.seed), self.rng.choice((0.0, 0.1, 0.25))

        def said(question: Question) -> Any:
            if rng.random() < fails:
                return rng.choice([Failure(rng.choice(FAILURES)), "no object", {"agent": question.name}])
            stance: Any = rng.choice(STANCES)
            position = Position(stance=stance, summary="So it is.", actions=("Go on.",))
            sent = {"messages": [{"to": "all", "kind": "note", "content": "Hear."}]} if question.sends else {}
            return {**CONTRACTS[question.task.contract].by_rules(position, question.task), **sent}

        voice = ScriptedVoice(said)
        return {"model": voice, "rules": voice}

    async def live(self, steps: int) -> None:
        """Take the steps one after the other, and look at the thread after each."""
        async with open_database(self.settings.database) as database:
            for number in range(steps):
                later = [self._run, self._resume, self._resume, self._serve]
                work = self._run if number == 0 else self.rng.choice(later)
                is_killed = self.rng.random() < 0.4
                await self._taken(work, database, self.rng.randrange(1, MOST_POINTS) if is_killed else None)
                self.told[-1] += " killed" if is_killed else ""
                await self.check(database)

    async def _taken(self, work: Callable[[Database], Awaitable[Any]], database: Database, last: int | None) -> None:
        if last is None:
            with suppress(UsageError, InputRefusedError):
                await work(database)
            return
        reaper = Reaper(self.folder, last)
        await reaper.watch(work(killing(database, reaper)))

    async def check(self, database: Database) -> None:
        """All that is kept of the thread is held against its chain, and lists show it."""
        threads = Threads(database, self.settings.database)
        findings = [finding async for finding in verify_all(threads)]
        broken = [finding for finding in findings if finding.fault is not None]
        assert not broken, f"seed {self.seed}, {self.told}: {broken}"
        assert {each["thread_id"] for each in await threads.newest(9)} == {each.name for each in findings}

    def _team(self) -> Team:
        name = self.rng.choice([*examples().values(), "checkout_launch"])
        sets = [f"budget.max_messages={self.rng.choice((1, 2, 5, 40))}", f"max_repairs={self.rng.choice((0, 1))}"]
        return team_of(self.settings, name, *sets)

    async def _run(self, database: Database) -> None:
        team = self._team()
        self.told.append(f"run {team.name}")
        await Runner(database, self.services).run(team, THREAD, accept_changes=self.rng.random() < 0.8)

    async def _resume(self, database: Database) -> None:
        self.told.append("resume")
        budget = {"max_messages": self.rng.choice((3, 60)), "max_rounds": self.rng.choice((3, 6))}
        given: Any = self.rng.choice([{}, {"budget": budget}, {"facts": {"region": "EU"}, "accept_changes": True}])
        await Runner(database, self.services).resume(THREAD, **given)

    async def _serve(self, database: Database) -> None:
        """Go on as a server does: nobody notes how it ends."""
        team = self._team()
        self.told.append(f"serve {team.name}")
        services = Services(self.services.voices, load_facts, note_thread=note_served)
        graph = build_graph(team, services).compile(checkpointer=database.saver, store=database.store)
        config: Any = {"configurable": {"thread_id": THREAD}, "recursion_limit": 500}
        async with database.fences.hold(THREAD):
            await graph.ainvoke({"accept_changes": True}, config, durability="sync")


def check_seed(seed: int) -> str:
    """Return how many steps a random history took.

    Raises:
        AssertionError: an honest thread was called broken, with its story.
    """
    with tempfile.TemporaryDirectory() as folder:
        history = History(Path(folder), seed)
        steps = history.rng.randrange(1, 6)
        asyncio.run(history.live(steps))
    return f"{steps} steps"
