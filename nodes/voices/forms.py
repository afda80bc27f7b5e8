"""Forms: the JSON schema of each contract, as an OpenAI-compatible endpoint takes it.

A form is strict: every property is required and none may be added, so that what is optional may be null.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nodes.voices.voice import Question
from policies.contract import STANCES
from policies.messages import KINDS, PRIORITIES
from policies.patterns.contracts import BALLOTS
from policies.team import FieldKind

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TEXTS: Schema = {"type": "array", "items": TEXT}
NUMBER: Schema = {"type": "number"}


def form_of(question: Question) -> Schema:
    """Return the form of the question's contract: {name, strict, schema}."""
    properties = _FORMS[question.contract](question)
    if question.sends:
        properties["messages"] = {"type": "array", "items": _closed(_MESSAGE)}
    return {"name": question.contract, "strict": True, "schema": _closed(properties)}


def _contribution(question: Question) -> Schema:
    return {
        "agent": _one_of([question.name]),
        "stance": _one_of(STANCES),
        "summary": TEXT,
        "confidence": NUMBER,
        "actions": TEXTS,
        "evidence": TEXTS,
    }


def _output(question: Question) -> Schema:
    return {"text": TEXT, **{name: _FIELDS[kind] for name, kind in question.role.fields.items()}}


def _plan(question: Question) -> Schema:
    dependencies = {"type": "array", "items": {"type": "integer"}}
    step = {"agent": _one_of(question.choices), "task": TEXT, "dependencies": dependencies}
    return {"steps": {"type": "array", "items": _closed(step)}}


def _assignments(question: Question) -> Schema:
    assignment = {"to": _one_of(question.choices), "subtask": TEXT}
    return {"assignments": {"type": "array", "items": _closed(assignment)}}


def _position(question: Question) -> Schema:
    return {"position": TEXT, "argument": TEXT}


def _verdict(question: Question) -> Schema:
    return {
        "winner": _or_null(question.choices),
        "decision": {"type": ["string", "null"]},
        "reasons": TEXTS,
        "confidence": NUMBER,
    }


def _note(question: Question) -> Schema:
    artifact = _closed({"name": TEXT, "content": TEXT})
    return {"content": TEXT, "adds": TEXT, "artifacts": {"type": "array", "items": artifact}}


def _turn(question: Question) -> Schema:
    return {"text": TEXT, **({"next": _or_null(question.choices)} if question.choices else {})}


def _proposal(question: Question) -> Schema:
    return {"proposal": TEXT, "reason": TEXT}


def _ballot(question: Question) -> Schema:
    return {"vote": _one_of(BALLOTS), "reason": TEXT}


def _closed(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _one_of(words: Sequence[str]) -> Schema:
    return {"type": "string", "enum": list(words)}


def _or_null(words: Sequence[str]) -> Schema:
    return {"type": ["string", "null"], "enum": [*words, None]}


_FIELDS: Mapping[FieldKind, Schema] = {"text": TEXT, "number": NUMBER, "boolean": {"type": "boolean"}, "list": TEXTS}

_MESSAGE: Schema = {
    "to": TEXTS,
    "kind": _one_of(KINDS),
    "content": TEXT,
    "priority": _one_of(PRIORITIES),
    "in_reply_to": {"type": ["string", "null"]},
    "conversation": {"type": ["string", "null"]},
    "topic": {"type": ["string", "null"]},
}

_FORMS: Mapping[str, Callable[[Question], Schema]] = {
    "contribution": _contribution,
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
