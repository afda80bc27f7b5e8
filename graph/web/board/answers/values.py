"""Values: a fact that was typed in, and as what it was read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graph.documents import read_json
from graph.problems import UsageError
from policies.language import phrase, say

TEXT = "text"
"""What a form says where a value is to be taken as text, whatever it looks like."""
STARTS = ("{", "[", '"')
"""What begins like JSON is meant as JSON, and nobody is to supply a text instead since a bracket is missing."""

READ_AS: Mapping[type, str] = {
    bool: phrase("Read as yes or no: {value}"),
    int: phrase("Read as the number {value}"),
    float: phrase("Read as the number {value}"),
    str: phrase("Read as the text “{value}”"),
    list: phrase("Read as a list: {value}"),
    dict: phrase("Read as an object: {value}"),
    type(None): phrase("Read as null"),
}
"""As what a value was read."""


@dataclass(frozen=True, slots=True)
class Read:
    """A value that was typed, and as what it was read, in a sentence."""

    value: Any
    told: str


def json_in(typed: str) -> Any:
    """Return the value of a JSON text.

    Raises:
        UsageError: it is not JSON, or has a key twice.
    """
    return read_json(typed.encode("utf-8", "replace"), say("what was typed")).value


def read_in(typed: str, form: str = "") -> Read:
    """Return what was typed as JSON, where it is that, else as text.

    >>> [read_in(each).value for each in ("0.5", "true", "half", '"1"', "012")], read_in("0.5", TEXT).value
    ([0.5, True, 'half', '1', '012'], '0.5')

    Raises:
        UsageError: it begins as JSON does, and cannot be read as JSON.
    """
    value: Any = typed
    if form != TEXT:
        try:
            value = json_in(typed)
        except UsageError:
            if typed.strip().startswith(STARTS):
                raise
    return Read(value, say(READ_AS[type(value)], value=_written(value)))


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
