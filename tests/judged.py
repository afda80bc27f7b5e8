"""What the oracle draws, as the code has it: policies, teams, guards, places and team files."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from policies.assurance.electorate import Electorate
from policies.assurance.electorate import Place as Seen
from policies.decision.guards import Guard
from policies.decision.table import Policy
from policies.team.rules import parse_policy
from tests.oracle.drawing import BENCH
from tests.oracle.guarding import Limit
from tests.oracle.tables import Place, Table, Team, Told


def policy_of(table: Table) -> Policy:
    """Return the policy of a table, read from its file."""
    policy = parse_policy(table.as_file())
    assert isinstance(policy, Policy), policy
    return policy


def electorate_of(team: Team) -> Electorate:
    """Return who votes."""
    return Electorate(
        team.sequence, team.min_go_votes, team.max_rounds, team.max_messages, dict(team.weights), team.vetoers,
        team.bench, team.max_repairs,
    )  # fmt: skip


def guards_of(guards: Iterable[Limit]) -> tuple[Guard, ...]:
    """Return the guards, read from their file."""
    return tuple(Guard.model_validate(guard.as_file()) for guard in guards)


def place_of(seen: Seen) -> Place:
    """Return a place as the oracle has it."""
    return Place(seen.round, seen.rounds_blocked, frozenset(seen.joined), seen.max_rounds, frozenset(seen.released))


def told_of(seen: Seen) -> Told:
    """Return what is told beside the votes of a place."""
    sure = 1.0 if seen.confidence is None else seen.confidence
    return Told(seen.marks.open_questions, sure, seen.marks.ungrounded, seen.marks.moved)


FACTS = {"rate": 2, "more": {"a": 1, "b": 2}}


def team_file(table: Table, team: Team, caps: Sequence[str], accepted: Sequence[str] = ()) -> str:
    """Return the team as a file (JSON is YAML), with a guard for each cap, which its facts trip."""
    seat = {"title": "T", "mandate": "Judge.", "otherwise": {"stance": "go", "summary": "Fine.", "actions": ["Go on."]}}
    weights = dict(team.weights)
    accept: list[dict[str, Any]] = [{"property": name, "because": "This is a test."} for name in accepted]
    return json.dumps({
        "name": "drawn", "title": "Drawn", "goal": "Decide.", "facts": FACTS, "sequence": list(team.sequence),
        "policy": {**table.as_file(), "accept": accept}, "max_repairs": team.max_repairs,
        "ground": "ungrounded" in table.reads,
        "guards": [{"name": f"at most {cap}", "fact": "rate", "above": 1, "cap": cap} for cap in caps],
        "budget": {
            "max_rounds": team.max_rounds, "max_messages": team.max_messages, "min_go_votes": team.min_go_votes,
        },
        "roles": {role: {**seat, "enabled": False} for role in (*BENCH, "nobody")} | {
            role: {**seat, "weight": weights.get(role, 1), "veto": role in team.vetoers}
            for role in team.sequence + team.bench
        },
    })  # fmt: skip
