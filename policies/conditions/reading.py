"""Reading: what a condition reads and compares, taken from its syntax tree and never from its text.

Each function raises `ConditionError` where the condition does not compile.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import get_args

from policies.conditions.condition import Scope, compile_expression
from policies.conditions.operators import COMPARISONS, IN
from policies.conditions.places import EACH, Bound, Path, Read, each_within, inside, place_of_node, reads_of
from policies.conditions.tree import Applied, Constant, Listing, Name, TreeNode
from policies.decision.conflicts import ConflictName
from policies.decision.variables import VARIABLES
from policies.language import say
from policies.team.fields import STANCES

_CASTS = (*STANCES, "absent")
_CONFLICTS: tuple[str, ...] = get_args(ConflictName)


@dataclass(frozen=True, slots=True)
class Written:
    """A value that is written in a condition; null is None."""

    value: bool | int | float | str | bytes | None


Operand = Path | Written | None
"""One side of a comparison: a path into the facts, a literal, or None for anything else, such as arithmetic."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A comparison that a condition makes: `==`, `!=`, `<`, `<=`, `>` or `>=`, and its two sides."""

    operator: str
    left: Operand
    right: Operand


@lru_cache(maxsize=4_096)
def _all_reads(text: str, scope: Scope) -> tuple[Read, ...]:
    return tuple(dict.fromkeys(reads_of(compile_expression(text, scope).tree.root, {})))


@lru_cache(maxsize=4_096)
def reads_in(text: str, scope: Scope = "facts") -> tuple[Read, ...]:
    """Return the places in the facts (or an output) that a condition reads, in order of appearance.

    >>> [read.path for read in reads_in('facts["a"].b > 1 && has(facts.c)')]
    [('a', 'b'), ('c',)]
    """
    return tuple(Read(read.path[1:], read.use) for read in _all_reads(text, scope) if read.path[0] == scope)


def fact_paths(text: str) -> tuple[Path, ...]:
    """Return the paths into the facts that a condition reads, each once, in order of appearance.

    >>> fact_paths("facts.risk.rate >= facts.limits.rate")
    (('risk', 'rate'), ('limits', 'rate'))
    """
    return tuple(dict.fromkeys(read.path for read in reads_in(text)))


@dataclass(frozen=True, slots=True)
class Handled:
    """What a condition makes sure of before it uses it: the paths that it tests for, and those that may be null."""

    tested: tuple[Path, ...]
    null: tuple[Path, ...]


@lru_cache(maxsize=4_096)
def handled_in(text: str) -> Handled:
    """Return which paths into the facts a condition tests: `has(facts.a)`, `"a" in facts`, and `facts.a != null`.

    >>> handled_in('has(facts.a.b) && "c" in facts && facts.d != null')
    Handled(tested=(('a', 'b'), ('c',)), null=(('d',),))
    """
    there = [read.path for read in reads_in(text) if read.use == "test"]
    there += [path[1:] for node, bound in _nodes(text, "facts") for path in _keys_looked_for(node, bound)]
    sides = [(each.left, each.right) for each in comparisons_in(text)]
    null = [side for pair in sides if Written(None) in pair for side in pair if isinstance(side, tuple)]
    return Handled(tuple(dict.fromkeys(there)), tuple(null))


def _keys_looked_for(node: TreeNode, bound: Bound) -> Iterator[Path]:
    match node:
        case Applied(function=function, arguments=(Constant(value=str(key)), place)) if function == IN:
            found = place_of_node(place, bound)
            yield from () if found is None or found[0] != "facts" else [(*found, key)]


def output_fields(text: str) -> tuple[str, ...]:
    """Return the fields of an output that a check reads, in order of appearance.

    >>> output_fields("output.margin > 5.0 && output['text'] != 'output.nope'")
    ('margin', 'text')
    """
    firsts = (read.path[0] for read in reads_in(text, "output") if read.path)
    return tuple(dict.fromkeys(first for first in firsts if first != EACH))


@lru_cache(maxsize=4_096)
def comparisons_in(text: str, scope: Scope = "facts") -> tuple[Relation, ...]:
    """Return the comparisons of a condition in which a path into the facts (or an output) is a side of its own.

    >>> comparisons_in('facts.a.b > "3"')
    (Relation(operator='>', left=('a', 'b'), right=Written(value='3')),)
    """
    found = (_comparison(node, bound, scope) for node, bound in _nodes(text, scope))
    return tuple(each for each in found if each and (isinstance(each.left, tuple) or isinstance(each.right, tuple)))


def _nodes(text: str, scope: Scope) -> Iterator[tuple[TreeNode, Bound]]:
    return each_within(compile_expression(text, scope).tree.root, {})


def _comparison(node: TreeNode, bound: Bound, scope: Scope) -> Relation | None:
    match node:
        case Applied(function=function, arguments=(left, right)) if function in COMPARISONS:
            return Relation(function.strip("_"), _operand(left, bound, scope), _operand(right, bound, scope))
    return None


def _operand(node: TreeNode, bound: Bound, scope: Scope) -> Operand:
    if isinstance(node, Constant):
        return Written(node.value)
    place = place_of_node(node, bound)
    return place[1:] if place and place[0] == scope else None


