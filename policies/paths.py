"""Paths of facts: keys joined by dots, with or without the `facts.` that conditions begin with."""

from collections.abc import Iterable, Mapping
from typing import Any

PREFIX = "facts."


def plain_path(path: str) -> str:
    """Return the path as it is stored, hashed and shown: without a leading `facts.`.

    A top-level fact that is itself called `facts` keeps the prefix where something follows it, so that reading a stored
    path again gives the same path.

    >>> plain_path("facts.risk.rate"), plain_path("risk.rate"), plain_path("facts"), plain_path("facts.facts.rate")
    ('risk.rate', 'risk.rate', 'facts', 'facts.facts.rate')
    """
    rest = path.removeprefix(PREFIX)
    return path if rest.startswith(PREFIX) else rest


def keys_of(path: str) -> tuple[str, ...]:
    """Return the keys that a path leads through.

    >>> keys_of("risk.rate"), keys_of("facts.risk.rate"), keys_of("facts.facts.rate")
    (('risk', 'rate'), ('risk', 'rate'), ('facts', 'rate'))
    """
    return tuple(path.removeprefix(PREFIX).split("."))


def path_of(keys: Iterable[str]) -> str:
    """Return the path that leads through the keys, as it is stored.

    >>> path_of(("risk", "rate")), path_of(("facts", "rate"))
    ('risk.rate', 'facts.facts.rate')
    """
    path = ".".join(keys)
    return f"{PREFIX}{path}" if path.startswith(PREFIX) else path


class _Missing:
    """No value at a path."""


MISSING = _Missing()


def value_at(path: str, facts: Any) -> Any:
    """Return the value at a dotted path, or MISSING.

    >>> value_at("risk.rate", {"risk": {"rate": 0.02}}), value_at("risk.x", {}) is MISSING
    (0.02, True)
    """
    return value_behind(keys_of(path), facts)


def value_behind(keys: Iterable[str], facts: Any) -> Any:
    """Return the value that the keys lead to, or MISSING; a key may hold a dot.

    >>> value_behind(("risk", "a.b"), {"risk": {"a.b": 2}}), value_behind((), 3)
    (2, 3)
    """
    for key in keys:
        if not isinstance(facts, Mapping) or key not in facts:
            return MISSING
        facts = facts[key]
    return facts


def with_value(facts: Mapping[str, Any], keys: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return the facts with another value where the keys lead; what is not there on the way is made.

    >>> with_value({"risk": {"rate": 1}}, ("risk", "rate"), 2), with_value({"risk": 3}, ("risk", "rate"), 2)
    ({'risk': {'rate': 2}}, {'risk': {'rate': 2}})
    """
    key, rest = keys[0], keys[1:]
    inner = facts.get(key)
    below = inner if isinstance(inner, Mapping) else {}
    return {**facts, key: with_value(below, rest, value) if rest else value}


def find_above(facts: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return where a value is on the way that the keys lead, under which nothing can be set without losing it, or None.

    >>> find_above({"risk": 3}, ("risk", "rate")), find_above({"risk": {"rate": 1}}, ("risk", "rate"))
    (('risk',), None)
    >>> find_above({"risk": None}, ("risk", "rate")), find_above({}, ("risk", "rate"))
    (None, None)
    """
    inner: Any = facts
    for end, key in enumerate(keys[:-1], 1):
        inner = inner.get(key)
        if inner is None:
            return None
        if not isinstance(inner, Mapping):
            return keys[:end]
    return None


def put_under(keys: tuple[str, ...], data: Any) -> Any:
    """Return the data of a source where it goes in the facts.

    >>> put_under(("market", "today"), {"rate": 2}), put_under((), {"rate": 2})
    ({'market': {'today': {'rate': 2}}}, {'rate': 2})
    """
    return with_value({}, keys, data) if keys else data


def data_in(facts: Any, keys: tuple[str, ...]) -> Any:
    """Return what is where the keys lead, or above, where the way ends earlier.

    >>> data_in({"market": {"today": {"rate": 2}}}, ("market", "today")), data_in({"market": "-"}, ("market", "today"))
    ({'rate': 2}, '-')
    """
    for key in keys:
        if not isinstance(facts, Mapping):
            return facts
        facts = facts[key]
    return facts
