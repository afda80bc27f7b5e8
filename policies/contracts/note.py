"""Note: what an agent adds to a shared workspace."""

from collections.abc import Mapping

from policies.contracts.answers import Answer, Task
from policies.contracts.contract import Contract, Said
from policies.contracts.reading import Fields, optional_text, text_in, texts_in
from policies.contracts.schema import TEXT, Schema, list_of
from policies.language import phrase, say
from policies.plain import MAX_TEXT
from policies.rehearsal.scene import Scene
from policies.team.fields import Position
from policies.team.team import Role, Team

MAX_NAME = 500
MAX_ARTIFACTS = 5


FAULTS = {
    "content": phrase("there is no usable content"),
    "adds": phrase("what it adds is not usable text"),
    "artifacts": phrase("there is no usable list of artifacts"),
}


def _properties(task: Task, role: Role) -> Schema:
    return {"content": TEXT, "adds": TEXT, "artifacts": list_of({"name": TEXT, "content": TEXT})}


def _accept(value: Fields, task: Task, team: Team) -> Answer | str:
    content, adds = text_in(value.get("content")), optional_text(value, "adds")
    if content is None:
        return "content"
    if adds is None:
        return "adds"
    artifacts = [] if value.get("artifacts") is None else value["artifacts"]
    if not isinstance(artifacts, list) or len(artifacts) > MAX_ARTIFACTS:
        return "artifacts"
    kept = [texts_in(item, {"name": MAX_NAME, "content": MAX_TEXT}) for item in artifacts if isinstance(item, Mapping)]
    if len(kept) < len(artifacts) or any(isinstance(item, str) for item in kept):
        return "artifacts"
    return {"content": content, "adds": adds, "artifacts": kept}


def _by_rules(position: Position, task: Task) -> Said:
    adds = position.actions[0] if task.asks.get("iteration") == 1 else ""
    return {"content": position.told, "adds": adds, "artifacts": []}


def _rehearsed(task: Task, scene: Scene) -> Answer:
    adds = "" if scene.course == "shortest" else scene.text(task, 2)
    return {"content": scene.text(task, 2), "adds": adds, "artifacts": []}


def _told(answer: Answer) -> str:
    return str(answer["adds"] or say("adds nothing"))


CONTRACT = Contract(_properties, _accept, _by_rules, _rehearsed, _told, faults=FAULTS)
