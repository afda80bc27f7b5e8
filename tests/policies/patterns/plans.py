"""Generated plans, right and wrong ones, and a check of plans that shares nothing with the one under test."""

from random import Random
from typing import Any

AGENTS = ("ann", "bob", "cid")

Step = dict[str, Any]

NO_AGENTS: tuple[Any, ...] = (
    "",
    "  ",
    "dan",
    "ann,bob",
    None,
    7,
    True,
    ["ann"],
    {"ann": 1},
    "ANN",
    "x" * 30_000,
    "ann\x00",
)
NO_TASKS: tuple[Any, ...] = ("", " \n ", None, 3, ["Look."], {}, "x" * 20_001, "\x00", float("nan"))
NO_LISTS: tuple[Any, ...] = ("1", 0, 1, False, True, {}, {"1": 1}, "", float("nan"), 1.0)
NO_INDICES: tuple[Any, ...] = (True, False, None, "1", 1.0, float("nan"), float("inf"), [1], {})
NO_STEPS: tuple[Any, ...] = (None, 1, "Look.", [], True, float("nan"))


def valid_plan(random: Random, length: int) -> list[Step]:
    """Return steps that depend on others in any order of their numbers, without a cycle."""
    order = random.sample(range(1, length + 1), length)
    steps: list[Step] = [{"agent": random.choice(AGENTS), "task": f"Task {number}."} for number in range(length)]
    for place, number in enumerate(order):
        before = random.sample(order[:place], random.randint(0, min(place, 3)))
        steps[number - 1]["dependencies"] = before
        if not before and random.random() < 0.3:
            steps[number - 1] |= {"dependencies": None}
    return steps


def broken_plan(random: Random, fault: str) -> list[Any]:
    """Return a plan with one fault or more of the kind, in steps that may well have other ones too."""
    steps: list[Any] = valid_plan(random, random.randint(2, 9))
    for number in random.sample(range(1, len(steps) + 1), random.randint(1, 2)):
        _break(random, steps, number, fault)
    return steps


def _break(random: Random, steps: list[Any], number: int, fault: str) -> None:
    if not isinstance(steps[number - 1], dict):
        return
    before, others = _dependencies(steps[number - 1]), [each for each in range(1, len(steps) + 1) if each != number]
    count = len(steps)
    replaced: dict[str, Any] = {
        "unknown_agent": lambda: {"agent": random.choice(NO_AGENTS)},
        "task": lambda: {"task": random.choice(NO_TASKS)},
        "no_list": lambda: {"dependencies": random.choice(NO_LISTS)},
        "no_index": lambda: {"dependencies": [*before, random.choice(NO_INDICES)]},
        "out_of_range": lambda: {"dependencies": [random.choice((0, -1, count + 1, 10**400)), *before]},
        "itself": lambda: {"dependencies": [*before, number]},
        "twice": lambda: {"dependencies": [others[0], *others[:1]]},
        "cycle": lambda: {"dependencies": others[: random.randint(1, 3)]},
    }
    if fault == "not_object":
        steps[number - 1] = random.choice(NO_STEPS)
    elif fault == "same":
        steps[number - 1] = (
            {**steps[others[-1] - 1], "dependencies": []} if isinstance(steps[others[-1] - 1], dict) else 1
        )
    else:
        steps[number - 1] = {**steps[number - 1], **replaced[fault]()}


FAULTS = (
    *("unknown_agent", "task", "no_list", "no_index", "out_of_range", "itself", "twice", "cycle", "not_object", "same"),
)


def naive_fault(steps: list[Any], max_steps: int) -> str | None:
    """Return the first fault, worked out step by step by the words of the specification."""
    if len(steps) == 0:
        return "empty"
    if len(steps) > max_steps:
        return "too_many_steps"
    for number in range(1, len(steps) + 1):
        fault = _naive_step_fault(steps[number - 1], number, len(steps))
        if fault is not None:
            return f"step_{number}:{fault}"
    for number in range(1, len(steps) + 1):
        for earlier in range(1, number):
            one, other = steps[number - 1], steps[earlier - 1]
            if one["agent"].strip() == other["agent"].strip() and one["task"].strip() == other["task"].strip():
                return f"step_{number}:same_as_step_{earlier}"
    cyclic = [number for number in range(1, len(steps) + 1) if _reaches(steps, number, number, set())]
    return f"step_{cyclic[0]}:cycle" if cyclic else None


def _naive_step_fault(step: Any, number: int, count: int) -> str | None:
    if type(step) is not dict:
        return "not_object"
    agent, task, before = step["agent"], step["task"], step["dependencies"]
    if type(agent) is not str or agent.strip() not in AGENTS:
        return "unknown_agent:" + (agent.replace("\x00", "").strip()[:100] if type(agent) is str else "")
    if type(task) is not str or task.replace("\x00", "").strip() == "" or len(task.strip()) > 20_000:
        return "task"
    if before is None:
        return None
    if type(before) is not list or {type(each) for each in before} - {int}:
        return "dependencies"
    if before and (min(before) < 1 or max(before) > count):
        return "dependency_out_of_range"
    if number in before:
        return "depends_on_itself"
    return "dependency_twice" if any(before.count(each) > 1 for each in before) else None


def _dependencies(step: Step) -> list[Any]:
    found = step["dependencies"]
    return found if isinstance(found, list) else []


def _reaches(steps: list[Step], start: int, goal: int, seen: set[int]) -> bool:
    for each in _dependencies(steps[start - 1]):
        if each == goal:
            return True
        if each not in seen:
            seen.add(each)
            if _reaches(steps, each, goal, seen):
                return True
    return False
