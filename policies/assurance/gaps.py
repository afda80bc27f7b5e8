"""Gaps: how far two numbers are from each other, in decimal arithmetic, and the numbers that conditions compare."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from policies.conditions.operators import ORDERS
from policies.conditions.places import EACH, Path
from policies.conditions.sides import Side, Sides, TooManyRoundsError, sides_on
from policies.decision.guards import COMPARISONS, Comparison

_EXACT = Context(prec=1_200)
"""Digits enough for the difference of any two floats."""

_NAMES: Mapping[str, Comparison] = {"<": "below", "<=": "at_most", ">": "above", ">=": "at_least"}
"""What guards call the orders of conditions."""

_TURNED: Mapping[str, str] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""What an order is called that is read from its other side."""


@dataclass(frozen=True, slots=True)
class Inequality:
    """Two numbers that a condition compares: the fact, how it is compared, and the limit, which may be a fact, too."""

    fact: Path
    comparison: Comparison
    value: int | float
    limit: int | float
    limit_path: Path | None

    @property
    def gap(self) -> Decimal:
        """How far the two are from each other; never below 0."""
        return abs(gap_between(self.value, self.limit))

    @property
    def holds(self) -> bool:
        """Whether the comparison is true."""
        return bool(COMPARISONS[self.comparison].trips(self.value, self.limit))

    @property
    def name(self) -> tuple[Any, ...]:
        """What tells this comparison from others, whatever the facts are."""
        return self.fact, self.comparison, self.limit_path, None if self.limit_path else repr(self.limit)


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


def orders_on(when: str, facts: Mapping[str, Any]) -> list[Inequality]:
    """Return the orders of numbers in a condition of which one side is a fact, and the other a fact or written there.

    What is compared item by item, or is worked out first, has no place in the facts, and is left out.

    >>> [(each.value, each.comparison, each.limit) for each in orders_on("facts.a > 5 || 3 > facts.b", {"a": 4})]
    [(4, 'above', 5)]
    """
    try:
        sides = [*sides_on(when, facts)]
    except TooManyRoundsError:
        return []
    return [found for each in sides if f"_{each.operator}_" in ORDERS and (found := _order(each))]


def _order(sides: Sides) -> Inequality | None:
    fact, limit, order = sides.left, sides.right, sides.operator
    if fact.path is None:
        fact, limit, order = limit, fact, _TURNED[order]
    is_measured = _is_at_a_place(fact) and (limit.is_written or _is_at_a_place(limit))
    if not (is_measured and _is_number(fact.value) and _is_number(limit.value)):
        return None
    return Inequality(fact.path or (), _NAMES[order], fact.value, limit.value, limit.path)


def _is_at_a_place(side: Side) -> bool:
    return side.path is not None and EACH not in side.path


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
