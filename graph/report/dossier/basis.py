"""The basis of an explanation: what the last finished round was decided on, as the thread keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graph.past import Past
from nodes.events import standing_outcomes, vote_from
from policies.assurance.audit import Event
from policies.decision.guards import Guard
from policies.decision.table import Policy
from policies.decision.vote import Vote


@dataclass(frozen=True, slots=True)
class Basis:
    """What the last finished round was decided on, and the event of its outcome."""

    policy: Policy
    vote: Vote
    guards: tuple[Guard, ...]
    facts: Mapping[str, Any]
    event: Event


def basis_of(past: Past) -> Basis:
    """Return what the last finished round was decided on, as the thread keeps it."""
    team, last = past.team, standing_outcomes(past.state)[-1]
    if past.pattern.is_ballot:
        last = {**last, "round": last["max_rounds"]}  # it is placed by its stage, and was decided as the only round
    entry = {
        "weights": {name: role["weight"] for name, role in past.roles.items()},
        "vetoers": [name for name, role in past.roles.items() if role["veto"]],
    }
    policy = Policy.model_validate(team["policy"])
    guards = tuple(Guard.model_validate(guard) for guard in team["guards"])
    return Basis(past.pattern.ruling(policy), vote_from(last, entry), guards, past.facts, last)
