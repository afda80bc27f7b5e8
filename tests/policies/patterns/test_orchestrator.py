"""Orchestrator: planning, waves of steps, failures, replanning, and what each step is told."""

from random import Random
from typing import Any

import pytest

from policies.contracts.answers import Task
from policies.patterns.course import advance
from policies.patterns.orchestrator import progress_of
from policies.patterns.plan import critical_path, tidy_steps
from policies.patterns.stages import Closed, Stage, retried
from policies.run.stop import Stop
from policies.team.team import Team
from tests.policies.patterns.courses import (
    ANN,
    BOB,
    CID,
    FACTS,
    LEA,
    Said,
    closed,
    extended,
    finished,
    opened,
    played,
    seats,
    team_of,
)
from tests.policies.patterns.plans import Step, valid_plan

DIAMOND: list[Step] = [
    {"agent": ANN, "task": "Look.", "dependencies": []},
    {"agent": BOB, "task": "Count.", "dependencies": [1]},
    {"agent": CID, "task": "Ask.", "dependencies": [1]},
    {"agent": ANN, "task": "Sum up.", "dependencies": [3, 2]},
]
PLAN = {"steps": DIAMOND}
ALONE = {"steps": [{"agent": BOB, "task": "Try again.", "dependencies": []}]}


def orchestrated(max_replans: int = 1, **options: Any) -> Team:
    return team_of("orchestrator", options={"max_replans": max_replans, **options})


def done(text: str) -> Said:
    return {"text": text}


def test_the_lead_plans_first_and_learns_whom_it_can_name() -> None:
    task = Task(
        "plan",
        LEA,
        "plan",
        {"agents": {name: f"{name.capitalize()}: Speak for {name}." for name in (ANN, BOB, CID)}, "max_steps": 7},
        (ANN, BOB, CID),
    )
    assert advance(orchestrated(max_steps=7), [], FACTS) == Stage("plan", (task,))


def test_steps_run_in_waves_and_read_the_results_they_depend_on_alone() -> None:
    team = orchestrated()
    log = extended(team, [PLAN], [done("Seen.")])
    second = opened(team, log)
    looked = {"step": 1, "agent": ANN, "task": "Look.", "text": "Seen."}
    assert second == Stage(
        "steps",
        (
            Task("step_2", BOB, "output", {"step": 2, "subtask": "Count.", "dependencies": [looked]}),
            Task("step_3", CID, "output", {"step": 3, "subtask": "Ask.", "dependencies": [looked]}),
        ),
        "all",
    )
    (last,) = opened(team, [*log, closed(second, done("Four."), done("Yes."))]).tasks
    assert [(each["step"], each["text"]) for each in last.asks["dependencies"]] == [(3, "Yes."), (2, "Four.")]


def test_the_end_has_every_result_in_step_order_and_the_plan() -> None:
    end = finished(team := orchestrated(), extended(team, [PLAN], [done("1")], [done("2"), done("3")], [done("4")]))
    assert [(each["step"], each["agent"], each["task"], each["text"]) for each in end.results] == [
        (number, step["agent"], step["task"], str(number)) for number, step in enumerate(DIAMOND, 1)
    ]
    assert end.answer is None
    assert end.details == {"plans": [{"steps": DIAMOND, "critical_path": [1, 2, 4], "failed": []}]}


def test_a_failed_step_sends_the_planner_what_is_done_and_what_failed() -> None:
    team = orchestrated()
    log = extended(team, [PLAN], [done("1")], ["llm_timeout", done("3")])
    (task,) = opened(team, log).tasks
    assert (task.seat, task.role, task.contract) == ("plan", LEA, "plan")
    assert [(each["step"], each["text"]) for each in task.asks["completed"]] == [(1, "1"), (3, "3")]
    assert task.asks["failed"] == [{"step": 2, **DIAMOND[1], "reason": "llm_timeout"}]


def test_the_steps_of_a_new_plan_read_what_the_earlier_ones_gave() -> None:
    team = orchestrated()
    log = extended(team, [PLAN], [done("1")], ["llm_timeout", done("3")], [ALONE])
    (task,) = opened(team, log).tasks
    assert (task.seat, task.role) == ("step_1", BOB)
    assert [each["text"] for each in task.asks["completed"]] == ["1", "3"]
    end = finished(team, [*log, closed(opened(team, log), done("Now."))])
    assert [each["text"] for each in end.results] == ["1", "3", "Now."]
    assert [[each["step"] for each in plan["failed"]] for plan in end.details["plans"]] == [[2], []]


