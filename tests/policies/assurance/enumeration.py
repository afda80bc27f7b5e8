"""Every vote one by one, and random policies: what the tests hold the proof, the flips and the powers against.

Nothing in here counts kinds of votes: votes are spelled out role by role.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from policies.assurance.electorate import Electorate
from policies.decision.table import OUTCOMES, Policy
from policies.decision.vote import Cast, Vote
from policies.team.fields import STANCES

ROLES = ("risk", "legal", "sales", "design", "finance", "demand")
CASTS: tuple[Cast, ...] = (*STANCES, "absent")

COUNTED = (
    *("go >= {k}", "block >= {k}", "block == 1", "caution == 0", "go + caution > {k}", "2 * go > team", "absent > 0"),
    *("go >= min_go_votes", "team == {k}", "2 * (go + caution) > team", "caution > {k}"),
)
WEIGHED = ("weighted_go > {k}", "2 * weighted_block >= weighted_go + weighted_caution", "weighted_caution == {k}")
NAMED = ('stances.{role} == "block"', 'stances.{role} != "go"', 'stances["{role}"] == "caution"')
TIMED = ("block_streak >= {k}", "round == {k}", "rounds_left > 0", "round >= 2")
OTHER = (
    "vetoes >= 1",
    '"high_divergence" in conflicts',
    "size(conflicts) == 0",
    'stances.exists(r, stances[r] == "go")',
)
FAULTY = ("6 / go > {k}", "6 % absent == 0")
FAMILIES = (COUNTED, COUNTED, WEIGHED, NAMED, TIMED, OTHER)


def policy(*rules: tuple[str, str] | dict[str, Any], **fields: Any) -> Policy:
    """A policy of rows, each as (when, then)."""
    rows = [{"when": row[0], "then": row[1]} if isinstance(row, tuple) else row for row in rules]
    return Policy.model_validate({"name": "x", "rules": rows, **fields})


def random_policy(rng: random.Random, roles: Sequence[str], may_fault: bool = True) -> Policy:
    families = rng.sample(FAMILIES, rng.randint(1, 3))
    atoms = [atom for family in families for atom in family] + ([*FAULTY] if may_fault and rng.random() < 0.2 else [])
    rows = [(_condition(rng, atoms, roles), rng.choice(OUTCOMES)) for _ in range(rng.randint(1, 4))]
    otherwise = rng.choice(OUTCOMES) if not may_fault or rng.random() < 0.85 else None
    ends = rng.choice(["stop", "stop", "escalate", "no_go"])
    return policy(*rows, otherwise=otherwise, when_rounds_end=ends, on_absent=rng.choice(["stop", "count"]))


def _condition(rng: random.Random, atoms: Sequence[str], roles: Sequence[str]) -> str:
    parts = [rng.choice(atoms).format(k=rng.randint(0, 3), role=rng.choice(roles)) for _ in range(rng.randint(1, 2))]
    signed = [f"!({part})" if rng.random() < 0.2 else part for part in parts]
    return rng.choice([" && ", " || "]).join(signed)


def random_team(rng: random.Random, most: int) -> Electorate:
    roles = ROLES[: rng.randint(1, most)]
    weights = {role: rng.randint(1, 3) for role in roles if rng.random() < 0.5}
    vetoers = frozenset(role for role in roles if rng.random() < 0.3)
    return Electorate(roles, rng.randint(1, len(roles)), rng.randint(1, 3), 100, weights, vetoers)


def vote_of(team: Electorate, casts: Sequence[Cast], number: int = 1, blocked: int = 0) -> Vote:
    """The vote of a team, its roles in order."""
    seats = dict(zip(team.roles, casts, strict=True))
    limits = (team.min_go_votes, number, team.max_rounds, blocked)
    return Vote(seats, *limits, weights=team.weights, vetoers=team.vetoers)


def everything(policy: Policy, team: Electorate) -> Iterator[tuple[Cast, ...]]:
    """Every vote, each role told apart."""
    yield from product(CASTS if policy.on_absent == "count" else STANCES, repeat=len(team.roles))
