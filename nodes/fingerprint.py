"""Fingerprints: SHA-256 over RFC 8785 canonical JSON of what a thread is pinned to."""

import hashlib
from typing import Any

import rfc8785

from policies.team import Budget, Team


def fingerprint(value: Any) -> str:
    """Return the SHA-256 of a plain value in hexadecimal."""
    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def fingerprints(team: Team, limits: Budget, goal: str, facts: dict[str, Any] | None) -> dict[str, str | None]:
    """Return the hashes of team, policy, facts and goal; null for facts that are not there yet.

    `team` covers roles, mandates, voices and the sequence; `policy` the rule and `min_go_votes`; budgets are in none.
    """
    plain = team.model_dump(mode="json", include={"roles", "sequence", "brief"})
    policy = {"policy": team.policy, "min_go_votes": limits.min_go_votes}
    return {
        "team": fingerprint({"name": team.name, **plain}),
        "policy": fingerprint(policy),
        "facts": None if facts is None else fingerprint(facts),
        "goal": fingerprint(goal),
    }
