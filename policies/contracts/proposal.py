"""Proposal: what a team votes on, and why."""

from policies.contracts.answers import Answer, Task
from policies.contracts.contract import Contract, Said
from policies.contracts.reading import Fields, texts_in
from policies.contracts.schema import TEXT, Schema
from policies.language import phrase
from policies.plain import MAX_TEXT
from policies.rehearsal.scene import Scene
from policies.team.fields import Position
from policies.team.team import Role, Team

FAULTS = {
    "proposal": phrase("there is no usable proposal"),
    "reason": phrase("there is no usable reason"),
}


def _properties(task: Task, role: Role) -> Schema:
    return {"proposal": TEXT, "reason": TEXT}


def _accept(value: Fields, task: Task, team: Team) -> Answer | str:
    return texts_in(value, {"proposal": MAX_TEXT, "reason": MAX_TEXT})


def _by_rules(position: Position, task: Task) -> Said:
    return {"proposal": position.summary, "reason": " ".join(position.actions)}


def _rehearsed(task: Task, scene: Scene) -> Answer:
    half = scene.text(task, 2)
    return {"proposal": half, "reason": half}


def _told(answer: Answer) -> str:
    return str(answer["proposal"])


CONTRACT = Contract(_properties, _accept, _by_rules, _rehearsed, _told, faults=FAULTS)
