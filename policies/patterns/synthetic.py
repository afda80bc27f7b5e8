"""Synthetic answers: what a role could say for a task, so that a team takes the course one wants to see."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from policies.contract import Refusal
from policies.patterns.contracts import MAX_SHORT, judge
from policies.patterns.stages import Answer, ContractName, Log, Task
from policies.plain import MAX_TEXT
from policies.team import FieldKind, Team

CourseName = Literal["shortest", "longest", "fullest", "failing"]
"""`shortest`: everybody agrees at once, and steps run side by side. `longest`: nobody does before the end, and each
step waits for the one before. `fullest`: as many steps and plans as allowed. `failing`: what may fail, fails.
"""

MOST = MAX_TEXT - 200
"""Characters of the longest text that is made up; what stands before or after it fits beside it."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where an answer is made up: the team, the course it is to take, what was said before.

    `length` is how many characters an answer has at least, `name` what the team is called in its texts, `weights` what
    asking each role costs at most.
    """

    team: Team
    course: CourseName
    log: Log = ()
    length: int = 0
    name: str = ""
    weights: Mapping[str, int] = field(default_factory=dict)

    def text(self, task: Task, share: int = 1) -> str:
        """Return a text of its own for each stage and seat, with its share of the length."""
        words = f"{task.contract.capitalize()} {len(self.log) + 1} of {self.name}{task.seat}."
        return words.ljust(min(self.length // share, MOST), ".")


def answer_to(task: Task, scene: Scene) -> Answer | None:
    """Return an answer that passes the task's contract, or None where it fails; a role's own check is taken as met.

    A planner, or who assigns, says what its `otherwise.reply` holds where that can be used.
    """
    if scene.course == "failing" and task.contract in _FAILING.get(scene.team.pattern, ()):
        return None
    prepared = _prepared(task, scene.team) if scene.course != "fullest" else None
    return prepared or _ANSWERS[task.contract](task, scene)


_FAILING: Mapping[str, Sequence[ContractName]] = {"orchestrator": ("output",), "vote": ("ballot",)}
"""What can fail without a stop of its own, so that the pattern says how it ends."""


def _prepared(task: Task, team: Team) -> Answer | None:
    position = team.roles[task.role].otherwise
    if task.contract not in ("plan", "assignments") or position is None or position.reply is None:
        return None
    found = judge(dict(position.reply), task, team)
    return None if isinstance(found, Refusal) else found


def _output(task: Task, scene: Scene) -> Answer:
    fields = scene.team.roles[task.role].fields
    made: dict[FieldKind, Any] = {"text": scene.text(task), "number": 1.0, "boolean": True, "list": [scene.text(task)]}
    return {"text": scene.text(task, len(fields) + 1), **{name: made[kind] for name, kind in fields.items()}}


def _plan(task: Task, scene: Scene) -> Answer:
    """Plan one step for each agent, or as many as there may be for the one that costs most."""
    agents = _agents(task, scene, once=False)
    chained = scene.course == "longest"
    return {
        "steps": [
            {
                "agent": agent,
                "task": f"{number}. {scene.text(task, len(agents))}",
                "dependencies": [number - 1] if chained and number > 1 else [],
            }
            for number, agent in enumerate(agents, 1)
        ]
    }


def _assignments(task: Task, scene: Scene) -> Answer:
    agents = _agents(task, scene, once=task.asks["once"] is True)
    share = len(agents)
    return {
        "assignments": [
            {"to": agent, "subtask": f"{number}. {scene.text(task, share)}"} for number, agent in enumerate(agents, 1)
        ]
    }


def _agents(task: Task, scene: Scene, once: bool) -> Sequence[str]:
    most = scene.team.options.max_steps
    if scene.course != "fullest":
        return task.choices[:most]
    costly = sorted(task.choices, key=lambda role: -scene.weights.get(role, 0))
    return costly[:most] if once else costly[:1] * most


def _position(task: Task, scene: Scene) -> Answer:
    """Hold the same position for ever, or another one each round."""
    moves = f"Position {len(scene.log) + 1}" if scene.course != "shortest" else "Position"
    return {"position": f"{moves} of {scene.name}{task.seat}."[:MAX_SHORT], "argument": scene.text(task)}


def _verdict(task: Task, scene: Scene) -> Answer:
    half = scene.text(task, 2)
    return {"winner": None, "decision": half, "reasons": [half], "confidence": 1.0}


def _note(task: Task, scene: Scene) -> Answer:
    adds = "" if scene.course == "shortest" else scene.text(task, 2)
    return {"content": scene.text(task, 2), "adds": adds, "artifacts": []}


def _turn(task: Task, scene: Scene) -> Answer:
    """Say the phrase in the first turn or in the last one, or never."""
    last = {"shortest": 1, "failing": 0}.get(scene.course, scene.team.options.max_turns)
    ending = f"\n{scene.team.options.phrase}" if len(scene.log) + 1 == last else ""
    return {"text": f"{scene.text(task)}{ending}", "next": None}


def _proposal(task: Task, scene: Scene) -> Answer:
    half = scene.text(task, 2)
    return {"proposal": half, "reason": half}


def _ballot(task: Task, scene: Scene) -> Answer:
    return {"vote": "approve", "reason": scene.text(task)}


_ANSWERS: Mapping[ContractName, Callable[[Task, Scene], Answer]] = {
    "output": _output,
    "plan": _plan,
    "assignments": _assignments,
    "position": _position,
    "verdict": _verdict,
    "note": _note,
    "turn": _turn,
    "proposal": _proposal,
    "ballot": _ballot,
}
