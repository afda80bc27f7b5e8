"""Numbers of conditions: JSON has one kind, so what meets a number of the facts is worked out in decimal numbers.

Numbers of facts and outputs enter as decimal ones. A whole-number literal becomes decimal where a decimal number meets
it. What CEL counts itself (`size`, `int`, the counts of a vote) stays whole, and arithmetic that mixes both is refused.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from policies.cel_operators import ARITHMETIC, CHOICE, COMPARISONS, DIVIDE, IN, REMAINDER, WHOLE
from policies.cel_tree import Call, Changes, Constant, Entries, Listing, Name, Node, Tree, Type, parts_of
from policies.plain import MAX_INTEGER

MAX_LITERAL = MAX_INTEGER + 1
"""2^53: beyond it two whole numbers may be the same decimal one."""

Kind = Literal["literal", "whole", "decimal"]
"""`literal`: a whole number as it is written, which may become decimal. `whole`: one that CEL counted."""

_NUMERIC: tuple[Type, ...] = ("int", "uint", "double", "dyn")
_KINDS: Mapping[Type, frozenset[Kind]] = {
    **dict.fromkeys(("int", "uint"), frozenset({"whole"})),
    **dict.fromkeys(("double", "dyn"), frozenset({"decimal"})),
}
_STRONGEST: tuple[Kind, ...] = ("decimal", "whole")
_NO_NUMBERS: Mapping[Type, str] = {"string": "text", "bool": "true or false", "list": "a list", "map": "a map"}

_SIGNED = (*ARITHMETIC, "-_")
_PASSING = (CHOICE, "dyn")
"""Functions that give one of their last two arguments."""

_INDIFFERENT = (
    *(*COMPARISONS, IN, CHOICE, "_&&_", "_||_", "!_", "_[_]", "@not_strictly_false"),
    *("size", "startsWith", "endsWith", "contains", "matches"),
)
"""Functions that give the same for a whole number and the decimal one that equals it."""

_BECOMES = {"_/_": DIVIDE, "_%_": REMAINDER}


@dataclass(frozen=True, slots=True)
class Mixture:
    """What a condition does with numbers that is refused: at which node, what, and what to write instead."""

    node: Node
    what: str
    instead: str


def find_mixture(tree: Tree, is_counted: bool) -> Mixture | None:
    """Return the first thing a condition does with numbers that is refused, or None.

    Where `is_counted`, as in a vote, the variables are counts, which are not compared with decimal numbers either.
    """
    return next((found for node in _all(tree.root) if (found := _mixture(node, tree, is_counted))), None)


def decimal_changes(tree: Tree) -> Changes:
    """Return what is changed in a tree so that its arithmetic has numbers of one kind."""
    changes = tuple(_changes(tree.root, False, tree))
    return Changes(
        decimals=frozenset(id_ for id_, function in changes if function is None),
        functions={id_: function for id_, function in changes if function in (DIVIDE, REMAINDER)},
        wrapped={id_: function for id_, function in changes if function == WHOLE},
    )


def takes_decimals(tree: Tree) -> bool:
    """Tell whether it makes a difference that a fact is 14 or 14.0: a comparison makes none."""
    return any(isinstance(node, Call) and node.function not in _INDIFFERENT for node in _all(tree.root))


def _all(node: Node) -> Iterator[Node]:
    yield node
    for part in parts_of(node):
        yield from _all(part)


# --- kinds ------------------------------------------------------------------------------------------------------------


def _kinds(node: Node, tree: Tree) -> frozenset[Kind]:
    """Return the kinds of number that a node may be; none where it is not a number."""
    if _is_literal(node):
        return frozenset({"literal"})
    if isinstance(node, Call) and node.function in _PASSING:
        return _kinds_among(node.arguments[-2:], tree)
    if not _is_arithmetic(node, tree):
        return _KINDS.get(tree.type_of(node), frozenset())
    found = _kinds_among(_arguments(node), tree)
    return next((frozenset({kind}) for kind in _STRONGEST if kind in found), found)


def _kinds_among(nodes: Iterable[Node], tree: Tree) -> frozenset[Kind]:
    return frozenset(kind for node in nodes for kind in _kinds(node, tree))


def _is_literal(node: Node) -> bool:
    return isinstance(node, Constant) and type(node.value) is int and not node.is_unsigned


def _is_arithmetic(node: Node, tree: Tree) -> bool:
    return isinstance(node, Call) and node.function in _SIGNED and tree.type_of(node) in _NUMERIC


def _arguments(node: Node) -> tuple[Node, ...]:
    return node.arguments if isinstance(node, Call) else ()


# --- what is refused --------------------------------------------------------------------------------------------------


def _mixture(node: Node, tree: Tree, is_counted: bool) -> Mixture | None:
    if isinstance(node, Constant) and type(node.value) is int and abs(node.value) > MAX_LITERAL:
        return Mixture(node, f"has the whole number {node.value}", f"allowed: at most {MAX_LITERAL}, which is 2^53")
    is_compared = isinstance(node, Call) and node.function in COMPARISONS
    if is_compared or _is_arithmetic(node, tree):
        return _of_another_type(node, tree) or _whole_with_decimal(node, tree, is_compared and not is_counted)
    return None


def _of_another_type(node: Node, tree: Tree) -> Mixture | None:
    """Return what is compared or reckoned with a number and cannot be one, though the checker does not know."""
    others = [_NO_NUMBERS[kind] for each in _arguments(node) if (kind := tree.type_of(each)) in _NO_NUMBERS]
    if not others or not any(_is_number(each, tree) for each in _arguments(node)):
        return None
    sign = _function(node).strip("_")
    return Mixture(node, f"applies `{sign}` to a number and {others[0]}", "allowed: two numbers")


def _is_number(node: Node, tree: Tree) -> bool:
    """Tell whether a node is a number whatever the facts are: what no other type has the operator or a literal for."""
    if not _is_arithmetic(node, tree):
        return tree.type_of(node) in ("int", "uint", "double")
    return _function(node) not in ("_+_", "_-_") or any(_is_number(each, tree) for each in _arguments(node))


def _whole_with_decimal(node: Node, tree: Tree, may_compare: bool) -> Mixture | None:
    """Return the whole number that meets a decimal one; two that are only compared may, unless a rest was dropped."""
    if not {"whole", "decimal"} <= _kinds_among(_arguments(node), tree):
        return None
    if may_compare and not any(_drops_a_rest(each, tree) for each in _arguments(node)):
        return None
    whole = next(named for each in _arguments(node) for named in _wholes(each, tree))
    return Mixture(node, f"mixes `{whole}`, a whole number, with a decimal one", f"write double({whole})")


def _drops_a_rest(node: Node, tree: Tree) -> bool:
    if _function(node) not in (*_SIGNED, *_PASSING):
        return False
    is_whole = _function(node) == "_/_" and _kinds(node, tree) == {"whole"}
    return is_whole or any(_drops_a_rest(each, tree) for each in _arguments(node))


def _function(node: Node) -> str:
    return node.function if isinstance(node, Call) else ""


def _wholes(node: Node, tree: Tree) -> Iterator[str]:
    """Yield what is counted within some arithmetic, as a message names it."""
    if _is_arithmetic(node, tree) or _function(node) in _PASSING:
        for each in _arguments(node):
            yield from _wholes(each, tree)
    elif "whole" in _kinds(node, tree):
        yield _named(node)


def _named(node: Node) -> str:
    match node:
        case Name(name=name) | Constant(value=name):
            return str(name)
        case Call(function="size" | "int" | "uint" as name):
            return f"{name}(…)"
        case Call(function=name) if name.isidentifier():
            return f"….{name}()"
    return "…"


# --- what becomes decimal ---------------------------------------------------------------------------------------------


def _changes(node: Node, is_wide: bool, tree: Tree) -> Iterator[tuple[int, str | None]]:
    """Yield the nodes that change, and the function each gets; None: the literal becomes decimal.

    `is_wide`: what stands around the node takes decimal numbers.
    """
    if is_wide and _is_literal(node):
        yield node.id, None
    kinds = _kinds(node, tree)
    is_decimal = "decimal" in kinds or (is_wide and "whole" not in kinds)
    if _is_arithmetic(node, tree) and is_decimal and _function(node) in _BECOMES:
        yield node.id, _BECOMES[_function(node)]
    if _takes_whole(node, tree):
        yield node.id, WHOLE
    for part, inner in _within(node, is_decimal, tree):
        yield from _changes(part, inner, tree)


def _within(node: Node, is_decimal: bool, tree: Tree) -> Iterator[tuple[Node, bool]]:
    """Yield the parts of a node, and whether each is to be decimal."""
    parts, function = parts_of(node), _function(node)
    if _is_arithmetic(node, tree) or function == "dyn":
        takes = [is_decimal] * len(parts)
    elif function == CHOICE:
        takes = [False, is_decimal, is_decimal]
    elif function in (*COMPARISONS, IN):
        takes = ["decimal" in _kinds_among(_with_items(parts), tree)] * len(parts)
    elif isinstance(node, Listing):
        takes = [is_decimal or "decimal" in _kinds_among(parts, tree)] * len(parts)
    elif isinstance(node, Entries):
        takes = [False, is_decimal or "decimal" in _kinds_among(node.values, tree)] * len(node.keys)
    else:
        takes = [False] * len(parts)
    return zip(parts, takes, strict=True)


def _with_items(nodes: Iterable[Node]) -> Iterator[Node]:
    for node in nodes:
        yield from node.items if isinstance(node, Listing) else (node,)


def _takes_whole(node: Node, tree: Tree) -> bool:
    """Tell whether a function shows or takes a whole number as such, so that 14 must not come to it as 14.0."""
    types = [tree.type_of(each) for each in _arguments(node)]
    return (_function(node) == "type" and types == ["dyn"]) or (
        _function(node) in ("string", "timestamp") and types in (["dyn"], ["double"])
    )
