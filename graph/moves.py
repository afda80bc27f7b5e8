"""Moves: what of a thread's team, policy, facts or goal is not as it was when the thread was started."""

from collections.abc import Mapping
from typing import Any

from graph.past import Past
from nodes.fingerprint import Pin, fingerprints, hashed, rules_of
from policies.run.resumption import Resumption, resumption_of
from policies.run.staleness import changes_in_words, find_moved
from policies.team.team import Budget, Team, pinned


def find_move(past: Past, team: Team, limits: Budget, inputs: Mapping[str, Any]) -> str | None:
    """Return the first field that a thread is to continue with and was not started with; None where none moved."""
    given = fingerprints(Pin.of(team), limits, inputs.get("goal") or past.case["goal"], inputs.get("facts"))
    return find_moved(past.case["hashes"], given)


def way_on(past: Past, limits: Budget, moved: str | None, inputs: Mapping[str, Any]) -> Resumption:
    """Return what it means to continue a thread under these limits with these inputs, of which this field moved."""
    brings = inputs.get("facts") is not None or bool(inputs.get("refresh"))
    gives, waits = limits != past.budget or (not past.has_facts and brings), bool(past.waiting)
    raises = gives if waits else limits != past.budget
    return resumption_of(past.stop_reason, moved, bool(inputs.get("accept_changes")), raises, waits)


def move_in_words(moved: str | None, past: Past, team: Team, limits: Budget, inputs: Mapping[str, Any]) -> str | None:
    """Return what of a field moved, in words; None where no field did."""
    kept, given = past.team, pinned(team)
    sides: dict[str, tuple[Any, Any]] = {
        "team": (hashed(kept), hashed(given)),
        "policy": (rules_of(kept, past.budget), rules_of(given, limits)),
        "facts": (past.case["facts"], inputs.get("facts")),
        "goal": (past.case["goal"], inputs.get("goal") or past.case["goal"]),
    }
    return changes_in_words(*sides[moved]) if moved is not None else None
