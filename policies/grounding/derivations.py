"""Derivations: numbers that a team works out of its facts by an expression, so that texts may state them."""

from collections.abc import Mapping
from typing import Any

from policies.conditions.condition import Fault, value_of
from policies.plain import MAX_INTEGER
from policies.team.team import Team


def derived(team: Team, facts: Mapping[str, Any]) -> dict[str, float]:
    """Return what the team derives of these facts, by name; what cannot be worked out is left out.

    >>> derive = {"margin_usd": "facts.revenue - facts.cost", "per_order": "facts.revenue / facts.orders"}
    >>> derived(Team.model_construct(derive=derive), {"revenue": 10, "cost": 4, "orders": 0})
    {'margin_usd': 6}
    """
    found = {name: value_of(expression, facts) for name, expression in team.derive.items()}
    return {name: _as_written(value) for name, value in found.items() if not isinstance(value, Fault)}


def _as_written(value: float) -> float:
    """Return a whole number without decimals: JSON has one kind of number, and people write 6, not 6.0."""
    return int(value) if value.is_integer() and abs(value) <= MAX_INTEGER else value
