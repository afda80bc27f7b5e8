"""Gaps: how far two numbers are from each other, in decimal arithmetic, and the numbers that conditions compare."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from policies.assurance.terms import Term, term_of
from policies.conditions.condition import compile_expression
from policies.conditions.kinds import NumberKinds
from policies.conditions.operators import CHOICE, ORDERS
from policies.conditions.tree import Applied, Loop, TreeNode, parts_of
from policies.decision.guards import COMPARISONS, Comparison

_EXACT = Context(prec=1_200)
"""Digits enough for the difference of any two floats."""

_NAMES: Mapping[str, Comparison] = {"_<_": "below", "_<=_": "at_most", "_>_": "above", "_>=_": "at_least"}
"""What guards call the orders of conditions."""

_TURNED: Mapping[str, str] = {"_<_": "_>_", "_<=_": "_>=_", "_>_": "_<_", "_>=_": "_<=_"}
"""What an order is called that is read from its other side."""


@dataclass(frozen=True, slots=True)
class Inequality:
    """Two numbers that a condition compares: one of the facts, how it is compared, and the limit, which may be, too.

    `pulls` is the answer of the condition that its being true makes for; None where that depends.
    """

    fact: Term
    comparison: Comparison
    limit: Term
    pulls: bool | None = True

    @property
    def gap(self) -> Decimal:
        """How far the fact is from where the comparison becomes true; below 0 where it is true already."""
        high, low = self.limit.value, self.fact.value
        return gap_between(high, low) if COMPARISONS[self.comparison].side == "upper" else gap_between(low, high)

    @property
    def holds(self) -> bool:
        """Whether the comparison is true."""
        return bool(COMPARISONS[self.comparison].trips(self.fact.value, self.limit.value))

    @property
    def name(self) -> tuple[Any, ...]:
        """What tells this comparison from others, whatever the facts are."""
        return self.fact.text, self.comparison, self.limit.text, self.pulls

    def bears(self, answer: bool | None) -> bool:
        """Return whether the answer of the condition rests on this comparison: turned over, it could turn the answer.

        Where the condition has no answer (None), any comparison might.

        >>> five, hundred = inequalities_on("facts.a >= 5 || facts.a >= 100", {"a": 10})
        >>> five.bears(True), hundred.bears(True)
        (True, False)
        """
        return answer is None or self.pulls is None or (self.holds == self.pulls) == answer


def gap_between(high: float, low: float) -> Decimal:
    """Return the exact difference of two numbers as they are written.

    >>> gap_between(0.03, 0.026)
    Decimal('0.004')
    """
    return _EXACT.subtract(Decimal(repr(high)), Decimal(repr(low)))


def number_of(gap: Decimal, *between: float) -> float | None:
    """Return the gap between two numbers as a number, whole between whole ones; None where no float can hold it.

    >>> number_of(gap_between(0.03, 0.026), 0.03, 0.026), number_of(gap_between(5, 3), 5, 3)
    (0.004, 2)
    """
    if all(isinstance(each, int) for each in between):
        return int(gap)
    number = float(gap) + 0.0  # no negative zero
    return number if math.isfinite(number) else None


def inequalities_on(when: str, facts: Mapping[str, Any]) -> list[Inequality]:
    """Return the orders of two numbers in a condition of which one is in the facts or is worked out of these.

    What is compared item by item, in a macro, is left out, and so is what has no number on these facts.

    >>> found = inequalities_on("facts.a + 1 > 5 || 3 > facts.l[0]", {"a": 4, "l": [2]})
    >>> [(each.fact.text, each.fact.value, each.comparison, each.limit.value) for each in found]
    [('a + 1', 5, 'above', 5), ('l[0]', 2, 'below', 3)]
    """
    tree = compile_expression(when).tree
    kinds = NumberKinds(tree)
    found = (_inequality(node, pulls, kinds, facts) for node, pulls in _orders(tree.root, True))
    return [each for each in found if each]


def _orders(node: TreeNode, pulls: bool | None) -> Iterator[tuple[Applied, bool | None]]:
    """Yield each order within a node, and the answer of the condition that its being true makes for."""
    match node:
        case Loop():
            return
        case Applied(function=function) if function in ORDERS:
            yield node, pulls
            return
        case Applied(function="!_"):
            inner = [None if pulls is None else not pulls]
        case Applied(function=function) if function in ("_&&_", "_||_"):
            inner = [pulls] * len(node.arguments)
        case Applied(function=function) if function == CHOICE:
            inner = [None, pulls, pulls]
        case _:
            inner = [None] * len(parts_of(node))
    for part, each in zip(parts_of(node), inner, strict=True):
        yield from _orders(part, each)


def _inequality(node: Applied, pulls: bool | None, kinds: NumberKinds, facts: Mapping[str, Any]) -> Inequality | None:
    order, (fact, limit) = node.function, (term_of(each, kinds, facts) for each in node.arguments)
    if fact is None or limit is None or not (fact.is_read or limit.is_read):
        return None
    if not fact.is_read:
        fact, limit, order = limit, fact, _TURNED[order]
    return Inequality(fact, _NAMES[order], limit, pulls)
