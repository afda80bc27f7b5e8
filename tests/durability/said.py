"""Threads to which people say something meanwhile, killed at points and resumed: `python -m tests.durability.said ...`.

What each role reads in each round is told by an oracle from the plan alone: see `expected`.
"""

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from graph import saying
from graph.runner import Runner
from graph.saying import Speech, say
from graph.settings import Settings
from graph.store.database import Database, open_database
from graph.teams.policies import with_policy
from nodes.services import Services
from nodes.voices.voice import BriefQuestion, Question, Utterance
from policies.messages.message import KINDS, PRIORITIES
from policies.team.rules import parse_team
from policies.team.team import Team
from tests.durability.forks import exit_code_of, fork, share_out
from tests.durability.points import Killer, killing, lines_of, note, watched_nodes
from tests.harness import load_facts, proposal

Plain = dict[str, Any]
ROLES = ("ada", "ben", "cid")
ROUNDS = 3
THREAD = "t.said"


@dataclass(frozen=True)
class Plan:
    """What a seed draws: what is said before each round, which roles follow what, and how much they read at once."""

    seed: int

    @cached_property
    def drawn(self) -> Plain:
        rng = random.Random(f"said {self.seed}")
        said = {number: [_speech(rng, number, place) for place in range(rng.randint(0, 3))] for number in range(ROUNDS)}
        follows = {role: rng.sample(KINDS, rng.choice([0, 0, 1])) for role in ROLES}
        return {"said": said, "follows": follows, "max_inbox": rng.choice([1, 2, 5]), "slips": rng.random() < 0.3}

    @property
    def team(self) -> Team:
        follows = self.drawn["follows"]
        roles = {
            role: {"title": role, "mandate": "Speak.", "voice": "model", "subscribes": {"kinds": follows[role]}}
            for role in ROLES
        }
        rules = [{"when": "rounds_left > 0", "then": "next_round"}]
        raw = {
            **{"name": "hearers", "title": "Hearers", "goal": "Decide.", "facts": {"day": 1}, "sequence": ROLES},
            **{"roles": roles, "policy": {"name": "talking", "rules": rules, "otherwise": "go"}, "pattern": "rounds"},
            **{"messages": {"max_inbox": self.drawn["max_inbox"]}, "brief": {"voice": "model"}},
            "budget": {"max_rounds": ROUNDS, "max_messages": 100},
        }
        team = parse_team(with_policy(raw))
        assert isinstance(team, Team), team
        return team

    def expected(self) -> Mapping[str, list[str]]:
        """Return the ids that each turn reads of what was said before its round: the most urgent, then the oldest."""
        reads: dict[str, list[str]] = {}
        for role in ROLES:
            left: list[Plain] = []
            for number in range(1, ROUNDS + 1):
                left += [each for each in self.drawn["said"][number - 1] if self._is_for(each, role)]
                left.sort(key=lambda each: -PRIORITIES.index(each["priority"]))  # a stable sort keeps the age
                size = self.drawn["max_inbox"]
                reads[f"{role}/{number}"] = [each["id"] for each in left[:size]]
                left = left[size:]
        return reads

    def _is_for(self, said: Plain, role: str) -> bool:
        return role in said["to"] or "all" in said["to"] or said["kind"] in self.drawn["follows"][role]

    @property
    def ids(self) -> list[str]:
        return [each["id"] for number in range(ROUNDS) for each in self.drawn["said"][number]]


def _speech(rng: random.Random, number: int, place: int) -> Plain:
    kind, priority = rng.choice(KINDS), rng.choice(PRIORITIES)
    to = rng.choice([["all"], [rng.choice(ROLES)], rng.sample(ROLES, 2)])
    said = {"id": f"w-{number}-{place}", "from": rng.choice(["dana", "erp"]), "to": to, "kind": kind}
    return {**said, "priority": priority, "content": f"Word {place} before round {number + 1}."}


