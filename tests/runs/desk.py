"""A desk: one database, a scripted team and a clock that is set by hand, for runs in which people are asked."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from graph.record import Record
from graph.runner import Runner
from graph.store.database import open_database
from graph.teams.loader import load_team
from graph.teams.voicing import voiced
from graph.versions import installed_versions
from nodes.services import Services
from tests.harness import ScriptedVoice, load_facts, proposal, settings_at

T = TypeVar("T")
BEGIN = "2026-03-02T10:00:00.000+00:00"
Stances = Mapping[int, Mapping[str, str]]


@dataclass
class Desk:
    """Runs one thread and answers it, each time on connections of its own."""

    folder: Path
    team: Mapping[str, Any]
    stances: Stances = field(default_factory=dict)
    now: str = BEGIN
    database: str | None = None

    def __post_init__(self) -> None:
        self.voice = ScriptedVoice(lambda asked: proposal(asked.name, self._stance(asked.round, asked.name)))

    def _stance(self, number: int, name: str) -> str:
        return self.stances.get(number, {}).get(name, "go")

    def later(self, **passed: float) -> None:
        """Let time pass."""
        self.now = (datetime.fromisoformat(self.now) + timedelta(**passed)).isoformat(timespec="milliseconds")

    def run(self) -> Record:
        """Run the team."""
        file = self.folder / "team.json"
        file.write_text(json.dumps(self.team), encoding="utf-8")
        team = voiced(load_team(str(file)), settings_at(self.folder), "rules")
        return self.with_runner(lambda runner: runner.run(team, "t"))

    def resume(self, **options: Any) -> Record:
        """Resume the thread."""
        return self.with_runner(lambda runner: runner.resume("t", **options))

    def answer(self, by: str, answer: Any, because: str = "Why.", **said: Any) -> Record:
        """Answer what the thread asks."""
        given = {"by": by, "answer": answer, "because": because, **said}
        return self.with_runner(lambda runner: runner.answer("t", given))

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        """Return the events of these kinds, in order."""

        async def read(runner: Runner) -> list[dict[str, Any]]:
            state = await runner.threads.begun("t")
            return [event for event in state["events"] if event["event"] in kinds]

        return self.with_runner(read)

    def state(self) -> dict[str, Any]:
        """Return the state of the thread."""

        async def read(runner: Runner) -> dict[str, Any]:
            return dict(await runner.threads.begun("t"))

        return self.with_runner(read)

    def with_runner(self, work: Callable[[Runner], Awaitable[T]]) -> T:
        """Do some work with a runner on the database of the thread."""

        async def main() -> T:
            async with open_database(self.database or str(self.folder / "desk.sqlite")) as database:
                services = Services(
                    {"rules": self.voice, "model": self.voice},
                    load_facts,
                    now=lambda: self.now,
                    versions=installed_versions(),
                )
                return await work(Runner(database, services))

        return asyncio.run(main())
