"""Proofs of large teams, and an archive of many runs decided again; each in a process of its own."""

import asyncio
import copy
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from graph.opening import open_runner
from graph.settings import Settings
from graph.store.archive import Archive
from graph.store.database import Database, open_database
from graph.teams.loader import load_team
from graph.teams.policies import load_policy
from graph.teams.voicing import voiced
from policies.assurance.electorate import Electorate
from policies.assurance.proof import prove
from policies.decision.table import Policy, Row

Figures = dict[str, Any]
MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
ACCORD = str(Path(sys.executable).with_name("accord"))


def proofs(turns: int) -> Figures:
    """Return the seconds of whole proofs: no vote is left out, by counts where the rules tell no role from another."""
    nine, fifteen = _roles(9), _roles(15)
    subjects = {
        "9 roles, each one named by a row": (naming_everybody(nine), nine),
        "15 roles by counts, launch": (load_policy("launch"), fifteen),
        "15 roles by counts, quorum, with absences": (load_policy("quorum"), fifteen),
    }
    return {name: _proof(policy, roles, turns) for name, (policy, roles) in subjects.items()}


def _roles(number: int) -> tuple[str, ...]:
    return tuple(f"role_{place}" for place in range(1, number + 1))


def naming_everybody(roles: tuple[str, ...]) -> Policy:
    """Return `launch` with a row that names every role, so that no two of them can be counted together."""
    unanimous = Row(when=" && ".join(f'stances.{role} == "go"' for role in roles), then="go")
    launch = load_policy("launch")
    return launch.model_copy(update={"name": "named", "rules": (unanimous, *launch.rules)})


def _proof(policy: Policy, roles: tuple[str, ...], turns: int) -> Figures:
    taken = []
    for _ in range(turns):
        started = time.perf_counter()
        proof = prove(policy, Electorate(roles, max_messages=100))
        taken.append(time.perf_counter() - started)
        if not proof.holds:
            raise RuntimeError(f"{policy.name} is not proved")
    return {
        "votes": proof.votes,
        "kinds": proof.kinds,
        "places": proof.walked.places,
        "seconds": statistics.median(taken),
    }


def archive(numbers: tuple[int, ...] = (1_000, 10_000)) -> Figures:
    """Return the seconds and the highest memory of `accord whatif` over that many archived runs, whole process."""
    found = {f"{number} runs": _whatif(number) for number in numbers}
    fewest = next(iter(found.values()))["rss_mb"]
    return {name: {**at, "rss_to_fewest": at["rss_mb"] / fewest} for name, at in found.items()}


def _whatif(number: int) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(fill(Path(folder), number))
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", MEASURED, *_command(folder)], stdout=subprocess.PIPE, check=True)
        return {"seconds": time.perf_counter() - started, "rss_mb": int(done.stdout) * 1024 / 1e6}


def _command(folder: str) -> list[str]:
    return [ACCORD, "whatif", "--policy", "unanimous", "--db", f"{folder}/accord.sqlite"]


async def fill(home: Path, number: int, team: str = "checkout_launch") -> None:
    """Archive that many runs of a team: one real run's state, its last vote drawn anew for each."""
    settings = Settings(accord_home=home)
    async with open_runner(settings) as runner:
        await runner.run(voiced(load_team(team), settings, "rules"), "real")
        state = dict(await runner.threads.begun("real"))
    draw = random.Random(7)
    async with open_database(settings.database) as database:
        for start in range(0, number - 1, 500):
            names = range(start, min(start + 500, number - 1))
            await asyncio.gather(*(_keep(database, f"run-{name}", _drawn(state, draw)) for name in names))


async def _keep(database: Database, thread: str, state: dict[str, Any]) -> None:
    async with database.fences.hold(thread):
        await Archive(database.store).keep(thread, state)


def _drawn(state: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    events = copy.deepcopy(state["events"])
    outcome = next(event for event in events if event["event"] == "outcome")
    outcome["casts"] = {role: draw.choice(["go", "go", "caution", "block"]) for role in outcome["casts"]}
    for event in events:
        if event["event"] == "accepted":
            event["contribution"]["stance"] = outcome["casts"][event["role"]]
    return {**state, "events": events}