@dataclass
class Hearers:
    """The voice of all roles: notes what each turn reads; while ada is asked, people say what they do next."""

    plan: Plan
    settings: Settings
    folder: Path

    async def propose(self, question: Question) -> Utterance:
        question.meter.calls += 1
        user = json.loads(question.prompt.user)
        turn, ids = f"{question.name}/{user['round']}", [each["id"] for each in user.get("inbox", [])]
        note(self.folder / "reads", json.dumps([turn, ids]))
        if question.name == "ada" and user["round"] < ROUNDS:
            await speak(self.plan, self.settings, user["round"])
        slips = self.plan.drawn["slips"] and question.name == "ben" and "repair" not in user
        return Utterance(proposal(question.name, "perhaps" if slips else "go"))

    async def write_brief(self, question: BriefQuestion) -> Utterance:
        question.meter.calls += 1
        return Utterance("Done.")


async def speak(plan: Plan, settings: Settings, number: int) -> None:
    """Say what is said while this round is open; 0 is before the first."""
    for each in plan.drawn["said"][number]:
        offered = {key: value for key, value in each.items() if key != "id"}
        await say(settings, THREAD, Speech(offered, id=each["id"]))


def settings_of(location: str, folder: Path) -> Settings:
    return Settings(accord_home=folder, accord_database_url=location)


async def begin(plan: Plan, settings: Settings) -> None:
    """Leave the thread admitted, with what is said before it begins."""
    team = plan.team
    inputs = {"goal": team.goal, "facts": team.own_facts, "accept_changes": False}
    async with open_database(settings.database) as database, database.fences.hold(THREAD):
        await Runner(database, Services({}, load_facts)).threads.index.admit(THREAD, team, inputs)
    await speak(plan, settings, 0)


async def live(plan: Plan, settings: Settings, folder: Path, killer: Killer | None) -> Plain:
    """Resume the thread until it ends, and return its state; a killer ends the process at its point."""

    @asynccontextmanager
    async def watched(*args: Any) -> AsyncIterator[Database]:
        async with open_database(*args) as opened:
            yield killing(opened, killer) if killer else opened

    voice = Hearers(plan, settings, folder)
    async with watched(settings.database) as database:
        runner = Runner(database, Services({"model": voice}, load_facts))
        with patch.object(saying, "open_database", watched):
            await runner.resume(THREAD)
        return dict(await runner.threads.begun(THREAD))


def _started(plan: Plan, location: str, folder: Path, point: str) -> None:
    settings = settings_of(location, folder)
    killer = Killer(folder, point)
    asyncio.run(begin(plan, settings))
    with watched_nodes(killer):
        asyncio.run(live(plan, settings, folder, killer))


def _resumed(plan: Plan, location: str, folder: Path) -> None:
    state = asyncio.run(live(plan, settings_of(location, folder), folder, None))
    kept = {key: state.get(key, []) for key in ("messages", "delivered", "events", "stop_reason")}
    (folder / "state.json").write_text(json.dumps(kept))


def _kill_at(plan: Plan, location: str, folder: Path, point: str) -> None:
    folder.mkdir(parents=True)
    if "://" not in location:
        location = str(folder / location)
    code = exit_code_of(fork(lambda: _started(plan, location, folder, point)))
    assert code == (-9 if point else 0), (point, code)
    assert exit_code_of(fork(lambda: _resumed(plan, location, folder))) == 0, point


def around_hearing(points: list[str]) -> list[str]:
    """The points from where convene begins to where its checkpoint is kept, and those at which something is said."""
    found, is_hearing = [], False
    for point in points:
        is_hearing = is_hearing or point.startswith("node convene, before")
        if is_hearing or point.startswith("said"):
            found.append(point)
        is_hearing = is_hearing and not point.startswith("checkpoint, after")
    return found


def main(seed: int, folder: Path, *locations: str) -> None:
    """Kill at each of these points; the first location is for the run that is not killed."""
    plan = Plan(seed)
    _kill_at(plan, locations[0], folder / "0", "")
    points = around_hearing(lines_of(folder / "0" / "points"))
    places = locations[1:] or [locations[0]] * len(points)
    works = [
        partial(_kill_at, plan, location, folder / str(number), point)
        for number, (point, location) in enumerate(zip(points, places, strict=False), 1)
    ]
    share_out(works)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
