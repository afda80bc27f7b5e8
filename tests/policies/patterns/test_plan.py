"""Plans: which may run, in which waves, and how long they take at least."""

from collections import Counter
from itertools import pairwise
from random import Random
from time import perf_counter
from typing import Any

import pytest

from policies.patterns.plan import MAX_DEPENDENCIES, critical_path, find_plan_fault, ready_steps, tidy_steps
from tests.policies.patterns.plans import AGENTS, FAULTS, Step, broken_plan, naive_fault, valid_plan

MOST = 20


def step(agent: object = "ann", task: object = "Look.", *before: object) -> Step:
    return {"agent": agent, "task": task, "dependencies": [*before]}


def chain(length: int) -> list[Step]:
    return [step("ann", f"Task {number}.", *([number - 1] if number > 1 else [])) for number in range(1, length + 1)]


def waves_of(steps: list[Step]) -> list[list[int]]:
    """Run a plan to its end: all that is ready at once, until nothing is."""
    done: list[int] = []
    waves: list[list[int]] = []
    while ready := ready_steps(steps, done, []):
        waves.append(ready)
        done += ready
    return waves


def kind_of(fault: str | None) -> str | None:
    """Return a fault without the steps and names it tells of."""
    told = (fault or "").removeprefix("step_").lstrip("0123456789").removeprefix(":")
    return told.partition(":")[0].rstrip("_0123456789") or None


def spread(random: Random, steps: list[Step]) -> set[int]:
    """Return the steps that wait, directly or not, for those that are marked as failing."""
    failing = {number for number, each in enumerate(steps, 1) if each.get("fails")}
    while more := {
        number
        for number, each in enumerate(steps, 1)
        if number not in failing and failing.intersection(each["dependencies"])
    }:
        failing |= more
    return failing


@pytest.mark.parametrize(
    ("steps", "fault"),
    [
        (None, "empty"),
        ([], "empty"),
        ({}, "empty"),
        ("Look.", "empty"),
        (True, "empty"),
        ({"1": step()}, "empty"),
        (chain(MOST + 1), "too_many_steps"),
        ([None] * (MOST + 1), "too_many_steps"),
        ([[]], "step_1:not_object"),
        ([step(), "Look."], "step_2:not_object"),
        ([{}], "step_1:unknown_agent:"),
        ([step("dan")], "step_1:unknown_agent:dan"),
        ([step(7)], "step_1:unknown_agent:"),
        ([step(" d\x00an\ud800 ")], "step_1:unknown_agent:dan�"),
        ([step("x" * 30_000)], f"step_1:unknown_agent:{'x' * 100}"),
        ([step("ann", None)], "step_1:task"),
        ([step("ann", " \n")], "step_1:task"),
        ([step("ann", "\x00")], "step_1:task"),
        ([step("ann", "x" * 20_001)], "step_1:task"),
        ([{**step(), "dependencies": "1"}], "step_1:dependencies"),
        ([{**step(), "dependencies": False}], "step_1:dependencies"),
        ([{**step(), "dependencies": 0}], "step_1:dependencies"),
        ([{**step(), "dependencies": {}}], "step_1:dependencies"),
        ([step(), step("bob", "Ask.", True)], "step_2:dependencies"),
        ([step(), step("bob", "Ask.", 1.0)], "step_2:dependencies"),
        ([step(), step("bob", "Ask.", float("nan"))], "step_2:dependencies"),
        ([step("ann", "Look.", 0)], "step_1:dependency_out_of_range"),
        ([step("ann", "Look.", -1)], "step_1:dependency_out_of_range"),
        ([step("ann", "Look.", 2)], "step_1:dependency_out_of_range"),
        ([step("ann", "Look.", 10**400)], "step_1:dependency_out_of_range"),
        ([step("ann", "Look.", 1)], "step_1:depends_on_itself"),
        ([step(), step("bob", "Ask.", 1, 1)], "step_2:dependency_twice"),
        ([step(), step("bob"), step(" ann ", "Look.\n", 2)], "step_3:same_as_step_1"),
        ([step("ann", "a", 2), step("ann", "b", 1)], "step_1:cycle"),
        ([step("ann", "a", 3), step("ann", "b"), step("ann", "c", 4), step("ann", "d", 3)], "step_3:cycle"),
        ([step("ann", "a", 5), step("ann", "b", 3), step("ann", "c", 2), step("ann", "d", 5), step("ann", "e", 4)],
         "step_2:cycle"),
        # The first fault counts: by step, and in a step by the order of its checks.
        ([step("ann", "Look.", 9), step("dan")], "step_1:dependency_out_of_range"),
        ([step("dan", "", 9), step("dan")], "step_1:unknown_agent:dan"),
        ([step("ann", "a", 2), step("ann", "b", 1), step("ann", "b")], "step_3:same_as_step_2"),
    ],
)  # fmt: skip
def test_the_first_fault_of_a_plan_is_found_and_its_step_named(steps: Any, fault: str) -> None:
    assert find_plan_fault(steps, AGENTS, MOST) == fault


