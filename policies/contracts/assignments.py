"""Assignments: a subtask for each worker or team that is to have one."""

from collections.abc import Mapping

from policies.contracts.answers import Answer, Task
from policies.contracts.contract import Contract, Said
from policies.contracts.reading import MAX_NAME_SHOWN, Fields, text_in
from policies.contracts.schema import TEXT, Schema, list_of, one_of
from policies.language import phrase, say
from policies.rehearsal.scene import Scene
from policies.team.fields import Position
from policies.team.team import Role, Team

FAULTS = {
    "not_object": phrase("it is not a JSON object"),
    "empty": phrase("it is empty"),
    "too_many": phrase("it has more assignments than `max_steps` allows"),
    "assignment_{number}:not_object": phrase("assignment {number} is not a JSON object"),
    "assignment_{number}:unknown:{name}": phrase("assignment {number} names somebody the team does not have: {name}"),
    "assignment_{number}:subtask": phrase("assignment {number} has no usable subtask"),
    "assignment_{number}:again:{name}": phrase("assignment {number} is a second one for: {name}"),
}


def _properties(task: Task, role: Role) -> Schema:
    return {"assignments": list_of({"to": one_of(task.choices), "subtask": TEXT})}


def _accept(value: Fields, task: Task, team: Team) -> Answer | str:
    offered = value.get("assignments")
    if not isinstance(offered, list) or not offered:
        return "empty"
    if len(offered) > team.options.max_steps:
        return "too_many"
    kept: list[dict[str, str]] = []
    for number, item in enumerate(offered, 1):
        assignment = _assignment(item, task, kept)
        if isinstance(assignment, str):
            return f"assignment_{number}:{assignment}"
        kept.append(assignment)
    return {"assignments": kept}


def _assignment(item: object, task: Task, kept: list[dict[str, str]]) -> dict[str, str] | str:
    if not isinstance(item, Mapping):
        return "not_object"
    whom, subtask = text_in(item.get("to")) or "", text_in(item.get("subtask"))
    if whom not in task.choices:
        return f"unknown:{whom[:MAX_NAME_SHOWN]}"
    if subtask is None:
        return "subtask"
    if task.asks.get("once") is True and any(each["to"] == whom for each in kept):
        return f"again:{whom}"
    return {"to": whom, "subtask": subtask}


def _by_rules(position: Position, task: Task) -> Said:
    return {"assignments": [{"to": name, "subtask": what} for name, what in task.mandates]}


def _rehearsed(task: Task, scene: Scene) -> Answer:
    agents = scene.agents(task, once=task.asks["once"] is True)
    share = len(agents)
    return {
        "assignments": [
            {"to": agent, "subtask": f"{number}. {scene.text(task, share)}"} for number, agent in enumerate(agents, 1)
        ]
    }


def _told(answer: Answer) -> str:
    return say("assigned to {assignments}", assignments=", ".join(each["to"] for each in answer["assignments"]))


CONTRACT = Contract(_properties, _accept, _by_rules, _rehearsed, _told, refused_as="invalid_assignment", faults=FAULTS)
