"""What the job is in plain values: roles, rounds, model, what closes a round. No import but the standard library's, so
that a contender in an environment without Accord can share it.
"""

from collections.abc import Awaitable, Callable
from typing import Any

ROLES = ("demand_analyst", "finance_analyst", "risk_analyst")
ROUNDS = 2
MODEL = "gpt-4.1-mini"
TEMPERATURE = 0.2
PROMPTS = "prompts.json"
"""The file in a contender's folder with its prompts, where it cannot make them itself."""

Run = Callable[[str], Awaitable[int]]
"""Does the job once, on the thread of that name, and returns how many positions were taken."""


def closed_round(number: int, contributions: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a round as the next one sees it: decided unless somebody blocks."""
    is_blocked = any(each["stance"] == "block" for each in contributions)
    return {
        "round": number,
        "contributions": contributions,
        "conflicts": [],
        "decision": None if is_blocked else "go",
    }
