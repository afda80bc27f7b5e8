"""Patterns: wall time against the critical path, 200 ms a call.

Whole runs through the real runner and SQLite; only the voice is scripted, and answers each call after its latency. The
critical path of a plan is the planning, its longest chain of steps, and the synthesis.
"""

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from graph.opening import open_runner
from graph.runner import Runner
from graph.settings import Settings
from graph.teams.policies import with_policy
from graph.teams.voicing import voiced
from nodes.voices.voice import BriefQuestion, Question, Utterance
from policies.patterns.plan import critical_path
from policies.rehearsal.simulate import simulate
from policies.team.team import Team

LATENCY_SECONDS = 0.2
TURNS = 3
AGENTS = 5

Figures = dict[str, Any]
Step = dict[str, Any]
Plan = list[Step]

SAID: Mapping[str, Mapping[str, Any]] = {
    "output": {"text": "Done, and checked against the facts."},
    "verdict": {"winner": None, "decision": "Wait.", "reasons": ["It is safer."], "confidence": 0.8},
    "contribution": {"stance": "go", "summary": "Nothing speaks against it.", "confidence": 0.9, "actions": ["Go on."]},
}


class Slow:
    """A voice that answers each call after its latency: the plan, a position that moves, or the same every time.

    In the rounds the first agent blocks until the last round.
    """

    def __init__(self, plan: Plan, rounds: int) -> None:
        self._plan, self._rounds = plan, rounds

    async def propose(self, question: Question) -> Utterance:
        question.meter.calls += 1
        await asyncio.sleep(LATENCY_SECONDS)
        return Utterance(self._said(question))

    async def write_brief(self, question: BriefQuestion) -> Utterance:
        question.meter.calls += 1
        await asyncio.sleep(LATENCY_SECONDS)
        return Utterance("All is done.\n1. Start.\n2. Watch.")

    def _said(self, question: Question) -> Mapping[str, Any]:
        if question.task.contract == "plan":
            return {"steps": self._plan}
        if question.task.contract == "position":
            return {"position": f"Position {question.round}.", "argument": "Because."}
        said = SAID[question.task.contract]
        blocks = question.name == "agent_1" and question.round < self._rounds
        if question.task.contract == "contribution":
            return {**said, "agent": question.name, "stance": "block" if blocks else "go"}
        return said


# --- plans -----------------------------------------------------------------------------------------------------------


def chain(steps: int) -> Plan:
    return [_step(number, [number - 1] if number > 1 else []) for number in range(1, steps + 1)]


def wide(steps: int) -> Plan:
    return [_step(number, []) for number in range(1, steps + 1)]


def diamond(steps: int) -> Plan:
    middle = list(range(2, steps))
    return [_step(1, []), *(_step(number, [1]) for number in middle), _step(steps, middle)]


def drawn(steps: int, seed: int) -> Plan:
    """Return a plan at random: each step waits for up to three of the fifth of the plan before it."""
    draw = random.Random(seed)
    plan = []
    for number in range(1, steps + 1):
        before = range(max(1, number - steps // 5), number)
        plan.append(_step(number, sorted(draw.sample(before, min(len(before), draw.randint(0, 3))))))
    return plan


def _step(number: int, dependencies: Sequence[int]) -> Step:
    return {"agent": f"agent_{number % AGENTS + 1}", "task": f"Step {number}.", "dependencies": [*dependencies]}


PLANS: Mapping[str, Plan] = {
    "chain of 12": chain(12),
    "40 side by side": wide(40),
    "diamond of 30": diamond(30),
    "drawn, 40 steps (a)": drawn(40, seed=1),
    "drawn, 40 steps (b)": drawn(40, seed=2),
    "drawn, 200 steps": drawn(200, seed=3),
}


# --- runs ------------------------------------------------------------------------------------------------------------


def plans(turns: int = TURNS) -> Figures:
    """Return wall to critical path and to the time step by step, for plans of several shapes."""
    figures = {}
    for name, plan in PLANS.items():
        path = len(critical_path(plan)) + 2
        wall, cpu = _seconds(_team("orchestrator", 1), plan, 1, turns)
        figures[name] = {
            "calls": len(plan) + 2,
            "critical_path": path,
            "wall_ms": wall * 1000,
            "cpu_ms": cpu * 1000,
            "wall_to_critical_path": wall / (path * LATENCY_SECONDS),
        }
    return figures


def rounds(turns: int = TURNS, most: int = 5) -> Figures:
    """Return wall a round to the latency of one call, for a debate and for the rounds, everybody at once."""
    figures = {}
    for pattern in ("debate", "rounds"):
        team = _team(pattern, most)
        path = simulate(team, {"x": 1}, "longest").latency
        wall, cpu = _seconds(team, [], most, turns)
        figures[f"{pattern}, {AGENTS} agents, {most} rounds"] = {
            "calls": simulate(team, {"x": 1}, "longest").calls,
            "critical_path": path,
            "wall_ms": wall * 1000,
            "cpu_ms": cpu * 1000,
            "wall_to_critical_path": wall / (path * LATENCY_SECONDS),
        }
    return figures


def _seconds(team: Team, plan: Plan, most: int, turns: int) -> tuple[float, float]:
    """Return the median wall and CPU time of a run, the first, which warms up, left out."""
    wall, cpu = zip(*asyncio.run(_timed(team, Slow(plan, most), turns))[1:], strict=True)
    return statistics.median(wall), statistics.median(cpu)


async def _timed(team: Team, voice: Slow, turns: int) -> list[tuple[float, float]]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(accord_home=Path(folder))
        async with open_runner(settings, {"model": voice, "rules": voice}) as runner:
            return [await _once(runner, voiced(team, settings, "rules"), f"t{turn}") for turn in range(turns + 1)]


async def _once(runner: Runner, team: Team, thread: str) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    record = await runner.run(team, thread)
    assert record["stop_reason"] == "success", record["stop_reason"]
    return time.perf_counter() - wall, time.process_time() - cpu


def _team(pattern: str, most: int) -> Team:
    lead = {"orchestrator": "planner", "debate": "judge"}.get(pattern)
    otherwise = {"stance": "go", "summary": "Fine.", "actions": ["Go on."]}
    names = [f"agent_{number}" for number in range(1, AGENTS + 1)]
    roles = {
        name: {"title": name, "mandate": "Work.", "otherwise": otherwise} for name in [*names, *filter(None, [lead])]
    }
    raw = {
        **{
            "name": "bench",
            "title": "Bench",
            "goal": "Do it.",
            "pattern": pattern,
            "facts": {"x": 1},
            "policy": "classic",
        },
        **{"sequence": names, "roles": roles, **({"lead": lead} if lead else {})},
        "budget": {"max_rounds": most, "max_messages": 1000, "max_seconds": 3600.0},
        **({"options": {"max_steps": 200}} if pattern == "orchestrator" else {}),
    }
    return Team.model_validate(with_policy(raw))


def measure() -> Figures:
    """Return the figures of every plan, of a debate and of the rounds, and the slowest of them."""
    figures = {**plans(), **rounds()}
    slowest = max(at["wall_to_critical_path"] for at in figures.values())
    return {"shapes": figures, "slowest": {"wall_to_critical_path": slowest}}
