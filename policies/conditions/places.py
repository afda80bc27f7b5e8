"""Places: where in the facts (or in a vote, or in an output) a part of a condition's tree leads."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from policies.conditions.tree import Applied, Constant, Field, Loop, Name, TreeNode, parts_of
from policies.paths import MISSING

Path = tuple[str, ...]
"""Keys that lead from the top to a value; a key may hold a dot, so a path is never joined to be compared."""

Place = tuple[str | int, ...]
"""Keys, and numbers of the items of lists, that lead from the top to one value."""

EACH = "*"
"""In a path: every item of the list at this place, or every key of the map."""

Use = Literal["value", "test", "walk"]
"""`value`: the place is read with all in it. `test`: only whether it is there. `walk`: only which items it has."""

TEST: Use = "test"
WALK: Use = "walk"

_MAPS: tuple[Path, ...] = (("facts",), ("output",))
"""Variables that are maps, of which `in` looks at the keys alone."""

Bound = Mapping[str, Path | None]
"""The variables of the macros around a node: the place each leads to, or None where it leads to no place."""


@dataclass(frozen=True, slots=True)
class Read:
    """A place that a condition reads, and how."""

    path: Path
    use: Use = "value"


def shown_path(path: Path) -> str:
    """Return a path as people write it: dots, and brackets around a key that needs them; the top is `facts`.

    >>> shown_path(("risk", "rate")), shown_path(("a.b", "c")), shown_path(("items", "*", "price")), shown_path(())
    ('risk.rate', '["a.b"].c', 'items[*].price', 'facts')
    """
    return "".join(map(_shown_key, path)).removeprefix(".") or "facts"


def shown_place(place: Place) -> str:
    """Return the way to one value in the same notation: the items of a list have their numbers.

    >>> shown_place(("items", 0, "price")), shown_place(("items", "0", "*"))
    ('items[0].price', 'items["0"]["*"]')
    """
    return "".join(map(_shown_step, place)).removeprefix(".") or "facts"


def _shown_key(key: str) -> str:
    return "[*]" if key == EACH else _shown_step(key)


def _shown_step(key: str | int) -> str:
    is_plain = isinstance(key, str) and key.isidentifier()
    return f".{key}" if is_plain else f"[{json.dumps(key, ensure_ascii=False)}]"


def values_at(path: Path, value: Any) -> Iterator[Any]:
    """Yield the value at a path, each one where the path goes over items, and MISSING where there is none.

    >>> list(values_at(("items", "*", "price"), {"items": [{"price": 2}, {"price": None}]}))
    [2, None]
    """
    for number, key in enumerate(path):
        if key == EACH and isinstance(value, list | Mapping):
            for item in value:
                yield from values_at(path[number + 1 :], item)
            return
        value = value.get(key, MISSING) if isinstance(value, Mapping) else MISSING
    yield value


def place_of_node(node: TreeNode, bound: Bound) -> Path | None:
    """Return the path from a variable to where the node leads, or None where it is not a plain place.

    A constant number as an index leads to EACH, since which item it is makes no difference to what may be read.
    """
    match node:
        case Name(name=name):
            return bound[name] if name in bound else (name.removeprefix("."),)
        case Field(of=inner, name=key, is_tested=False):
            return _below(place_of_node(inner, bound), key)
        case Applied(function="_[_]", arguments=(inner, Constant(value=value))):
            return _below(place_of_node(inner, bound), value if isinstance(value, str) else EACH)
    return None


def _below(place: Path | None, key: str) -> Path | None:
    return None if place is None else (*place, key)


def bound_within(loop: Loop, bound: Bound) -> Bound:
    """Return the variables inside a macro: its own lead to each item of what it walks over."""
    item = _below(place_of_node(loop.over, bound), EACH)
    return {**bound, **dict.fromkeys(loop.variables, item)}


def each_within(node: TreeNode, bound: Bound) -> Iterator[tuple[TreeNode, Bound]]:
    """Yield the node and all within it, with the variables that are bound there, in the order of the text."""
    yield node, bound
    for part, inner in inside(node, bound):
        yield from each_within(part, inner)


def inside(node: TreeNode, bound: Bound) -> Iterator[tuple[TreeNode, Bound]]:
    """Yield the parts of a node with the variables that are bound in each."""
    inner = bound_within(node, bound) if isinstance(node, Loop) else bound
    for number, part in enumerate(parts_of(node)):
        yield part, inner if number else bound


def reads_of(node: TreeNode, bound: Bound) -> Iterator[Read]:
    """Yield every place that is read within a node, from its variable on, in the order of the text.

    A key that is worked out may be any, so everything from there on counts as read.
    """
    place = place_of_node(node, bound)
    if place is not None:
        yield Read(place)
        return
    parts = tuple(inside(node, bound))
    used = _part_used(node, bound)
    if used is not None:
        yield used
        parts = parts[1:] if used.use == WALK else ()
    for part, inner in parts:
        yield from reads_of(part, inner)


def _part_used(node: TreeNode, bound: Bound) -> Read | None:
    """Return the place of which a node uses not the value but that it is there, or which items it has."""
    match node:
        case Field(of=inner, name=key, is_tested=True):
            place, use = _below(place_of_node(inner, bound), key), TEST
        case Applied(function="@in", arguments=(Constant(value=str(key)), Name() as top)) if (
            place_of_node(top, bound) in _MAPS
        ):
            place, use = _below(place_of_node(top, bound), key), TEST
        case Loop(over=over):
            place, use = place_of_node(over, bound), WALK
        case _:
            return None
    return None if place is None else Read(place, use)
