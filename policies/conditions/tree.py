"""The syntax tree of a condition, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Type = Literal["bool", "int", "uint", "double", "string", "bytes", "list", "map", "dyn", "other"]
"""What the checker says of an expression, without what a list or a map holds."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal; null is None."""

    id: int
    value: bool | int | float | str | bytes | None
    is_unsigned: bool = False


@dataclass(frozen=True, slots=True)
class Name:
    """A variable by its name; after a leading dot no variable of a macro is meant."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of something, or the test whether it is there, as `has(a.b)` makes it."""

    id: int
    of: "TreeNode"
    name: str
    is_tested: bool


@dataclass(frozen=True, slots=True)
class Applied:
    """A function or an operator and what it is applied to; a method is a function of what comes before its dot."""

    id: int
    function: str
    arguments: tuple["TreeNode", ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list written out."""

    id: int
    items: tuple["TreeNode", ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """A map written out, or a message, whose keys are the names of its fields."""

    id: int
    keys: tuple["TreeNode", ...]
    values: tuple["TreeNode", ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """What a macro such as `exists` becomes: a walk over a list or the keys of a map that gathers a result."""

    id: int
    variables: tuple[str, ...]
    over: "TreeNode"
    steps: tuple["TreeNode", ...]
    """What is worked out inside: for the start, before each item, for each item, and at the end."""


TreeNode = Constant | Name | Field | Applied | Listing | Entries | Loop


@dataclass(frozen=True, slots=True)
class Tree:
    """A checked condition: its tree, and type and place in the text of each node by its id."""

    root: TreeNode
    types: Mapping[int, Type]
    positions: Mapping[int, int]

    def type_of(self, node: TreeNode) -> Type:
        """Return what the checker says of the node."""
        return self.types.get(node.id, "dyn")


@dataclass(frozen=True, slots=True)
class Changes:
    """What is changed in a tree before it runs, by the ids of its nodes."""

    decimals: frozenset[int]
    """Whole-number literals that become decimal ones."""
    functions: Mapping[int, str]
    """Calls that become calls of another function."""
    wrapped: Mapping[int, str]
    """Calls whose one argument first goes through a function."""


def parts_of(node: TreeNode) -> tuple[TreeNode, ...]:
    """Return the nodes directly within a node, in the order of the text."""
    match node:
        case Field():
            return (node.of,)
        case Applied():
            return node.arguments
        case Listing():
            return node.items
        case Entries():
            return tuple(part for pair in zip(node.keys, node.values, strict=True) for part in pair)
        case Loop():
            return (node.over, *node.steps)
    return ()