# --- the vote ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4_096)
def variables_in(text: str) -> tuple[str, ...]:
    """Return the variables of a vote that a condition reads, in the order in which they are declared.

    >>> variables_in("go >= min_go_votes && caution == 0")
    ('go', 'caution', 'min_go_votes')
    """
    heads = {read.path[0] for read in _all_reads(text, "vote")}
    return tuple(name for name in VARIABLES if name in heads)


@lru_cache(maxsize=4_096)
def roles_in(text: str) -> tuple[str, ...] | None:
    """Return the roles whose stances a condition reads by name; None where it reads stances in another way.

    >>> roles_in('stances.risk == "block" && stances["legal"] != "go"')
    ('risk', 'legal')
    >>> roles_in("stances.all(role, stances[role] == 'go')") is None
    True
    """
    paths = [read.path[1:] for read in _all_reads(text, "vote") if read.path[0] == "stances"]
    named = tuple(path[0] for path in paths if path and path[0] != EACH)
    return tuple(dict.fromkeys(named)) if len(named) == len(paths) else None


def find_strange_word(text: str) -> str | None:
    """Return a sentence on the first word that no stance or no conflict can be and that one is compared with, or None.

    >>> find_strange_word('stances.risk == "blok"')
    "the condition compares a stance with 'blok'; allowed: go, caution, block, absent"
    """
    compared = [pair for node, bound in _nodes(text, "vote") for pair in _compared(node, bound)]
    for about, word in compared:
        if about == "stance" and word not in _CASTS:
            return say(
                "the condition compares a stance with {word}; allowed: {casts}",
                word=repr(word),
                casts=", ".join(_CASTS),
            )
        if about == "conflict" and word not in _CONFLICTS:
            return say(
                "the condition looks for the conflict {word}; allowed: {conflicts}",
                word=repr(word),
                conflicts=", ".join(_CONFLICTS),
            )
    return None


def _compared(node: TreeNode, bound: Bound) -> Iterator[tuple[str, str]]:
    """Yield what a stance or a conflict is compared with, as far as it is text that is written out."""
    match node:
        case Applied(function="_==_" | "_!=_", arguments=(left, right)):
            pairs = [(left, right), (right, left)]
        case Applied(function=function, arguments=(item, Listing(items=items))) if function == IN:
            pairs = [(item, each) for each in items]
        case Applied(function=function, arguments=(item, container)) if function == IN:
            pairs = [(container, item)]
        case _:
            pairs = []
    for subject, other in pairs:
        about = _subject(subject, bound)
        if about and isinstance(other, Constant) and isinstance(other.value, str):
            yield about, other.value


def _subject(node: TreeNode, bound: Bound) -> str | None:
    """Return whether a node is a role's stance or the round's conflicts; a variable over the stances is a role."""
    match place_of_node(node, bound), node:
        case ("stances", role), _:
            return None if role == EACH else "stance"
        case ("conflicts", *_), _:
            return "conflict"
        case None, Applied(function="_[_]", arguments=(stances, _)) if place_of_node(stances, bound) == ("stances",):
            return "stance"
    return None


# --- classes of a count -----------------------------------------------------------------------------------------------


@lru_cache(maxsize=4_096)
def constants_compared(text: str, variable: str) -> frozenset[int] | None:
    """Return the whole numbers that a condition over a vote compares a count with; None where it uses it otherwise.

    Between two neighbours of these numbers, the condition gives the same for every value of the count.

    >>> constants_compared("open_questions >= 4 || 2 > open_questions", "open_questions") == {2, 4}
    True
    >>> constants_compared("go > 1", "open_questions"), constants_compared("round > team", "round")
    (frozenset(), None)
    """
    found = frozenset(_uses(compile_expression(text, "vote").tree.root, {}, variable))
    return None if None in found else frozenset(each for each in found if each is not None)


def _uses(node: TreeNode, bound: Bound, variable: str) -> Iterator[int | None]:
    """Yield each number that the variable is compared with, and None for each other use of it."""
    if _is_variable(node, bound, variable):
        yield None
        return
    compared = _numbers_beside(node, bound, variable)
    if compared is not None:
        yield from compared
        return
    for part, inner in inside(node, bound):
        yield from _uses(part, inner, variable)


def _numbers_beside(node: TreeNode, bound: Bound, variable: str) -> list[int] | None:
    """Return the numbers in a comparison of the variable with whole-number literals alone, or None for another node."""
    match node:
        case Applied(function=function, arguments=(left, right)) if function in COMPARISONS:
            sides = [right] if _is_variable(left, bound, variable) else [left]
            is_compared = _is_variable(left, bound, variable) or _is_variable(right, bound, variable)
        case Applied(function=function, arguments=(left, Listing(items=items))) if function == IN:
            sides, is_compared = list(items), _is_variable(left, bound, variable)
        case _:
            return None
    numbers = [side.value for side in sides if isinstance(side, Constant) and type(side.value) is int]
    return numbers if is_compared and len(numbers) == len(sides) else None


def _is_variable(node: TreeNode, bound: Bound, variable: str) -> bool:
    return isinstance(node, Name) and place_of_node(node, bound) == (variable,)
