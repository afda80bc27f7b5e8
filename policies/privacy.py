"""Privacy: facts that a team marks private are withheld before anything sees or keeps them."""

from collections.abc import Iterable, Mapping
from typing import Any

from policies.guards import MISSING, value_at

WITHHELD = "(withheld)"
"""What stands in the place of a private fact."""


def withhold(facts: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """Return the facts with the value at each private path, if there is one, replaced by `(withheld)`.

    >>> withhold({"customer": {"name": "Ada", "region": "US"}}, ["customer.name", "customer.phone"])
    {'customer': {'name': '(withheld)', 'region': 'US'}}
    """
    kept = dict(facts)
    for path in paths:
        if value_at(path, kept) is not MISSING:
            kept = _replaced(kept, path.split("."))
    return kept


def _replaced(facts: Mapping[str, Any], keys: list[str]) -> dict[str, Any]:
    key, rest = keys[0], keys[1:]
    return {**facts, key: _replaced(facts[key], rest) if rest else WITHHELD}


def overlaps(path: str, private: Iterable[str]) -> bool:
    """Tell whether reading `path` would read something private.

    >>> overlaps("customer.name", ["customer"]), overlaps("customer", ["customer.name"]), overlaps("x", ["customer"])
    (True, True, False)
    """
    return any(f"{path}.".startswith(f"{each}.") or f"{each}.".startswith(f"{path}.") for each in private)
