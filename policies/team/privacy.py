"""Privacy: facts that a team marks private are withheld before anything sees or keeps them."""

from collections.abc import Iterable, Mapping
from typing import Any

from policies.conditions.places import EACH, Path, Use
from policies.paths import keys_of

WITHHELD = "(withheld)"
"""What takes the place of a private fact."""


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


def overlaps(path: Path, private: Iterable[str], use: Use = "value") -> bool:
    """Return whether reading the path would read something private.

    What is only tested for, or walked over, is not read itself: then a private path further down is none of it.

    >>> overlaps(("customer", "name"), ["customer"]), overlaps(("customer",), ["customer.name"])
    (True, True)
    >>> overlaps(("people", "*", "name"), ["people.name"]), overlaps(("people",), ["people.name"], "walk")
    (True, False)
    """
    return any(_meet(path, keys_of(each), use) for each in private)


def _meet(path: Path, private: Path, use: Use) -> bool:
    """Return whether one path leads to the other or through it; an item of a list has no key in a private path."""
    if not private:
        return True
    if not path:
        return use == "value"
    if path[0] == EACH:
        return _meet(path[1:], private, use)
    return path[0] == private[0] and _meet(path[1:], private[1:], use)
