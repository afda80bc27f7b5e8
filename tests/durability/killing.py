"""A run that kills its own process at a point of its choice, and the run that goes on in another process.

A point is one moment at which something outside the nodes' own code happens: a checkpoint, a task's writes, an entry of
the journal or of the index, a node, a call; each before and after. Nothing of the product is changed: the graph's nodes,
the saver and the store are wrapped from outside.
"""

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from langgraph.store.base import BaseStore, Op, PutOp, Result

from graph.build import build_reader
from graph.facts.files import load_facts
from graph.problems import UsageError
from graph.runner import Runner
from graph.store.database import Database, open_database
from graph.teams.loader import Changes, load_team
from graph.teams.voicing import voiced
from nodes.services import Services
from nodes.voices.voice import Answer, BriefQuestion, Question
from policies.team import Team
from tests.harness import proposal, settings_at

DELAYS = {"demand_analyst": 0.01, "finance_analyst": 0.0, "risk_analyst": 0.02}


def _says_two_rounds(role: str, round_number: int, is_repair: bool) -> Any:
    """A block in round 1 makes a round 2; finance needs a repair in round 1."""
    if role == "finance_analyst" and round_number == 1 and not is_repair:
        return proposal(role, "perhaps")
    return proposal(role, "block" if (role, round_number) == ("risk_analyst", 1) else "go")


def _says_no_stance(role: str, round_number: int, is_repair: bool) -> Any:
    return proposal(role, "perhaps" if role == "finance_analyst" else "go")


@dataclass(frozen=True)
class Scenario:
    says: Callable[[str, int, bool], Any]
    overrides: dict[str, Any]

    @property
    def team(self) -> Team:
        settings = settings_at(Path("unused"))
        return voiced(load_team("checkout_launch", Changes(overrides=self.overrides)), settings)


SCENARIOS = {
    "two_rounds": Scenario(_says_two_rounds, {}),
    "contract_stop": Scenario(_says_no_stance, {"max_repairs": 0}),
    "message_stop": Scenario(_says_two_rounds, {"budget": {"max_messages": 2}}),
}


@dataclass(frozen=True)
class Place:
    """Where one thread runs and leaves its notes."""

    scenario: str
    location: str
    thread: str
    folder: Path

    def note(self, name: str, line: str) -> None:
        """Append a line to a file; what is written stays written when the process is killed."""
        with (self.folder / name).open("a") as file:
            file.write(f"{line}\n")

    def notes(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []


class Killer:
    """Counts the points reached, notes each, and kills the process at one of them; never, at 0."""

    def __init__(self, place: Place, at: int) -> None:
        self._place, self._at, self._count = place, at, 0

    def reach(self, point: str) -> None:
        self._count += 1
        self._place.note("points", point)
        if self._count == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    async def around(self, point: str, work: Awaitable[Any]) -> Any:
        self.reach(f"{point}, before")
        done = await work
        self.reach(f"{point}, after")
        return done


class Voice:
    """Says what the scenario says; notes each call when it is made, under the journal's key without the revision."""

    def __init__(self, place: Place, killer: Killer) -> None:
        self._place, self._killer = place, killer
        self._says = SCENARIOS[place.scenario].says

    async def propose(self, question: Question) -> Answer:
        question.meter.calls += 1
        user = json.loads(question.prompt.user)
        return await self._call(question.name, user["round"], "repair" in user)

    async def write_brief(self, question: BriefQuestion) -> Answer:
        question.meter.calls += 1
        return await self._call("brief", question.history[-1]["round"], False)

    async def _call(self, role: str, round_number: int, is_repair: bool) -> Answer:
        self._place.note("calls", f"{round_number}/{role}/{2 if is_repair else 1}")
        await self._killer.around(f"call {role}", asyncio.sleep(DELAYS.get(role, 0.0)))
        return Answer("Ship it." if role == "brief" else self._says(role, round_number, is_repair))


def _killing_saver(saver: Any, killer: Killer) -> Any:
    """The saver's own class with points around its two writing methods; SQLite and PostgreSQL alike."""

    class KillingSaver(type(saver)):  # type: ignore[misc]  # a class known only at run time
        async def aput(self, config: Any, checkpoint: Any, metadata: Any, versions: Any) -> Any:
            return await killer.around("checkpoint", super().aput(config, checkpoint, metadata, versions))

        async def aput_writes(self, config: Any, writes: Any, task_id: str, task_path: str = "") -> None:
            await killer.around("writes", super().aput_writes(config, writes, task_id, task_path))

    return KillingSaver(saver.conn, serde=saver.serde)


class KillingStore(BaseStore):
    """The store, with points around everything that is put into it."""

    def __init__(self, store: BaseStore, killer: Killer) -> None:
        self._store, self._killer = store, killer

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        raise NotImplementedError

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        asked = list(ops)
        names = {"calls": "journal", "threads": "index"}
        put = [names.get(op.namespace[0], op.namespace[0]) for op in asked if isinstance(op, PutOp)]
        work = self._store.abatch(asked)
        done: list[Result] = await (self._killer.around(put[0], work) if put else work)
        return done


class KillingRunner(Runner):
    """The runner, with points around every node."""

    killer: Killer

    def _compile(self, team: str) -> Any:
        compiled = super()._compile(team)
        for name, node in compiled.nodes.items():
            if not name.startswith("__"):
                node.bound.afunc = self._watched(name, node.bound.afunc)
        return compiled

    def _watched(self, name: str, act: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def watched(*args: Any, **kwargs: Any) -> Any:
            return await self.killer.around(f"node {name}", act(*args, **kwargs))

        return watched


def _services(place: Place, killer: Killer) -> Services:
    voice = Voice(place, killer)
    return Services({"rules": voice, "model": voice}, load_facts)


def start(place: Place, at: int) -> None:
    """Run the thread in this process; kill the process at the point of that number."""

    async def main() -> None:
        killer = Killer(place, at)
        async with open_database(place.location) as opened:
            saver, store = _killing_saver(opened.saver, killer), KillingStore(opened.store, killer)
            runner = KillingRunner(Database(saver, store, opened.locks), _services(place, killer))
            runner.killer = killer
            await runner.run(SCENARIOS[place.scenario].team, place.thread)

    asyncio.run(main())


def go_on(place: Place) -> None:
    """Resume the thread in this process, and leave what came of it; a thread nobody knows is run anew."""

    async def main() -> dict[str, Any]:
        async with open_database(place.location) as database:
            runner = Runner(database, _services(replace(place, folder=place.folder / "resumed"), Killer(place, 0)))
            journal = await database.store.asearch(("calls", place.thread), limit=1_000)
            found: dict[str, Any] = {"journaled": [item.key.partition("/")[2] for item in journal]}
            try:
                found |= {"was_known": True, "record": await runner.resume(place.thread)}
            except UsageError:
                record = await runner.run(SCENARIOS[place.scenario].team, place.thread)
                found |= {"was_known": False, "record": record}
            reader = build_reader().compile(checkpointer=database.saver)
            state = await reader.aget_state({"configurable": {"thread_id": place.thread}})
            return found | {"state": state.values, "listed": await runner.newest(1_000)}

    (place.folder / "resumed").mkdir()
    found = asyncio.run(main())
    (place.folder / "resumed.json").write_text(json.dumps(found))
