"""Verdict: who won a debate or what follows from it, with the judge's reasons."""

from policies.contracts.answers import Answer, Task
from policies.contracts.contract import Contract, Said
from policies.contracts.reading import (
    CONFIDENCE_FAULTS,
    Fields,
    confidence_fault,
    confidence_of,
    list_of_texts,
    optional_text,
)
from policies.contracts.schema import NUMBER, TEXTS, Schema, or_null
from policies.language import phrase, say
from policies.rehearsal.scene import Scene
from policies.team.fields import Position
from policies.team.team import Role, Team

MAX_REASONS = 10

FAULTS = {
    "not_object": phrase("it is not a JSON object"),
    "winner": phrase("the winner is not one of the debaters"),
    "decision": phrase("it names neither a winner nor a decision"),
    "reasons": phrase("there is no usable list of reasons"),
    **CONFIDENCE_FAULTS,
}


def _properties(task: Task, role: Role) -> Schema:
    decision = {"type": ["string", "null"]}
    return {"winner": or_null(task.choices), "decision": decision, "reasons": TEXTS, "confidence": NUMBER}


def _accept(value: Fields, task: Task, team: Team) -> Answer | str:
    winner, decision = optional_text(value, "winner"), optional_text(value, "decision")
    if winner is None or (winner and winner not in task.choices):
        return "winner"
    if decision is None or not (winner or decision):
        return "decision"
    reasons = list_of_texts(value.get("reasons"), MAX_REASONS)
    if not reasons:
        return "reasons"
    fault = confidence_fault(value.get("confidence"))
    return fault or {
        "winner": winner or None,
        "decision": decision or None,
        "reasons": reasons,
        "confidence": confidence_of(value["confidence"]),
    }


def _by_rules(position: Position, task: Task) -> Said:
    return {"winner": None, "decision": position.summary, "reasons": list(position.actions), "confidence": 1.0}


def _rehearsed(task: Task, scene: Scene) -> Answer:
    half = scene.text(task, 2)
    return {"winner": None, "decision": half, "reasons": [half], "confidence": 1.0}


def _told(answer: Answer) -> str:
    return say("{winner} wins", winner=answer["winner"]) if answer["winner"] else str(answer["decision"])


CONTRACT = Contract(_properties, _accept, _by_rules, _rehearsed, _told, refused_as="invalid_verdict", faults=FAULTS)
