"""Sides: what the comparisons of a condition compare on some facts, as far as the kinds of values are known.

Nothing is short-circuited: each comparison is looked at for every item that the macros around it walk over.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import count
from typing import Any

from policies.conditions.condition import compile_expression
from policies.conditions.kinds import PASSING, SIGNED, arguments_of, function_of, gathered
from policies.conditions.operators import ADD, CHOICE, COMPARISONS, IN, INDEX
from policies.conditions.places import EACH, Bound, Path, bound_within, place_of_node, reads_of
from policies.conditions.tree import (
    Applied,
    Constant,
    Entries,
    Field,
    Listing,
    Loop,
    Name,
    Tree,
    TreeNode,
    Type,
    parts_of,
)
from policies.decision.guards import SINGLE, kind_of
from policies.paths import MISSING

MAX_ROUNDS = 20_000
"""Rounds of macros that are looked at, those over items of one kind once; the runtime stops at 10,000 of its own."""


class TooManyRoundsError(ValueError):
    """The macros of a condition walk over more than is looked at."""


@dataclass(frozen=True, slots=True)
class Some:
    """A value of which the kind alone is known, or not even that."""

    kind: str | None


UNKNOWN = Some(None)

_NUMBER, _TEXT, _BOOLEAN = (Some(kind) for kind in SINGLE)
_BY_TYPE: Mapping[Type, Some] = {
    **dict.fromkeys(("int", "uint", "double"), _NUMBER),
    **{"string": _TEXT, "bool": _BOOLEAN, "list": Some("a list"), "map": Some("an object")},
}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: its value, where in the facts it is, and what is read to work it out."""

    value: Any
    path: Path | None = None
    reads: tuple[Path, ...] = ()
    is_written: bool = False

    @property
    def kind(self) -> str | None:
        """What the value is, in words; None where that is not known."""
        return known_kind(self.value)

    def items(self) -> Iterator["Side"]:
        """Yield what `in` compares with: the items of a list, the keys of a map."""
        path = None if self.path is None else (*self.path, EACH)
        for item in _distinct(self.value, _shape):
            yield replace(self, value=item, path=path)


@dataclass(frozen=True, slots=True)
class Sides:
    """The two sides of a comparison, or of `in`, and its operator as people write it."""

    operator: str
    left: Side
    right: Side


@dataclass(frozen=True, slots=True)
class _Around:
    """What is known around a node: the variables, where each leads to, and what it is worth.

    `alike`: what items have in common that need not be looked at twice. `rounds` counts those of all macros.
    """

    tree: Tree
    bound: Bound
    values: Mapping[str, Any]
    alike: Callable[[Any], str]
    rounds: Iterator[int]


def known_kind(value: Any) -> str | None:
    """Return what a value is, in words; None where it is missing or not known.

    >>> known_kind(3), known_kind(Some("text")), known_kind(UNKNOWN)
    ('a number', 'text', None)
    """
    if isinstance(value, Some):
        return value.kind
    return None if value is MISSING else kind_of(value)


def sides_on(when: str, facts: Mapping[str, Any]) -> Iterator[Sides]:
    """Yield the sides of every comparison in a condition on these facts, once for each item that a macro walks over.

    Raises:
        TooManyRoundsError: there are more of them than `MAX_ROUNDS`.

    >>> [(each.left.value, each.right.value) for each in sides_on("facts.l.exists(i, i > 3)", {"l": [5, "9"]})]
    [(5, 3), ('9', 3)]
    """
    tree = compile_expression(when).tree
    alike = repr if any(map(_is_worked_out, _all(tree.root))) else _shape
    yield from _sides(tree.root, _Around(tree, {}, {"facts": facts, ".facts": facts}, alike, count()))


def _all(node: TreeNode) -> Iterator[TreeNode]:
    yield node
    for part in parts_of(node):
        yield from _all(part)


def _is_worked_out(node: TreeNode) -> bool:
    """Return whether a node takes what is at a key that another value gives, so that this value matters."""
    return function_of(node) == INDEX and not isinstance(arguments_of(node)[1], Constant)


def _sides(node: TreeNode, around: _Around) -> Iterator[Sides]:
    match node:
        case Applied(function=function, arguments=(left, right)) if function in (*COMPARISONS, IN):
            yield Sides(function.strip("_@"), _side(left, around), _side(right, around))
        case Loop(over=over, steps=steps):
            yield from _sides(over, around)
            for inner in _rounds(node, around):
                for step in steps:
                    yield from _sides(step, inner)
            return
    for part in parts_of(node):
        yield from _sides(part, around)


