"""Plans: what a planner may ask for, which steps are ready, and how long a plan takes at least.

A plan is a list of steps {agent, task, dependencies}; dependencies are the numbers of other steps, from 1.
"""

from collections.abc import Collection, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any

from policies.plain import MAX_TEXT, clean_text

MAX_NAME_SHOWN = 100
MAX_DEPENDENCIES = 10_000
"""Dependencies of all steps together; a plan with many more could not enter the state."""

PlanStep = Mapping[str, Any]


def find_plan_fault(steps: object, agents: Collection[str], max_steps: int) -> str | None:
    """Return the first thing wrong with a plan, the step named, or None if it may run.

    >>> find_plan_fault([{"agent": "ops", "task": "Look.", "dependencies": [1]}], ["ops"], 20)
    'step_1:depends_on_itself'
    >>> find_plan_fault([], ["ops"], 20)
    'empty'
    """
    if not isinstance(steps, list) or not steps:
        return "empty"
    if len(steps) > max_steps:
        return "too_many_steps"
    for number, step in enumerate(steps, 1):
        fault = _step_fault(step, number, len(steps), agents)
        if fault:
            return f"step_{number}:{fault}"
    if sum(len(_dependencies(step)) for step in steps) > MAX_DEPENDENCIES:
        return "too_many_dependencies"
    return _repeated(steps) or _cycle(steps)


def tidy_steps(steps: Sequence[PlanStep]) -> list[dict[str, Any]]:
    """Return the steps of a plan that may run, trimmed, unknown keys left out."""
    return [
        {
            "agent": step["agent"].strip(),
            "task": clean_text(step["task"]).strip(),
            "dependencies": list(_dependencies(step)),
        }
        for step in steps
    ]


def ready_steps(steps: Sequence[PlanStep], done: Collection[int], failed: Collection[int]) -> list[int]:
    """Return the numbers of the steps that can run now: not run yet, and all they depend on is done.

    >>> ready_steps([{"dependencies": []}, {"dependencies": [1]}], done=[1], failed=[])
    [2]
    """
    return [
        number
        for number, step in enumerate(steps, 1)
        if number not in done and number not in failed and all(each in done for each in step["dependencies"])
    ]


def critical_path(steps: Sequence[PlanStep]) -> list[int]:
    """Return the longest chain of steps that wait for each other; of equally long ones the lowest step, from the end.

    >>> critical_path([{"dependencies": []}, {"dependencies": [1]}, {"dependencies": []}])
    [1, 2]
    """
    longest: dict[int, list[int]] = {}
    for number in TopologicalSorter(_edges(steps)).static_order():
        before = [longest[each] for each in sorted(steps[number - 1]["dependencies"])]
        longest[number] = [*max(before, key=len, default=[]), number]
    return max((longest[number] for number in sorted(longest)), key=len, default=[])


def _step_fault(step: object, number: int, count: int, agents: Collection[str]) -> str | None:
    if not isinstance(step, Mapping):
        return "not_object"
    agent, task = step.get("agent"), step.get("task")
    if not isinstance(agent, str) or agent.strip() not in agents:
        return f"unknown_agent:{clean_text(agent).strip()[:MAX_NAME_SHOWN] if isinstance(agent, str) else ''}"
    if not isinstance(task, str) or not 0 < len(clean_text(task).strip()) <= MAX_TEXT:
        return "task"
    return _dependency_fault(_dependencies(step), number, count)


def _dependencies(step: PlanStep) -> Any:
    """Return what a step depends on; nothing where the planner left it out or said null."""
    offered = step.get("dependencies")
    return [] if offered is None else offered


def _dependency_fault(dependencies: object, number: int, count: int) -> str | None:
    if not isinstance(dependencies, list):
        return "dependencies"
    if not all(isinstance(each, int) and not isinstance(each, bool) for each in dependencies):
        return "dependencies"
    if any(not 1 <= each <= count for each in dependencies):
        return "dependency_out_of_range"
    if number in dependencies:
        return "depends_on_itself"
    return "dependency_twice" if len(set(dependencies)) < len(dependencies) else None


def _repeated(steps: Sequence[PlanStep]) -> str | None:
    seen: dict[tuple[str, str], int] = {}
    for number, step in enumerate(tidy_steps(steps), 1):
        earlier = seen.setdefault((step["agent"], step["task"]), number)
        if earlier != number:
            return f"step_{number}:same_as_step_{earlier}"
    return None


def _cycle(steps: Sequence[PlanStep]) -> str | None:
    """Return the fault of the first step that waits for itself; `waits` holds a bit for each step waited for."""
    waits = {number: sum(1 << each for each in before) for number, before in _edges(steps).items()}
    for through in waits:
        for number in waits:
            if waits[number] >> through & 1:
                waits[number] |= waits[through]
    first = next((number for number in waits if waits[number] >> number & 1), None)
    return None if first is None else f"step_{first}:cycle"


def _edges(steps: Sequence[PlanStep]) -> dict[int, list[int]]:
    return {number: _dependencies(step) for number, step in enumerate(steps, 1)}
