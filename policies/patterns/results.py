"""Results: what the patterns share in how they gather what was said."""

from collections.abc import Iterable, Mapping
from typing import Any

from policies.language import say
from policies.patterns.stages import Tolerance
from policies.team.team import Team


def side_by_side(results: Iterable[Mapping[str, Any]]) -> str:
    """Return the texts of the results one below the other, each under its agent.

    >>> side_by_side([{"agent": "ops", "text": "Ready."}])
    'ops: Ready.'
    """
    return "\n\n".join(say("{agent}: {text}", agent=result["agent"], text=result["text"]) for result in results)


def tolerance_of(team: Team, counted: Tolerance = "some") -> Tolerance:
    """Return how many roles that are asked the same may fail: none, or as many where the policy counts absent ones."""
    return counted if team.policy.on_absent == "count" else "none"


def people(team: Team, roles: Iterable[str]) -> dict[str, str]:
    """Return whom a lead can choose from: each role's title and what it is for."""
    return {name: f"{team.roles[name].title}: {team.roles[name].mandate}" for name in roles}