def _side(node: TreeNode, around: _Around) -> Side:
    place = place_of_node(node, around.bound)
    reads = tuple(read.path[1:] for read in reads_of(node, around.bound) if read.path[0] == "facts")
    path = place[1:] if place and place[0] == "facts" else None
    return Side(_value(node, around), path, reads, isinstance(node, Constant | Listing | Entries))


def _rounds(loop: Loop, around: _Around) -> Iterator[_Around]:
    """Yield what is known in each round of a macro; one round where nobody knows what it walks over."""
    over, bound = _value(loop.over, around), bound_within(loop, around.bound)
    items = _distinct(over, around.alike) if isinstance(over, list | Mapping) else [UNKNOWN]
    for item in items:
        if next(around.rounds) >= MAX_ROUNDS:
            raise TooManyRoundsError
        yield replace(around, bound=bound, values={**around.values, **dict.fromkeys(loop.variables, item)})


def _distinct(values: Iterable[Any], alike: Callable[[Any], str]) -> list[Any]:
    return [*{alike(value): value for value in values}.values()]


def _shape(value: Any) -> str:
    """Return a value as it is written, with the kind of each number, text and boolean in its place."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key!r}: {_shape(value[key])}' for key in sorted(value, key=repr))}}}"
    return f"[{', '.join(map(_shape, value))}]" if isinstance(value, list) else str(known_kind(value))


# --- what a node is worth ---------------------------------------------------------------------------------------------


def _value(node: TreeNode, around: _Around) -> Any:
    """Return what a node is worth, or the kind of that, else what the checker says of it."""
    found = _found(node, around)
    return _BY_TYPE.get(around.tree.type_of(node), UNKNOWN) if found == UNKNOWN else found


def _found(node: TreeNode, around: _Around) -> Any:
    match node:
        case Constant(value=value):
            return UNKNOWN if isinstance(value, bytes) else value
        case Name(name=name):
            return around.values.get(name, UNKNOWN)
        case Field(of=inner, name=key, is_tested=False):
            return _at(_value(inner, around), key)
        case Listing(items=items):
            return [_value(item, around) for item in items]
        case Entries(keys=keys, values=values) if all(isinstance(key, Constant) for key in keys):
            return {_value(key, around): _value(each, around) for key, each in zip(keys, values, strict=True)}
        case Applied():
            return _applied(node, around)
        case Loop(steps=(Listing(), _, step, _)):
            return [_value(item, inner) for inner in _rounds(node, around) for item in gathered(step)]
    return UNKNOWN


def _applied(node: Applied, around: _Around) -> Any:
    function = function_of(node)
    if function not in (INDEX, *PASSING, *SIGNED):
        return UNKNOWN
    values = [_value(each, around) for each in arguments_of(node)]
    if function == INDEX:
        return _at(*values)
    return _either(values[-2:], is_joined=function in (CHOICE, ADD)) if function in (*PASSING, ADD) else _less(values)


def _at(value: Any, key: Any) -> Any:
    """Return what a value has at a key or an index; where that is not known, what all it has have in common."""
    if isinstance(value, list | Mapping) and isinstance(key, Some):
        return _either([*(value.values() if isinstance(value, Mapping) else value)])
    if isinstance(value, Mapping):
        return value.get(key, MISSING) if isinstance(key, str | int | float) else UNKNOWN
    is_index = isinstance(key, int | float) and not isinstance(key, bool) and key == int(key)
    return value[int(key)] if isinstance(value, list) and is_index and 0 <= key < len(value) else UNKNOWN


def _either(values: Sequence[Any], is_joined: bool = False) -> Any:
    """Return what is known of a value that is one of these, or that joins them: all items of lists, else one kind."""
    if len(values) == 1:
        return values[0]
    if is_joined and all(isinstance(value, list) for value in values):
        return reduce(lambda left, right: [*left, *right], values)
    return _less(values)


def _less(values: Sequence[Any]) -> Some:
    """Return the one kind that these values have, as far as they are known."""
    kinds = {kind for value in values if (kind := known_kind(value)) is not None}
    return Some(kinds.pop()) if len(kinds) == 1 else UNKNOWN
