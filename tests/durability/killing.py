"""A run that kills its own process at a point of its choice, and the run that goes on in another process."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from graph.build import build_reader
from graph.problems import UsageError
from graph.runner import Runner
from graph.store.database import Database, open_database
from graph.teams.loader import Changes, load_team
from graph.teams.voicing import voiced
from nodes.services import Services
from nodes.voices.voice import BriefQuestion, Question, Utterance
from policies.team.team import Team
from tests.durability.points import Killer, killing, note, watched_nodes
from tests.harness import load_facts, proposal, settings_at

WRITER = "own:writer"
DELAYS = {"demand_analyst": 0.01, "finance_analyst": 0.0, "risk_analyst": 0.02}


def _says_three_rounds(role: str, round_number: int, is_repair: bool) -> Any:
    """Blocks in rounds 1 and 2 make a round 3; finance needs a repair in round 1."""
    if role == "finance_analyst" and round_number == 1 and not is_repair:
        return proposal(role, "perhaps")
    return proposal(role, "block" if role == "risk_analyst" and round_number < 3 else "go")


def _says_no_stance(role: str, round_number: int, is_repair: bool) -> Any:
    return proposal(role, "perhaps" if role == "finance_analyst" else "go")


def _says_go(role: str, round_number: int, is_repair: bool) -> Any:
    return proposal(role)


@dataclass(frozen=True)
class Scenario:
    says: Callable[[str, int, bool], Any]
    overrides: dict[str, Any]

    @property
    def team(self) -> Team:
        settings = settings_at(Path("unused"))
        return voiced(load_team("checkout_launch", Changes(overrides=self.overrides)), settings, own={WRITER})


SCENARIOS = {
    "three_rounds": Scenario(_says_three_rounds, {}),
    "contract_stop": Scenario(_says_no_stance, {"max_repairs": 0}),
    "message_stop": Scenario(_says_go, {"budget": {"max_messages": 2}}),
    "mended_brief": Scenario(_says_go, {"ground": True, "brief": {"voice": WRITER}}),
}


@dataclass(frozen=True)
class Place:
    """Where one thread runs and leaves its notes."""

    scenario: str
    location: str
    thread: str
    folder: Path


class Voice:
    """Says what the scenario says; notes each call when it is made, under the journal's key without the revision."""

    def __init__(self, place: Place, killer: Killer) -> None:
        self._place, self._killer = place, killer
        self._says = SCENARIOS[place.scenario].says

    async def propose(self, question: Question) -> Utterance:
        question.meter.calls += 1
        user = json.loads(question.prompt.user)
        return await self._call(question.name, user["round"], "repair" in user)

    async def write_brief(self, question: BriefQuestion) -> Utterance:
        question.meter.calls += 1
        return await self._call("brief", question.history[-1]["round"], "repair" in json.loads(question.prompt.user))

    async def _call(self, role: str, round_number: int, is_repair: bool) -> Utterance:
        note(self._place.folder / "calls", f"{round_number}/{role}/{2 if is_repair else 1}")
        await self._killer.around(f"call {role}", asyncio.sleep(DELAYS.get(role, 0.0)))
        brief = "Ship it." if is_repair else "Ship 77 of them."  # numbers matter to a team that grounds them alone
        return Utterance(brief if role == "brief" else self._says(role, round_number, is_repair))


def _services(place: Place, killer: Killer) -> Services:
    voice = Voice(place, killer)
    return Services({"rules": voice, "model": voice, WRITER: voice}, load_facts)


def start(place: Place, at: str) -> None:
    """Run the thread in this process; kill the process at the point of that name."""

    async def main() -> None:
        killer = Killer(place.folder, at)
        async with open_database(place.location) as database:
            runner = Runner(killing(database, killer), _services(place, killer))
            with watched_nodes(killer):
                await runner.run(SCENARIOS[place.scenario].team, place.thread)

    asyncio.run(main())


def go_on(place: Place) -> None:
    """Resume the thread in this process, and leave what came of it; a thread nobody knows is run anew."""
    (place.folder / "resumed").mkdir()
    (place.folder / "resumed.json").write_text(json.dumps(asyncio.run(_going_on(place))))


async def _going_on(place: Place) -> dict[str, Any]:
    resumed = replace(place, folder=place.folder / "resumed")
    async with open_database(place.location) as database:
        runner = Runner(database, _services(resumed, Killer(resumed.folder, at="")))
        shown = await _shown(runner, place)
        has_ended = shown is not None and shown["status"] != "interrupted"
        return {
            "shown": shown,
            "listed": await _listed(runner, place),
            "journaled": await _journal(database, place),
            "left": await _state(database, place) if has_ended else None,
            "record": await _resumed(runner, place),
            "state": await _state(database, place),
            "journaled_in_the_end": await _journal(database, place),
            "listed_in_the_end": await _listed(runner, place),
            "archived_in_the_end": await _archived(runner, place),
        }


async def _state(database: Database, place: Place) -> dict[str, Any]:
    snapshot = await build_reader().compile(checkpointer=database.saver).aget_state(_config(place))
    return dict(snapshot.values)


def _config(place: Place) -> Any:
    return {"configurable": {"thread_id": place.thread}}


async def _resumed(runner: Runner, place: Place) -> dict[str, Any]:
    try:
        return await runner.resume(place.thread)
    except UsageError:
        return await runner.run(SCENARIOS[place.scenario].team, place.thread)


async def _shown(runner: Runner, place: Place) -> dict[str, Any] | None:
    """The record of the thread as `accord show` has it; None where it knows no such thread."""
    try:
        return await runner.threads.show(place.thread)
    except UsageError:
        return None


async def _listed(runner: Runner, place: Place) -> list[Any]:
    """What `accord list` says of the thread."""
    entries = [entry for entry in await runner.threads.newest(1_000) if entry["thread_id"] == place.thread]
    return [[entry["status"], entry.get("stop_reason"), entry.get("final_decision")] for entry in entries]


async def _archived(runner: Runner, place: Place) -> dict[str, Any] | None:
    """The entry of the thread in the archive, once what died before it could was noted."""
    await runner.threads.catch_up()
    return await runner.threads.archive.entry(place.thread)


async def _journal(database: Database, place: Place) -> list[str]:
    items = await database.store.asearch(("calls", place.thread), limit=1_000)
    return sorted(item.key.partition("/")[2] for item in items)
