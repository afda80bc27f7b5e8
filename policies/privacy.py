"""Privacy: facts that a team marks private are withheld before anything sees or keeps them."""

from collections.abc import Iterable, Mapping
from typing import Any

from policies.paths import keys_of

WITHHELD = "(withheld)"
"""What stands in the place of a private fact."""


def withhold(facts: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """Return the facts with the value at each private path, if there is one, replaced by `(withheld)`.

    >>> withhold({"customer": {"name": "Ada", "region": "US"}}, ["customer.name", "customer.phone"])
    {'customer': {'name': '(withheld)', 'region': 'US'}}
    >>> withhold({"people": [{"name": "Ada"}]}, ["people.name"])
    {'people': [{'name': '(withheld)'}]}
    """
    kept = dict(facts)
    for path in paths:
        kept = _replaced(kept, [*keys_of(path)])
    return kept


def _replaced(value: Any, keys: list[str]) -> Any:
    """Return the value with what the keys lead to replaced, in every item of a list on the way."""
    if not keys:
        return WITHHELD
    if isinstance(value, list):
        return [_replaced(item, keys) for item in value]
    if not isinstance(value, Mapping) or keys[0] not in value:
        return value
    return {**value, keys[0]: _replaced(value[keys[0]], keys[1:])}


def overlaps(path: str, private: Iterable[str]) -> bool:
    """Tell whether reading `path` would read something private.

    >>> overlaps("customer.name", ["customer"]), overlaps("customer", ["customer.name"]), overlaps("x", ["customer"])
    (True, True, False)
    """
    return any(f"{path}.".startswith(f"{each}.") or f"{each}.".startswith(f"{path}.") for each in private)
