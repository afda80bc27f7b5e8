"""Policies for tests: the shipped ones, as their files have them and as values."""

from copy import deepcopy
from typing import Any

from graph.documents import read_document
from graph.teams.policies import load_policy, shipped_policies
from policies.decision.table import Policy


def raw_policy(name: str = "launch") -> dict[str, Any]:
    """Return a shipped policy as its file has it, to be put in a raw team or changed."""
    raw = deepcopy(read_document(shipped_policies()[name]).value)
    assert isinstance(raw, dict)
    return raw


def table(*rows: tuple[str, str], otherwise: str | None = "next_round", **more: Any) -> Policy:
    """Return a policy of these rows, each (when, then)."""
    rules = [{"when": when, "then": then} for when, then in rows]
    return Policy.model_validate({"name": "made_up", "rules": rules, "otherwise": otherwise, **more})


CLASSIC = load_policy("classic")
LAUNCH = load_policy("launch")
