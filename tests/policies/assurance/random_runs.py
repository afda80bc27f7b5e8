"""Random tables in which roles join, streaks count, rounds end and questions stay open, and teams to run them on."""

import random
from dataclasses import replace
from typing import Any

from policies.assurance.electorate import Electorate
from policies.decision.table import OUTCOMES, Policy
from tests.policies.assurance.enumeration import policy

SEQUENCE = ("risk", "sales", "ops")
JOINING = ("legal", "audit")
QUESTIONS = tuple(range(8))
"""Every number of open questions that is tried one by one; no row compares with a larger one than the last but one."""

ATOMS = (
    *("go >= {k}", "block >= {k}", "block == 1", "caution == 0", "go + caution > {k}", "2 * go > team", "absent > 0"),
    *("team == {k}", "block_streak >= {k}", "block_streak == {k}", "round == {k}", "round >= 2", "vetoes >= 1"),
    *("rounds_left > {few}", "rounds_left == {few}", "open_questions >= {asked}", "open_questions == {asked}"),
    *("weighted_go > {k}", 'stances.{role} == "block"', '"legal" in stances', "6 / go > {k}"),
)


def random_run(seed: object) -> tuple[Policy, Electorate]:
    """A policy, and a team of one to three roles that one or two may join."""
    rng = random.Random(f"run {seed}")
    size = rng.randint(1, 2 if rng.random() < 0.6 else 3)
    roles, atoms = SEQUENCE[:size], rng.sample(ATOMS, rng.randint(3, 8))
    lets_go = random.Random(f"releases {seed}")
    rows = [_releasing(lets_go, _row(rng, atoms, roles), roles) for _ in range(rng.randint(1, 4))]
    absent = rng.choice(["stop", "count"]) if size < 3 else "stop"
    ends = rng.choice(["stop", "stop", "escalate", "no_go"])
    rules = policy(*rows, otherwise=rng.choice([*OUTCOMES, None]), when_rounds_end=ends, on_absent=absent)
    joining = tuple(role for role in JOINING if role in rules.joining and rng.random() < 0.8)[: 4 - size]
    weights = {role: rng.randint(1, 3) for role in roles + joining if rng.random() < 0.4}
    vetoers = frozenset(role for role in roles + joining if rng.random() < 0.3)
    limits = (rng.randint(1, size), rng.randint(1, 3), rng.choice([100, 6, 12]))
    return rules, Electorate(roles, *limits, weights, vetoers, joining, rng.randint(0, 2))


def _row(rng: random.Random, atoms: list[str], roles: tuple[str, ...]) -> dict[str, Any]:
    numbers = {"k": rng.randint(0, 3), "few": rng.randint(0, 2), "asked": rng.choice([0, 1, 2, 5])}
    parts = [rng.choice(atoms).format(role=rng.choice(roles), **numbers) for _ in range(rng.randint(1, 2))]
    signed = [f"!({part})" if rng.random() < 0.2 else part for part in parts]
    then = rng.choice([*OUTCOMES, "next_round", "next_round"])
    calls = {"convene": rng.choice(JOINING)} if then == "next_round" and rng.random() < 0.5 else {}
    return {"when": rng.choice([" && ", " || "]).join(signed), "then": then, **calls}


def _releasing(rng: random.Random, row: dict[str, Any], roles: tuple[str, ...]) -> dict[str, Any]:
    """The row, which may let a role go where it opens another round and reads no stances."""
    if row["then"] != "next_round" or "stances" in row["when"] or rng.random() < 0.5:
        return row
    return {**row, "release": rng.choice([role for role in (*roles, *JOINING) if role != row.get("convene")])}


def random_pair(seed: object) -> tuple[Policy, Policy, Electorate, Electorate]:
    """Two policies that differ in one respect or two, and the teams they are compared on."""
    rng = random.Random(f"pair {seed}")
    first, team = random_run(seed)
    team = replace(team, roles=team.roles[:2])
    second = _changed(rng, first)
    joins = tuple(role for role in JOINING[::-1] if role in second.joining)
    other = replace(team, joining=tuple(role for role in joins if role in team.joining or rng.random() < 0.5))
    if rng.random() < 0.3:
        other = replace(other, max_rounds=rng.randint(1, 3))
    if rng.random() < 0.2:
        other = replace(other, roles=team.roles[::-1], vetoers=frozenset(team.roles[:1]), min_go_votes=1)
    return first, second, team, other


def _changed(rng: random.Random, rules: Policy) -> Policy:
    told = rules.model_dump()
    called = [rng.choice([None, *JOINING]) if row.then == "next_round" else None for row in rules.rules]
    changes: list[dict[str, Any]] = [
        {"otherwise": rng.choice([*OUTCOMES, None])},
        {"when_rounds_end": rng.choice(["stop", "escalate", "no_go"])},
        {"on_absent": rng.choice(["stop", "count"])},
        {"rules": [{**row, "convene": role, "release": None} for row, role in zip(told["rules"], called, strict=True)]},
        {"rules": [{**row, "release": None} for row in told["rules"]]},
        {"rules": told["rules"][:1] + told["rules"][2:]},
        {"rules": [*told["rules"], {"when": f"open_questions >= {rng.choice([1, 4])}", "then": "no_go"}]},
        {},
    ]
    return Policy.model_validate(told | rng.choice(changes))
