"""Output: a text, and the fields that the role declares."""

from collections.abc import Mapping
from typing import Any

from policies.conditions.condition import holds
from policies.contracts.answers import Answer, Task
from policies.contracts.contract import Contract, Said
from policies.contracts.reading import Fields, list_of_texts, text_in
from policies.contracts.schema import BOOLEAN, NUMBER, TEXT, TEXTS, Schema
from policies.language import phrase
from policies.rehearsal.scene import Scene
from policies.team.fields import MAX_LIST, Position
from policies.team.team import FieldKind, Role, Team

MAX_NUMBER = 1e15

_FIELDS: Mapping[FieldKind, Schema] = {"text": TEXT, "number": NUMBER, "boolean": BOOLEAN, "list": TEXTS}


FAULTS = {
    "text": phrase("there is no usable text"),
    "field:{field}": phrase("the field {field} is missing or of the wrong kind"),
    "check": phrase("it does not meet the role’s check"),
}


def _properties(task: Task, role: Role) -> Schema:
    return {"text": TEXT, **{name: _FIELDS[kind] for name, kind in role.fields.items()}}


def _accept(value: Fields, task: Task, team: Team) -> Answer | str:
    role = team.roles[task.role]
    text = text_in(value.get("text"))
    if text is None:
        return "text"
    fields = {name: _field(value.get(name), kind) for name, kind in role.fields.items()}
    unusable = next((name for name, field in fields.items() if field is None), None)
    if unusable:
        return f"field:{unusable}"
    answer = {"text": text, **fields}
    return answer if _meets(role, answer) else "check"


def _field(value: object, kind: FieldKind) -> Any:
    """Return the value of a declared field, or None where it is none of its kind."""
    if kind == "text":
        return text_in(value)
    if kind == "list":
        return list_of_texts(value, MAX_LIST)
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER
    return float(value) + 0.0 if is_number else None  # type: ignore[arg-type]  # it is a number


def _meets(role: Role, answer: Answer) -> bool:
    """Return whether an output meets the role's own check; one that has no answer does not."""
    return role.check is None or holds(role.check, answer, "output") is True


def _by_rules(position: Position, task: Task) -> Said:
    """Say the summary and the actions; a declared field can only come from the position's `reply`."""
    return {"text": position.told}


def _rehearsed(task: Task, scene: Scene) -> Answer:
    fields = scene.team.roles[task.role].fields
    made: dict[FieldKind, Any] = {"text": scene.text(task), "number": 1.0, "boolean": True, "list": [scene.text(task)]}
    return {"text": scene.text(task, len(fields) + 1), **{name: made[kind] for name, kind in fields.items()}}


def _told(answer: Answer) -> str:
    """Return the text; where a team answered for the role and decided, the word says its decision."""
    return "" if answer.get("decision") else str(answer["text"])


CONTRACT = Contract(
    _properties, _accept, _by_rules, _rehearsed, _told, faults=FAULTS, word=lambda answer: answer.get("decision")
)
