"""How much a query may give, and which values of a database can be facts."""

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from policies.language import say
from policies.plain import MAX_INTEGER, MAX_ITEMS, MAX_NODES, MAX_TEXT

MAX_ROWS = MAX_ITEMS
MAX_CELLS = MAX_NODES
MAX_CHARACTERS = 1_000_000
"""Characters in all cells together."""

FETCHED = 100
"""Rows that are fetched at once."""


def size_of(cell: object) -> int:
    """Return how many characters or bytes a cell has; of a value that is made of others, those of how it is written."""
    if isinstance(cell, str | bytes | bytearray | memoryview):
        return len(cell)
    return len(repr(cell)) if isinstance(cell, list | dict) else 0


def _number(value: Decimal) -> int | float:
    """Return a decimal as the number it is written as: 12 is whole, 12.00 is not."""
    exponent = value.as_tuple().exponent
    is_whole = isinstance(exponent, int) and 0 <= exponent <= 400
    return int(value) if is_whole else float(value)


_PLAIN_FORM: Mapping[type, Callable[[Any], Any]] = {
    Decimal: _number,
    datetime: datetime.isoformat,
    date: date.isoformat,
    time: time.isoformat,
    UUID: str,
}
"""Types of a driver that have one form as a fact; times are written as ISO 8601 has them."""


def as_fact(cell: Any, column: str) -> Any:
    """Return a cell as a fact.

    Raises:
        ValueError: it cannot be one; the sentence has no value.
    """
    form = _PLAIN_FORM.get(type(cell))
    value = form(cell) if form else cell
    fault = _fault_of(value)
    if fault:
        raise ValueError(say("the column `{column}` has {what}", column=column, what=fault))
    if isinstance(value, list):
        return [as_fact(part, column) for part in value]
    return {key: as_fact(part, column) for key, part in value.items()} if isinstance(value, dict) else value


def _fault_of(value: object) -> str | None:
    """Return what a cell has that no fact can be; None for one that can, parts of a list or an object left out."""
    if isinstance(value, str):
        return _fault_of_text(value)
    if isinstance(value, bool | list | dict) or value is None:
        return None
    if isinstance(value, int):
        told = say("a whole number beyond ±{most}; write it as text: CAST(… AS text)", most=MAX_INTEGER)
        return told if abs(value) > MAX_INTEGER else None
    if isinstance(value, float):
        return None if math.isfinite(value) else say("a number that is not finite; leave it out, or select NULL")
    kind = type(value).__name__
    told = "a value of the type {kind}, which cannot be a fact; convert it in the query: CAST(… AS text)"
    return say(told, kind="bytes" if kind in ("memoryview", "bytearray") else kind)


def _fault_of_text(text: str) -> str | None:
    if len(text) > MAX_TEXT:
        return say("a text of more than {most} characters; shorten it in the query", most=MAX_TEXT)
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        return say("a text that is not Unicode, or has a NUL in it; convert it in the query")
    return None
