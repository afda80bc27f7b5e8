"""Derivations: numbers that a team works out of its facts by an expression, so that texts may state them."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from policies.conditions.condition import Fault, value_of
from policies.team.team import Team


def derived(team: Team, facts: Mapping[str, Any]) -> dict[str, float]:
    """Return what the team derives of these facts, by name; what cannot be worked out is left out.

    >>> from policies.conditions.condition import value_of
    >>> value_of("facts.revenue - facts.cost", {"revenue": 10, "cost": 4})
    6.0
    """
    return dict(_derived(team.derive, facts))


def _derived(derive: Mapping[str, str], facts: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, expression in derive.items():
        value = value_of(expression, facts)
        if not isinstance(value, Fault):
            yield name, value
