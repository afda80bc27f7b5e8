"""Orchestrator: a planner turns the task into steps, ready steps run in parallel, a synthesis ends it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policies.contracts.answers import Task
from policies.language import phrase
from policies.patterns.pattern import Facts, Pattern
from policies.patterns.plan import critical_path, ready_steps
from policies.patterns.results import people
from policies.patterns.stages import Entry, Finish, Log, Next, Stage
from policies.run.stop import Stop, stop_reason
from policies.team.team import Team


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one plan has come: answers and reasons of failure by step number."""

    steps: Sequence[Mapping[str, Any]]
    done: Mapping[int, Entry]
    failed: Mapping[int, str]

    @property
    def results(self) -> list[dict[str, Any]]:
        """The results so far, in step order."""
        return [self._result(number) for number in sorted(self.done)]

    def _result(self, number: int) -> dict[str, Any]:
        step = self.steps[number - 1]
        return {"step": number, "agent": step["agent"], "task": step["task"], **(self.done[number].answer or {})}

    @property
    def shown_failures(self) -> list[dict[str, Any]]:
        """The steps that failed, each with its reason."""
        return [{"step": number, **self.steps[number - 1], "reason": self.failed[number]} for number in self.failed]


def advance(team: Team, log: Log, _: Facts) -> Next:
    """Return the planning, the steps that are ready, or the end.

    A failed step fails only what depends on it. When nothing more can run, the planner is asked again while
    `max_replans` allows it; then the first failed step stops the run.
    """
    plans = progress_of(log)
    if not plans:
        return _planning(team, {})
    now, earlier = plans[-1], [result for plan in plans[:-1] for result in plan.results]
    ready = ready_steps(now.steps, now.done, now.failed)
    if ready:
        return _steps(now, ready, earlier)
    if not now.failed:
        results = (*earlier, *now.results)
        return Finish(results, details={"plans": [_plan_shown(plan) for plan in plans]})
    if len(plans) <= team.options.max_replans:
        return _planning(team, {"completed": [*earlier, *now.results], "failed": now.shown_failures})
    number = min(now.failed)
    return Stop(stop_reason("step_failed", str(number)), f"step_{number}:{now.steps[number - 1]['agent']}")


def progress_of(log: Log) -> list[Progress]:
    """Return the plans made so far with the results of their steps; the last one counts."""
    plans: list[Progress] = []
    for stage in log:
        for entry in stage.entries:
            if entry.contract == "plan" and entry.answer:
                plans.append(Progress(entry.answer["steps"], {}, {}))
            elif entry.contract == "output" and plans:
                plans[-1] = _with(plans[-1], entry)
    return plans


def _with(plan: Progress, entry: Entry) -> Progress:
    number = int(entry.seat.removeprefix("step_"))
    if entry.answer:
        return Progress(plan.steps, {**plan.done, number: entry}, plan.failed)
    return Progress(plan.steps, plan.done, {**plan.failed, number: entry.absent or ""})


def _planning(team: Team, so_far: Mapping[str, Any]) -> Stage:
    asks = {"agents": people(team, team.helpers), "max_steps": team.options.max_steps, **so_far}
    return Stage("plan", (Task("plan", team.lead or "", "plan", asks, team.helpers),))


def _steps(plan: Progress, ready: Sequence[int], earlier: Sequence[Mapping[str, Any]]) -> Stage:
    results = {result["step"]: result for result in plan.results}
    tasks = []
    for number in ready:
        step = plan.steps[number - 1]
        asks = {
            "step": number,
            "subtask": step["task"],
            "dependencies": [results[each] for each in step["dependencies"]],
        }
        completed = {"completed": list(earlier)} if earlier else {}
        tasks.append(Task(f"step_{number}", step["agent"], "output", {**asks, **completed}))
    return Stage("steps", tuple(tasks), "all")


def _plan_shown(plan: Progress) -> dict[str, Any]:
    return {"steps": list(plan.steps), "critical_path": critical_path(plan.steps), "failed": plan.shown_failures}


PATTERN = Pattern(
    phrase("complex work"),
    phrase("top-down"),
    "medium",
    advance,
    ("plan", "output"),
    writes="synthesis",
    lead=phrase("plans the steps"),
    is_composed=True,
    may_fail="output",
    options=("max_steps", "max_replans"),
)
