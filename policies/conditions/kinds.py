"""Kinds of numbers: whether a part of a condition is a whole number, a decimal one, or a literal that may become one.

The types of the checker do not say it: in `[10, facts.n].exists(x, x / 4 > 2)` it takes `x` for a whole number.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from policies.conditions.operators import ADD, ARITHMETIC, CHOICE, INDEX
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

Kind = Literal["literal", "whole", "decimal"]
"""`literal`: a whole number as it is written. `whole`: one that CEL counted. `decimal`: any other, as in facts."""

Found = frozenset[Kind]

PASSING = (CHOICE, "dyn")
"""Functions that give one of their last two arguments."""

SIGNED = (*ARITHMETIC, "-_")

_NUMERIC: tuple[Type, ...] = ("int", "uint", "double", "dyn")
_BY_TYPE: Mapping[Type, Found] = {
    **dict.fromkeys(("int", "uint"), frozenset({"whole"})),
    **dict.fromkeys(("double", "dyn"), frozenset({"decimal"})),
}
_STRONGEST: tuple[Kind, ...] = ("decimal", "whole")
_GIVEN = ("facts", "output")


def is_literal(node: TreeNode) -> bool:
    """Return whether a node is a whole number that is written out, without the `u` that keeps it one."""
    return isinstance(node, Constant) and type(node.value) is int and not node.is_unsigned


def function_of(node: TreeNode) -> str:
    """Return the function or the operator that a node applies, or nothing."""
    return node.function if isinstance(node, Applied) else ""


def arguments_of(node: TreeNode) -> tuple[TreeNode, ...]:
    """Return what a function is applied to."""
    return node.arguments if isinstance(node, Applied) else ()


class NumberKinds:
    """The kinds of number that each part of one condition may be."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._walked = dict(_walked(tree.root, {}))
        self._found: dict[int, Found] = {}
        self._members: dict[int, tuple[TreeNode, ...]] = {}

    def is_arithmetic(self, node: TreeNode) -> bool:
        """Return whether a node works a number out; `+` also joins texts and lists."""
        return function_of(node) in SIGNED and self.tree.type_of(node) in _NUMERIC

    def of(self, node: TreeNode) -> Found:
        """Return the kinds that a node may be; none where it is not a number."""
        if node.id not in self._found:
            self._found[node.id] = self._of(node)
        return self._found[node.id]

    def among(self, nodes: Iterable[TreeNode]) -> Found:
        """Return the kinds that any of the nodes may be."""
        return frozenset(kind for node in nodes for kind in self.of(node))

    def _of(self, node: TreeNode) -> Found:
        if is_literal(node):
            return frozenset({"literal"})
        if function_of(node) in PASSING:
            return self.among(arguments_of(node)[-2:])
        container = self._container(node)
        if container is not None:
            return self._of_item(container)
        if not self.is_arithmetic(node):
            return _BY_TYPE.get(self.tree.type_of(node), frozenset())
        found = self.among(arguments_of(node))
        return next((frozenset({kind}) for kind in _STRONGEST if kind in found), found)

    def _of_item(self, container: TreeNode) -> Found:
        """Return the kinds of an item: in a list that is written out, literals become decimal next to a decimal one."""
        if self._is_given(container):
            return frozenset({"decimal"})
        found = self.among(self._members_of(container))
        if "decimal" in found:
            return found - {"literal"}
        return frozenset({"whole"}) if found else found

    def _container(self, node: TreeNode) -> TreeNode | None:
        """Return the list or the map of which a node is an item."""
        match node:
            case Name(id=id_):
                return self._walked.get(id_)
            case Field(of=inner, is_tested=False):
                return inner
            case Applied(function=function, arguments=(inner, _)) if function == INDEX:
                return inner
        return None

    def _is_given(self, node: TreeNode) -> bool:
        """Return whether a node is the facts, the output or something in them."""
        container = self._container(node)
        while container is not None:
            node, container = container, self._container(container)
        return isinstance(node, Name) and node.name.removeprefix(".") in _GIVEN

    def _members_of(self, node: TreeNode) -> tuple[TreeNode, ...]:
        """Return the nodes that may be items of a list or a map; one of the facts counts as its own item."""
        if node.id not in self._members:
            self._members[node.id] = tuple({each.id: each for each in self._find_members(node)}.values())
        return self._members[node.id]

    def _find_members(self, node: TreeNode) -> Iterator[TreeNode]:
        container = self._container(node)
        if self._is_given(node):
            yield node
        elif container is not None:
            for item in self._members_of(container):
                yield from self._members_of(item)
        elif function_of(node) in (*PASSING, ADD):
            for each in arguments_of(node)[-2:]:
                yield from self._members_of(each)
        else:
            yield from _written_out(node)


def _written_out(node: TreeNode) -> Iterator[TreeNode]:
    """Yield the items of a list or a map that is written out, or that a macro makes."""
    match node:
        case Listing(items=items) | Entries(values=items):
            yield from items
        case Loop(steps=(_, _, step, _)):
            yield from gathered(step)


def gathered(step: TreeNode) -> Iterator[TreeNode]:
    """Yield what a macro such as `map` adds to its list in a step."""
    match step:
        case Applied(function=function, arguments=(*_, left, right)) if function in (ADD, CHOICE):
            yield from right.items if isinstance(right, Listing) else ()
            yield from gathered(left)


def _walked(node: TreeNode, bound: Mapping[str, TreeNode]) -> Iterator[tuple[int, TreeNode]]:
    """Yield each use of a variable of a macro by its id, with what the macro walks over."""
    inner, over = bound, bound.get(node.name) if isinstance(node, Name) else None
    if over is not None:
        yield node.id, over
    if isinstance(node, Loop):
        over = Listing(-node.over.id, node.over.keys) if isinstance(node.over, Entries) else node.over
        inner = {**bound, **dict.fromkeys(node.variables, over)}
    for number, part in enumerate(parts_of(node)):
        yield from _walked(part, inner if number else bound)
