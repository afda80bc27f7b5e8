"""Plain values: what may enter the state, so that every checkpoint can be written and read back unchanged.

The limits follow from the serializer (LangGraph 1.2: an integer over 64 bits or nesting over 255 makes a checkpoint
unsavable, a lone surrogate is stored as `?`), from PostgreSQL (no NUL in JSON text) and from RFC 8785 (integers
within ±(2^53-1)).
"""

import math
from dataclasses import dataclass
from typing import Any

from policies.language import phrase, say

MAX_INTEGER = 2**53 - 1
MAX_NESTING = 32
MAX_ITEMS = 1_000
MAX_TEXT = 20_000
MAX_NODES = 20_000
MAX_SHOWN = 80
WHOLE = phrase("the value")

Plain = None | bool | int | float | str | list[Any] | dict[str, Any]
"""A JSON value."""


def clean_text(text: str) -> str:
    """Return the text without NUL, each lone surrogate replaced by U+FFFD.

    >>> clean_text("a" + chr(0) + chr(0xD800))
    'a�'
    """
    return text.replace("\x00", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def written(value: object) -> str:
    """Return the value as Python writes it; only its type where it is too large or too deep to be written.

    >>> written(10**5000)
    'an int too large to be written'
    """
    try:
        return repr(value)
    except (ValueError, RecursionError):
        kind = type(value).__name__
        if kind[0] in "aeiou":
            return say("an {kind} too large to be written", kind=kind)
        return say("a {kind} too large to be written", kind=kind)


def shown(value: object) -> str:
    """Return the value as a message shows it: as it is written, cut to 80 characters.

    Of a private key it says only that it is one.

    >>> shown(["Watch."]), shown("-----BEGIN PRIVATE KEY-----")
    ("['Watch.']", 'a private key, which is not shown')
    """
    text = written(value)
    if "PRIVATE KEY--" in text:
        return say("a private key, which is not shown")
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."


@dataclass(slots=True)
class _Look:
    """What a value as a whole is called, and how many parts of it were seen."""

    whole: str
    seen: int = 0

    def named(self, path: str) -> str:
        """Return what a part is called."""
        return f"`{path}`" if path else self.whole


def find_unplain(value: object, path: str = "", whole: str | None = None) -> str | None:
    """Return a sentence on the first part of `value`, which as a `whole` is called so, that may not enter the state.

    >>> find_unplain({"rate": float("nan")}), find_unplain({1: 2}, whole="the body")
    ('`rate` is nan; allowed: finite numbers', 'the body has the key 1; allowed: text keys')
    """
    return _find_unplain(value, path, 1, _Look(say(WHOLE) if whole is None else whole))


def is_plain(value: object) -> bool:
    """Return whether the whole value may enter the state."""
    return find_unplain(value) is None


def _find_unplain(value: object, path: str, depth: int, look: _Look) -> str | None:
    look.seen += 1
    if look.seen > MAX_NODES:
        return say("{value} has more than {most} parts", value=look.whole, most=MAX_NODES)
    if depth > MAX_NESTING:
        return say("`{path}` is nested deeper than {most} levels", path=path[:80], most=MAX_NESTING)
    if isinstance(value, dict):
        return _in_mapping(value, path, depth, look)
    if isinstance(value, list):
        return _in_list(value, path, depth, look)
    return _scalar_fault(value, look.named(path))


def _in_mapping(value: dict[Any, Any], path: str, depth: int, look: _Look) -> str | None:
    if len(value) > MAX_ITEMS:
        return say(
            "{value} has {count} keys; allowed: at most {most}",
            value=look.named(path),
            count=len(value),
            most=MAX_ITEMS,
        )
    for key, part in value.items():
        if not isinstance(key, str):
            return say("{value} has the key {key}; allowed: text keys", value=look.named(path), key=shown(key))
        where = f"{path}.{key}" if path else key
        fault = _scalar_fault(key, look.named(path)) or _find_unplain(part, where, depth + 1, look)
        if fault:
            return fault
    return None


def _in_list(value: list[Any], path: str, depth: int, look: _Look) -> str | None:
    if len(value) > MAX_ITEMS:
        return say(
            "{value} has {count} items; allowed: at most {most}",
            value=look.named(path),
            count=len(value),
            most=MAX_ITEMS,
        )
    faults = (_find_unplain(part, f"{path}[{index}]", depth + 1, look) for index, part in enumerate(value))
    return next((fault for fault in faults if fault), None)


def _scalar_fault(value: object, where: str) -> str | None:
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int):
        return None if abs(value) <= MAX_INTEGER else say("{where} is an integer beyond ±(2^53-1)", where=where)
    if isinstance(value, float):
        return (
            None
            if math.isfinite(value)
            else say("{where} is {value}; allowed: finite numbers", where=where, value=value)
        )
    if isinstance(value, str):
        return _text_fault(value, where)
    return say("{where} is a {name}; allowed: JSON values", where=where, name=type(value).__name__)


def _text_fault(value: str, where: str) -> str | None:
    if len(value) > MAX_TEXT:
        return say(
            "{where} has {count} characters; allowed: at most {most}", where=where, count=len(value), most=MAX_TEXT
        )
    if clean_text(value) != value:
        return say("{where} has a NUL character or a lone surrogate", where=where)
    return None
