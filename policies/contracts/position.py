"""Position: what a debater holds, and why."""

from policies.contracts.answers import Answer, Task
from policies.contracts.contract import Contract, Said
from policies.contracts.reading import Fields, texts_in
from policies.contracts.schema import TEXT, Schema
from policies.language import phrase
from policies.plain import MAX_TEXT
from policies.rehearsal.scene import Scene
from policies.team.fields import Position
from policies.team.team import Role, Team

MAX_POSITION = 500


FAULTS = {
    "position": phrase("there is no usable position"),
    "argument": phrase("there is no usable argument"),
}


def _properties(task: Task, role: Role) -> Schema:
    return {"position": TEXT, "argument": TEXT}


def _accept(value: Fields, task: Task, team: Team) -> Answer | str:
    return texts_in(value, {"position": MAX_POSITION, "argument": MAX_TEXT})


def _by_rules(position: Position, task: Task) -> Said:
    return {"position": position.stance, "argument": position.told}


def _rehearsed(task: Task, scene: Scene) -> Answer:
    """Hold the same position for ever, or another one each round."""
    moves = f"Position {len(scene.log) + 1}" if scene.course != "shortest" else "Position"
    return {"position": f"{moves} of {scene.name}{task.seat}."[:MAX_POSITION], "argument": scene.text(task)}


def _told(answer: Answer) -> str:
    return str(answer["position"])


CONTRACT = Contract(_properties, _accept, _by_rules, _rehearsed, _told, faults=FAULTS)
