"""Terms: the numbers in a condition that are in the facts, are written there, or are worked out of these."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from policies.conditions.kinds import NumberKinds
from policies.conditions.operators import INDEX
from policies.conditions.places import Place, shown_place
from policies.conditions.tree import Applied, Constant, Field, Name, TreeNode

LARGEST = float.fromhex("0x1.fffffffffffffp+1023")
"""The largest number that a float can be."""

_WORKED_OUT: Mapping[str, Callable[[float, float], float]] = {
    "_+_": operator.add,
    "_-_": operator.sub,
    "_*_": operator.mul,
    "_/_": operator.truediv,
}


@dataclass(frozen=True, slots=True)
class Term:
    """A number, how it is written in the condition, and whether facts are read for it."""

    text: str
    value: int | float
    is_read: bool = True


def term_of(node: TreeNode, kinds: NumberKinds, facts: Mapping[str, Any]) -> Term | None:
    """Return the number that a part of a condition is on some facts; None where it is none, or is not worked out here.

    >>> from policies.conditions.condition import compile_expression
    >>> tree = compile_expression("facts.a + double(size(facts.l[0])) * 2.0").tree
    >>> term_of(tree.root, NumberKinds(tree), {"a": 1, "l": ["abc"]})
    Term(text='a + (double(size(l[0])) * 2.0)', value=7.0, is_read=True)
    """
    match node:
        case Constant(value=int() | float() as value) if not isinstance(value, bool):
            return Term(repr(value), value, is_read=False)
        case Applied(function="-_", arguments=(inner,)):
            found = term_of(inner, kinds, facts)
            return found and Term(f"-{_within(found)}", -found.value, found.is_read)
        case Applied(function="double", arguments=(inner,)):
            found = term_of(inner, kinds, facts)
            return found and Term(f"double({found.text})", float(found.value), found.is_read)
        case Applied(function="size", arguments=(inner,)):
            return _counted(_place_of(inner), facts)
        case Applied(function=sign, arguments=(left, right)) if sign in _WORKED_OUT:
            # Between whole numbers, a division drops the rest.
            may_divide = sign != "_/_" or kinds.of(node) == {"decimal"}
            return _joined(sign, term_of(left, kinds, facts), term_of(right, kinds, facts)) if may_divide else None
    return _read(_place_of(node), facts)


def _joined(sign: str, left: Term | None, right: Term | None) -> Term | None:
    if left is None or right is None:
        return None
    try:
        value = _WORKED_OUT[sign](left.value, right.value)
    except ZeroDivisionError:
        return None
    text = f"{_within(left)} {sign.strip('_')} {_within(right)}"
    return Term(text, value, left.is_read or right.is_read) if abs(value) <= LARGEST else None


def _within(term: Term) -> str:
    return f"({term.text})" if " " in term.text else term.text


def _counted(place: Place | None, facts: Mapping[str, Any]) -> Term | None:
    value = None if place is None else _found(place, facts)
    return Term(f"size({shown_place(place or ())})", len(value)) if isinstance(value, str | list | Mapping) else None


def _read(place: Place | None, facts: Mapping[str, Any]) -> Term | None:
    value = None if place is None else _found(place, facts)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Term(shown_place(place or ()), value)


def _place_of(node: TreeNode) -> Place | None:
    """Return the keys and the numbers of items that lead from the facts to one place."""
    match node:
        case Name(name="facts" | ".facts"):
            return ()
        case Field(of=inner, name=key, is_tested=False):
            place = _place_of(inner)
        case Applied(function=function, arguments=(inner, Constant(value=str() | int() as key))) if function == INDEX:
            place = _place_of(inner)
        case _:
            return None
    return None if place is None else (*place, key)


def _found(place: Place, facts: Mapping[str, Any]) -> Any:
    """Return what is at a place; None where nothing is."""
    value: Any = facts
    for key in place:
        match key, value:
            case str(), Mapping():
                value = value.get(key)
            case int(), list():
                value = value[key] if 0 <= key < len(value) else None
            case _:
                return None
    return value
