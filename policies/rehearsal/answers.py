"""Answers made up: what a role could say for a task, so that a team takes the course one wants to see."""

from policies.contracts.answers import Answer, Refusal, Task
from policies.contracts.table import CONTRACTS, judge
from policies.patterns.course import PATTERNS
from policies.rehearsal.scene import Scene
from policies.team.team import Team


def answer_to(task: Task, scene: Scene) -> Answer | None:
    """Return an answer that passes the task's contract, or None where it fails; a role's own check is taken as met.

    A planner, or who assigns, says what its `otherwise.reply` holds where that can be used.
    """
    if scene.course == "failing" and task.contract == PATTERNS[scene.team.pattern].may_fail:
        return None
    prepared = _prepared(task, scene.team) if scene.course != "fullest" else None
    return prepared or CONTRACTS[task.contract].rehearsed(task, scene)


def _prepared(task: Task, team: Team) -> Answer | None:
    position = team.roles[task.role].otherwise
    if task.contract not in ("plan", "assignments") or position is None or position.reply is None:
        return None
    found = judge(dict(position.reply), task, team)
    return None if isinstance(found, Refusal) else found.answer