@pytest.mark.parametrize("max_replans", [0, 1, 3])
def test_replanning_ends_after_max_replans_and_names_the_first_failed_step(max_replans: int) -> None:
    def answer(task: Task) -> Said:
        if task.contract == "plan":
            return PLAN
        return "llm_timeout" if task.asks["step"] in (2, 3) else done("Fine.")

    log, end = played(orchestrated(max_replans), answer)
    assert [stage.label for stage in log] == ["plan", "steps", "steps"] * (max_replans + 1)
    assert end == Stop("step_failed:2", f"step_2:{BOB}")


@pytest.mark.parametrize("failing", [1, 4])
def test_the_step_that_failed_stops_the_run_by_its_number(failing: int) -> None:
    def answer(task: Task) -> Said:
        return PLAN if task.contract == "plan" else "invalid_output:ann" if task.asks["step"] == failing else done("ok")

    assert played(orchestrated(0), answer)[1] == Stop(f"step_failed:{failing}", f"step_{failing}:{ANN}")


def test_a_run_that_goes_on_asks_the_failed_steps_again_and_nothing_else() -> None:
    team = orchestrated(0)
    log = extended(team, [PLAN], [done("1")], ["llm_timeout", done("3")])
    assert isinstance(advance(team, log, FACTS), Stop)
    again = retried(log, len(log))
    assert seats(opened(team, again)) == ["step_2"]
    after = [*again, closed(opened(team, again), done("2"))]
    assert seats(opened(team, after)) == ["step_4"]
    assert [each["text"] for each in finished(team, [*after, closed(opened(team, after), done("4"))]).results] == [
        *"1234"
    ]


def test_a_run_that_goes_on_still_tells_what_failed_in_an_earlier_plan() -> None:
    team = orchestrated()
    log = extended(team, [PLAN], [done("1")], ["llm_timeout", done("3")], [ALONE], ["llm_empty"])
    again = retried(log, len(log))
    end = finished(team, [*again, closed(opened(team, again), done("Now."))])
    assert [[each["reason"] for each in plan["failed"]] for plan in end.details["plans"]] == [["llm_timeout"], []]


def test_a_step_that_fails_again_after_the_run_went_on_stops_it_again() -> None:
    team = orchestrated(0)
    log = extended(team, [PLAN], [done("1")], ["llm_timeout", done("3")])
    again = retried(log, len(log))
    failed = [*again, closed(opened(team, again), "llm_empty")]
    assert advance(team, failed, FACTS) == Stop("step_failed:2", f"step_2:{BOB}")


def test_steps_of_no_plan_are_no_progress() -> None:
    team = orchestrated()
    orphan = extended(team, [PLAN], [done("1")])[1]
    assert progress_of([]) == progress_of([orphan]) == []
    assert seats(opened(team, [orphan])) == ["plan"]


def test_500_generated_plans_run_to_their_end_in_as_many_waves_as_their_longest_chain() -> None:
    random = Random(11)
    for length in [*range(1, 26)] * 20:
        plan = valid_plan(random, length)
        log, end = played(orchestrated(), lambda task, plan=plan: _obeying(task, plan))  # type: ignore[misc]  # bound
        assert len(log) - 1 == len(critical_path(tidy_steps(plan)))
        asked = [entry.seat for stage in log[1:] for entry in stage.entries]
        assert sorted(asked) == sorted(f"step_{number}" for number in range(1, length + 1))
        assert [each["step"] for each in end.results] == [*range(1, length + 1)]  # type: ignore[union-attr]  # no stop


def test_in_500_generated_plans_what_does_not_depend_on_a_failed_step_runs() -> None:
    random = Random(13)
    for length in [*range(2, 27)] * 20:
        plan, failing = valid_plan(random, length), {random.randint(1, length)}

        def answer(task: Task, plan: list[Step] = plan, failing: set[int] = failing) -> Said:
            return "llm_timeout" if task.asks.get("step") in failing else _obeying(task, plan)

        log, end = played(orchestrated(0), answer)
        assert end == Stop(f"step_failed:{min(failing)}", f"step_{min(failing)}:{plan[min(failing) - 1]['agent']}")
        assert _run(log) == {*range(1, length + 1)} - (_waiting_for(plan, failing) - failing)


def _obeying(task: Task, plan: list[Step]) -> Said:
    return {"steps": tidy_steps(plan)} if task.contract == "plan" else done("Fine.")


def _run(log: list[Closed]) -> set[int]:
    return {int(entry.seat.removeprefix("step_")) for stage in log[1:] for entry in stage.entries}


def _waiting_for(plan: list[Step], failing: set[int]) -> set[int]:
    waiting = {*failing}
    for _ in plan:
        waiting |= {n for n, step in enumerate(plan, 1) if waiting.intersection(step["dependencies"] or [])}
    return waiting
