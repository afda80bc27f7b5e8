"""Schemas: JSON schemas as an OpenAI-compatible endpoint takes them.

They are strict: every property is required and none may be added, so that what is optional may be null.
"""

from collections.abc import Sequence
from typing import Any

from policies.messages.message import KINDS, PRIORITIES

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TEXTS: Schema = {"type": "array", "items": TEXT}
NUMBER: Schema = {"type": "number"}
BOOLEAN: Schema = {"type": "boolean"}


def closed(properties: Schema) -> Schema:
    """Return the schema of an object with these properties and no others."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def list_of(properties: Schema) -> Schema:
    """Return the schema of a list of such objects."""
    return {"type": "array", "items": closed(properties)}


def one_of(words: Sequence[str]) -> Schema:
    """Return the schema of one of these words."""
    return {"type": "string", "enum": list(words)}


def or_null(words: Sequence[str]) -> Schema:
    """Return the schema of one of these words, or null."""
    return {"type": ["string", "null"], "enum": [*words, None]}


MESSAGES = list_of(
    {
        "to": TEXTS,
        "kind": one_of(KINDS),
        "content": TEXT,
        "priority": one_of(PRIORITIES),
        "in_reply_to": {"type": ["string", "null"]},
        "conversation": {"type": ["string", "null"]},
        "topic": {"type": ["string", "null"]},
    }
)
"""What a role may send to others besides its answer."""
