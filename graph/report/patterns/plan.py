"""The plan of an orchestrator: each step, its state, what it waits for, and all of them as a graph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any

from graph.report.patterns.layout import MOST_IN_FULL, graph_of
from graph.report.patterns.work import Given, Plain, Work
from graph.report.words import said_number
from policies.language import phrase, say, say_count
from policies.patterns.plan import critical_path

STATES = {
    "done": ("go", phrase("done")),
    "failed": ("refused", phrase("failed")),
    "blocked": ("absent", phrase("not run: what it waits for failed")),
    "open": ("none", phrase("not run")),
}
"""The tone and the words of each state of a step."""

MOST_IN_CHAIN = 12
"""Steps of a critical path that are all named."""


@dataclass
class _Plan:
    """One plan: its steps, and the newest answer or absence of each step that was asked."""

    planner: str
    steps: Sequence[Given]
    seats: dict[int, Given] = field(default_factory=dict)


def plans_of(work: Work) -> list[Plain]:
    """Return a section for each plan that was made, the last one is the one that was kept."""
    plans: list[_Plan] = []
    for output in work.outputs:
        if output["contract"] == "plan" and output["answer"]:
            plans.append(_Plan(output["agent"], output["answer"]["steps"]))
        elif output["seat"].startswith("step_") and plans:
            number = int(output["seat"].removeprefix("step_"))
            if not plans[-1].seats.get(number, {}).get("answer"):
                plans[-1].seats[number] = output
    return [_section(work, plan, number, len(plans)) for number, plan in enumerate(plans, 1)]


def _section(work: Work, plan: _Plan, number: int, count: int) -> Plain:
    waves, states = waves_of(plan.steps), _states(plan)
    critical = critical_path(plan.steps)
    steps = [
        _step(work, plan, each, waves[each], states[each], each in critical) for each in range(1, len(plan.steps) + 1)
    ]
    title = say("Plan") if count == 1 else say("Plan {number} of {count}", number=number, count=count)
    return {
        "kind": "plan",
        "title": title,
        "headline": _headline(sum(step["state"] == "done" for step in steps), len(steps)),
        "summary": _summary(steps),
        "planner": plan.planner,
        "planner_title": work.title_of(plan.planner),
        "waves": [[step for step in steps if step["wave"] == wave] for wave in range(1, max(waves.values()) + 1)],
        "critical": _chain(critical),
        "is_long": len(steps) > MOST_IN_FULL,
        "graph": graph_of(steps, critical),
    }


def waves_of(steps: Sequence[Given]) -> dict[int, int]:
    """Return the wave of each step: 1 where it waits for nothing, else one more than the latest it waits for.

    >>> waves_of([{"dependencies": []}, {"dependencies": [1]}, {"dependencies": []}])
    {1: 1, 3: 1, 2: 2}
    """
    edges = {number: step["dependencies"] for number, step in enumerate(steps, 1)}
    waves: dict[int, int] = {}
    for number in TopologicalSorter(edges).static_order():
        waves[number] = 1 + max((waves[each] for each in edges[number]), default=0)
    return waves


def _states(plan: _Plan) -> dict[int, str]:
    states: dict[int, str] = {}
    edges = {number: step["dependencies"] for number, step in enumerate(plan.steps, 1)}
    for number in TopologicalSorter(edges).static_order():
        is_blocked = any(states[each] in ("failed", "blocked") for each in edges[number])
        states[number] = _state(plan.seats.get(number), is_blocked)
    return states


def _state(seat: Given | None, is_blocked: bool) -> str:
    if seat is not None and seat["answer"]:
        return "done"
    if seat is not None and seat["absent"]:
        return "failed"
    return "blocked" if is_blocked else "open"


def _step(work: Work, plan: _Plan, number: int, wave: int, state: str, is_critical: bool) -> Plain:
    step = plan.steps[number - 1]
    tone, word = STATES[state]
    seat = {"agent": step["agent"], "answer": None, "absent": None} | dict(plan.seats.get(number, {}))
    place: Mapping[str, Any] = {"number": number, "wave": wave, "needs": [*step["dependencies"]]}
    return {
        **work.told(seat),
        **place,
        "task": step["task"],
        "state": state,
        "tone": tone,
        "word": say(word),
        "is_critical": is_critical,
    }


def _chain(critical: Sequence[int]) -> str:
    """Return the critical path in words; of a long one both ends."""
    if len(critical) <= MOST_IN_CHAIN:
        return " → ".join(map(str, critical))
    ends = [*map(str, critical[: MOST_IN_CHAIN // 2]), "…", *map(str, critical[-MOST_IN_CHAIN // 2 :])]
    return say_count("{path} ({number} step)", "{path} ({number} steps)", len(critical), path=" → ".join(ends))


def _headline(done: int, steps: int) -> str:
    if done == steps:
        return say_count("{number} step done", "{number} steps done", steps)
    return say_count("{done} of {number} step done", "{done} of {number} steps done", steps, done=said_number(done))


def _summary(steps: Sequence[Plain]) -> str:
    states = [step["state"] for step in steps]
    done, failed = states.count("done"), states.count("failed")
    left = len(states) - done - failed
    waves = say_count("{number} wave", "{number} waves", max(step["wave"] for step in steps))
    parts = [
        say_count(
            "{done} of {number} step done, in {waves}",
            "{done} of {number} steps done, in {waves}",
            len(steps),
            done=done,
            waves=waves,
        ),
        say_count("{number} failed", "{number} failed", failed) if failed else None,
        say_count("{number} not run", "{number} not run", left) if left else None,
    ]
    return f"{', '.join(filter(None, parts))}."
