"""Numbers of conditions: JSON has one kind, so what meets a number of the facts is worked out in decimal numbers.

Numbers of facts and outputs enter as decimal ones. A whole-number literal becomes decimal where a decimal number meets
it. What CEL counts itself (`size`, `int`, the counts of a vote) stays whole, and arithmetic that mixes both is refused.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from policies.conditions.kinds import PASSING, SIGNED, NumberKinds, arguments_of, function_of, is_literal
from policies.conditions.operators import ADD, BECOMES, CHOICE, COMPARISONS, IN, INDEX, WHOLE
from policies.conditions.tree import Applied, Changes, Constant, Entries, Listing, Name, Tree, TreeNode, Type, parts_of
from policies.language import phrase, say
from policies.plain import MAX_INTEGER

MAX_LITERAL = MAX_INTEGER + 1
"""2^53: beyond it two whole numbers may be the same decimal one."""

_NO_NUMBERS: Mapping[Type, str] = {
    "string": phrase("text"),
    "bool": phrase("true or false"),
    "list": phrase("a list"),
    "map": phrase("a map"),
}

_INDIFFERENT = (
    *(*COMPARISONS, IN, CHOICE, INDEX, "_&&_", "_||_", "!_", "@not_strictly_false"),
    *("size", "startsWith", "endsWith", "contains", "matches"),
)
"""Functions that give the same for a whole number and the decimal one that equals it."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """What a condition does with numbers that is refused: at which node, and the sentence, with what is put into it."""

    node: TreeNode
    sentence: str
    values: Mapping[str, Any] = field(default_factory=dict)


def find_mixture(tree: Tree, is_counted: bool) -> Mixture | None:
    """Return the first thing a condition does with numbers that is refused, or None.

    Where `is_counted`, as in a vote, the variables are counts, which are not compared with decimal numbers either.
    """
    kinds = NumberKinds(tree)
    return next((found for node in _all(tree.root) if (found := _mixture(node, kinds, is_counted))), None)


def decimal_changes(tree: Tree) -> Changes:
    """Return what is changed in a tree so that its arithmetic has numbers of one kind."""
    changes = tuple(_changes(tree.root, False, NumberKinds(tree)))
    return Changes(
        decimals=frozenset(id_ for id_, function in changes if function is None),
        functions={id_: function for id_, function in changes if function and function != WHOLE},
        wrapped={id_: function for id_, function in changes if function == WHOLE},
    )


def takes_decimals(tree: Tree) -> bool:
    """Return whether it makes a difference that a fact is 14 or 14.0: a comparison makes none."""
    return any(isinstance(node, Applied) and node.function not in _INDIFFERENT for node in _all(tree.root))


def _all(node: TreeNode) -> Iterator[TreeNode]:
    yield node
    for part in parts_of(node):
        yield from _all(part)


# --- what is refused --------------------------------------------------------------------------------------------------


def _mixture(node: TreeNode, kinds: NumberKinds, is_counted: bool) -> Mixture | None:
    if isinstance(node, Constant) and type(node.value) is int and abs(node.value) > MAX_LITERAL:
        return Mixture(
            node,
            phrase("{subject} has the whole number {value} {place}; allowed: at most {most}, which is 2^53"),
            {"value": node.value, "most": MAX_LITERAL},
        )
    if isinstance(node, Constant) and isinstance(node.value, float) and not math.isfinite(node.value):
        return Mixture(node, phrase("{subject} has a decimal number too large {place}; allowed: below 1.797e308"))
    is_compared = isinstance(node, Applied) and node.function in COMPARISONS
    if is_compared or kinds.is_arithmetic(node):
        return _of_another_type(node, kinds) or _whole_with_decimal(node, kinds, is_compared and not is_counted)
    return None


def _of_another_type(node: TreeNode, kinds: NumberKinds) -> Mixture | None:
    """Return what is compared or reckoned with a number and cannot be one, though the checker does not know."""
    types = [kinds.tree.type_of(each) for each in arguments_of(node) if not kinds.of(each)]
    other = next((_NO_NUMBERS[kind] for kind in types if kind in _NO_NUMBERS), None)
    if other is None or not any(_is_number(each, kinds) for each in arguments_of(node)):
        return None
    sign = function_of(node).strip("_")
    told = phrase("{subject} applies `{sign}` to a number and {other} {place}; allowed: two numbers")
    return Mixture(node, told, {"sign": sign, "other": say(other)})


def _is_number(node: TreeNode, kinds: NumberKinds) -> bool:
    """Return whether a node is a number whatever the facts are: no other type has its operator or its literal."""
    if not kinds.is_arithmetic(node):
        return kinds.tree.type_of(node) in ("int", "uint", "double")
    return function_of(node) not in (ADD, "_-_") or any(_is_number(each, kinds) for each in arguments_of(node))


def _whole_with_decimal(node: TreeNode, kinds: NumberKinds, may_compare: bool) -> Mixture | None:
    """Return the whole number that meets a decimal one; two that are only compared may, unless a rest was dropped."""
    if not {"whole", "decimal"} <= kinds.among(arguments_of(node)):
        return None
    if may_compare and not any(_drops_a_rest(each, kinds) for each in arguments_of(node)):
        return None
    whole = next(named for each in arguments_of(node) for named in _wholes(each, kinds))
    told = phrase("{subject} mixes `{whole}`, a whole number, with a decimal one {place}; write double({whole})")
    return Mixture(node, told, {"whole": whole})


def _drops_a_rest(node: TreeNode, kinds: NumberKinds) -> bool:
    if function_of(node) not in (*SIGNED, *PASSING):
        return False
    is_whole = function_of(node) == "_/_" and kinds.of(node) == {"whole"}
    return is_whole or any(_drops_a_rest(each, kinds) for each in arguments_of(node))


def _wholes(node: TreeNode, kinds: NumberKinds) -> Iterator[str]:
    """Yield what is counted within some arithmetic, as a message names it."""
    if kinds.is_arithmetic(node) or function_of(node) in PASSING:
        for each in arguments_of(node):
            yield from _wholes(each, kinds)
    elif "whole" in kinds.of(node):
        yield _named(node)


def _named(node: TreeNode) -> str:
    match node:
        case Name(name=name):
            return name
        case Constant(value=int(value)):  # the one literal that stays whole next to decimal ones: 3u
            return f"{value}u"
        case Applied(function="size" | "int" | "uint" as name):
            return f"{name}(…)"
        case Applied(function=name) if name.isidentifier():
            return f"….{name}()"
    return "…"


# --- what becomes decimal ---------------------------------------------------------------------------------------------


def _changes(node: TreeNode, is_wide: bool, kinds: NumberKinds) -> Iterator[tuple[int, str | None]]:
    """Yield the nodes that change, and the function each gets; None: the literal becomes decimal.

    `is_wide`: what surrounds the node takes decimal numbers.
    """
    if is_wide and is_literal(node):
        yield node.id, None
    found = kinds.of(node)
    is_decimal = "decimal" in found or (is_wide and "whole" not in found)
    if kinds.is_arithmetic(node) and is_decimal and function_of(node) in BECOMES:
        yield node.id, BECOMES[function_of(node)]
    if _takes_whole(node, kinds):
        yield node.id, WHOLE
    for part, inner in _within(node, is_decimal, kinds):
        yield from _changes(part, inner, kinds)


def _within(node: TreeNode, is_decimal: bool, kinds: NumberKinds) -> Iterator[tuple[TreeNode, bool]]:
    """Yield the parts of a node, and whether each is to be decimal."""
    parts, function = parts_of(node), function_of(node)
    if kinds.is_arithmetic(node) or function == "dyn":
        takes = [is_decimal] * len(parts)
    elif function == CHOICE:
        takes = [False, is_decimal, is_decimal]
    elif function in (*COMPARISONS, IN, ADD):
        takes = ["decimal" in kinds.among(_with_items(parts))] * len(parts)
    elif isinstance(node, Listing):
        takes = [is_decimal or "decimal" in kinds.among(parts)] * len(parts)
    elif isinstance(node, Entries):
        takes = [False, is_decimal or "decimal" in kinds.among(node.values)] * len(node.keys)
    else:
        takes = [False] * len(parts)
    return zip(parts, takes, strict=True)


def _with_items(nodes: Iterable[TreeNode]) -> Iterator[TreeNode]:
    for node in nodes:
        yield from node.items if isinstance(node, Listing) else (node,)


def _takes_whole(node: TreeNode, kinds: NumberKinds) -> bool:
    """Return whether a function shows or takes a whole number as such, so that it must not be given 14.0 for 14."""
    function, arguments = function_of(node), arguments_of(node)
    if function not in ("string", "timestamp", "type") or "decimal" not in kinds.among(arguments):
        return False
    return function != "type" or not isinstance(arguments[0], Constant)