@pytest.mark.parametrize(
    "steps",
    [
        [step()],
        [{"agent": "ann", "task": "Look."}],
        [{**step(), "dependencies": None}],
        [step(" ann ", " Look. "), step("ann", "Look again.", 1)],
        [step("ann", "a", 2), step("bob", "a")],
        [step("ann", "x" * 20_000)],
        chain(MOST),
    ],
    ids=["one", "without dependencies", "null", "spaces", "backwards", "long", "many"],
)
def test_a_plan_that_can_run_has_no_fault(steps: list[Step]) -> None:
    assert find_plan_fault(steps, AGENTS, MOST) is None


def test_a_plan_of_200_steps_needs_leave_for_as_many() -> None:
    assert find_plan_fault(chain(200), AGENTS, 199) == "too_many_steps"
    assert find_plan_fault(chain(200), AGENTS, 200) is None
    assert [len(wave) for wave in waves_of(chain(200))] == [1] * 200
    assert critical_path(chain(200)) == [*range(1, 201)]


def test_a_plan_has_no_more_dependencies_than_the_state_can_hold() -> None:
    dense = [step("ann", f"Task {number}.", *range(1, number)) for number in range(1, 143)]
    assert sum(len(each["dependencies"]) for each in dense) == MAX_DEPENDENCIES + 11
    assert find_plan_fault(dense, AGENTS, 500) == "too_many_dependencies"
    assert find_plan_fault(dense[:-1], AGENTS, 500) is None


def test_a_hostile_plan_is_read_in_a_moment() -> None:
    steps = [step("ann", f"Task {number}.", *({*range(480, 501)} - {number})) for number in range(1, 481)]
    steps += [step("ann", f"Task {number}.", number % 500 + 1) for number in range(481, 501)]
    started = perf_counter()
    assert find_plan_fault(steps, AGENTS, 500) == "too_many_dependencies"
    ring = [step("ann", f"Task {number}.", number % 500 + 1) for number in range(1, 501)]
    assert find_plan_fault(ring, AGENTS, 500) == "step_1:cycle"
    assert perf_counter() - started < 5


def test_500_generated_plans_get_the_verdict_of_an_independent_check() -> None:
    random, seen = Random(5), Counter[str | None]()
    for turn in range(600):
        steps = broken_plan(random, FAULTS[turn % len(FAULTS)])
        most = random.choice((MOST, MOST, MOST, len(steps) - 1))
        expected = naive_fault(steps, most)
        assert find_plan_fault(steps, AGENTS, most) == expected, steps
        seen[kind_of(expected)] += 1
    kinds = {"unknown_agent", "task", "dependencies", "dependency_out_of_range", "depends_on_itself", "cycle"}
    assert {*seen} - {None} == kinds | {"dependency_twice", "not_object", "same_as_step", "too_many_steps"}
    assert all(seen[kind] >= 5 for kind in seen if kind)


def test_500_generated_plans_that_may_run_run_every_step_once_and_none_before_its_dependencies() -> None:
    random = Random(7)
    for length in [*range(1, 26)] * 20:
        plan = valid_plan(random, length)
        assert find_plan_fault(plan, AGENTS, length) is None
        steps = tidy_steps(plan)
        waves = waves_of(steps)
        wave_of = {number: place for place, wave in enumerate(waves) for number in wave}
        assert sorted(number for wave in waves for number in wave) == [*range(1, length + 1)]
        assert all(wave_of[each] < wave_of[n] for n, one in enumerate(steps, 1) for each in one["dependencies"])
        path = critical_path(steps)
        assert len(path) == len(waves)
        assert all(before in steps[number - 1]["dependencies"] for before, number in pairwise(path))


def test_a_failed_step_keeps_exactly_those_from_running_that_depend_on_it() -> None:
    random = Random(9)
    for length in [*range(2, 22)] * 10:
        steps = tidy_steps(valid_plan(random, length))
        for each in random.sample(steps, random.randint(1, 2)):
            each["fails"] = True
        done: list[int] = []
        failed: list[int] = []
        while ready := ready_steps(steps, done, failed):
            failed += [number for number in ready if steps[number - 1].get("fails")]
            done += [number for number in ready if not steps[number - 1].get("fails")]
        assert {*range(1, length + 1)} - {*done} == spread(random, steps)


def test_a_tidy_plan_is_trimmed_and_holds_what_the_contract_names_alone() -> None:
    offered = [{"agent": " ann ", "task": " Lo\x00ok. ", "dependencies": None, "why": "?"}, step("bob", "Ask.", 1)]
    tidy = tidy_steps(offered)
    assert tidy == [step(), step("bob", "Ask.", 1)]
    assert tidy[1]["dependencies"] is not offered[1]["dependencies"]


@pytest.mark.parametrize(
    ("before", "path"),
    [
        ([], []),
        ([[]], [1]),
        ([[], []], [1]),
        ([[], [], [1], [2]], [1, 3]),
        ([[], [], [2, 1]], [1, 3]),
        ([[3], [], []], [3, 1]),
        ([[], [1], [1], [2, 3]], [1, 2, 4]),
    ],
)
def test_of_equally_long_chains_the_lowest_steps_are_taken(before: list[list[int]], path: list[int]) -> None:
    assert critical_path([{"dependencies": each} for each in before]) == path
