"""Facts in the team file itself."""

from typing import Any

from graph.facts.source import FactSource


def facts_in_team(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts that the team file holds."""
    return facts


SOURCE = FactSource(field="facts", holds=dict, load=facts_in_team, called=lambda _: "team", is_at_hand=True)
