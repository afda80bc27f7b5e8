"""Privacy: facts that a team marks private are withheld before anything sees or keeps them."""

from collections.abc import Iterable, Mapping
from typing import Any

from policies.conditions.places import EACH, Path, Use
from policies.paths import PREFIX, keys_of

WITHHELD = "(withheld)"
"""What takes the place of a private fact."""


def withhold(facts: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """Return the facts with the value at each private path, if there is one, replaced by `(withheld)`.

    A key with dots is as the path that it spells.

    >>> withhold({"customer": {"name": "Ada", "region": "US"}}, ["customer.name", "customer.phone"])
    {'customer': {'name': '(withheld)', 'region': 'US'}}
    >>> withhold({"people": [{"name": "Ada"}]}, ["people.name"])
    {'people': [{'name': '(withheld)'}]}
    >>> withhold({"customer.name": "Ada", "people": "none"}, ["customer.name", "people.name"])
    {'customer.name': '(withheld)', 'people': 'none'}
    """
    kept = dict(facts)
    for path in paths:
        keys = keys_of(path)
        kept = {key: _replaced(value, _behind_top(key, keys)) for key, value in kept.items()}
    return kept


def _replaced(value: Any, keys: Path | None) -> Any:
    """Return the value with what the keys lead to replaced, in every item of a list on the way; None leads nowhere."""
    if not keys:
        return value if keys is None else WITHHELD
    if isinstance(value, list):
        return [_replaced(item, keys) for item in value]
    if isinstance(value, Mapping):
        return {key: _replaced(each, _behind(key, keys)) for key, each in value.items()}
    return value


def _behind_top(key: str, keys: Path) -> Path | None:
    """Return as `_behind`, also for a key that begins with `facts.`, as paths may."""
    found = _behind(key, keys)
    return _behind(str(key).removeprefix(PREFIX), keys) if found is None else found


def _behind(key: str, keys: Path) -> Path | None:
    """Return which of the keys come behind one, which may hold several; None where it is not on their way.

    What is further down than they lead is on it.
    """
    parts = tuple(str(key).split("."))
    return keys[len(parts) :] if parts[: len(keys)] == keys[: len(parts)] else None


def overlaps(path: Path, private: Iterable[str], use: Use = "value") -> bool:
    """Return whether reading the path would read something private.

    What is only tested for, or walked over, is not read itself: then a private path further down is none of it. A key
    with dots is as the path that it spells.

    >>> overlaps(("customer", "name"), ["customer"]), overlaps(("customer",), ["customer.name"])
    (True, True)
    >>> overlaps(("people", "*", "name"), ["people.name"]), overlaps(("people",), ["people.name"], "walk")
    (True, False)
    """
    keys = tuple(part for key in path for part in key.split("."))
    return any(_meet(keys, keys_of(each), use) for each in private)


def _meet(path: Path, private: Path, use: Use) -> bool:
    """Return whether one path leads to the other or through it; an item of a list has no key in a private path."""
    if not private:
        return True
    if not path:
        return use == "value"
    if path[0] == EACH:
        return _meet(path[1:], private, use)
    return path[0] == private[0] and _meet(path[1:], private[1:], use)
