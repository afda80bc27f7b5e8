"""Placing: where the data of a source goes in the facts, and what is there."""

from collections.abc import Mapping
from typing import Any

from policies.conditions.places import Path
from policies.paths import with_value


def put_under(keys: Path, data: Any) -> Any:
    """Return the data of a source where it goes in the facts.

    >>> put_under(("market", "today"), {"rate": 2}), put_under((), {"rate": 2})
    ({'market': {'today': {'rate': 2}}}, {'rate': 2})
    """
    return with_value({}, keys, data) if keys else data


def data_in(facts: Any, keys: Path) -> Any:
    """Return what is where the keys lead, or above, where the way ends earlier.

    >>> data_in({"market": {"today": {"rate": 2}}}, ("market", "today")), data_in({"market": "-"}, ("market", "today"))
    ({'rate': 2}, '-')
    """
    for key in keys:
        if not isinstance(facts, Mapping):
            return facts
        facts = facts[key]
    return facts
