"""Who may run which team, worked out from the raw values of a team file alone: any part may name its tenants."""

import random
from collections.abc import Iterator
from typing import Any

TENANTS = ("acme", "globex", "initech", "local")

Plain = dict[str, Any]


def limits_in(part: Any) -> Iterator[list[str]]:
    """Every list of tenants in a team file, wherever it is."""
    if isinstance(part, dict):
        if isinstance(part.get("tenants"), list):
            yield part["tenants"]
        for each in part.values():
            yield from limits_in(each)
    elif isinstance(part, list):
        for each in part:
            yield from limits_in(each)


def may_run(team: Plain, tenant: str) -> bool:
    return all(tenant in limit for limit in limits_in(team))


def any_team(rng: random.Random, depth: int = 0) -> Plain:
    """A team of checks on one fact, with teams within, each part of it limited now and then."""
    roles = {f"r{number}": _role(rng, depth) for number in range(rng.randint(1, 3))}
    limits = rng.random() < 0.4 and depth == 0
    facts = [{"inline": {"rate": 1}, "name": "first"}, {"inline": {"other": 2}, "name": "second"}]
    return {
        "name": f"team_{depth}_{rng.randrange(10**6)}",
        "title": "T",
        "goal": "Shall we?",
        "policy": "classic",
        "pattern": "parallel",
        "sequence": [*roles],
        "roles": roles,
        **({} if depth else {"facts": [_limited(rng, each, 0.25) if limits else each for each in facts]}),
    }


def _role(rng: random.Random, depth: int) -> Plain:
    position = {"stance": "go", "summary": "All is well.", "actions": ["Watch."]}
    plain: Plain = {"title": "Analyst", "mandate": "Judge."}
    if depth < 2 and rng.random() < 0.3:
        plain["team"] = any_team(rng, depth + 1)
    else:
        plain |= {"checks": [{"when": "facts.rate > 5", **position}], "otherwise": position}
    return _limited(rng, plain, 0.2)


def _limited(rng: random.Random, part: Plain, share: float) -> Plain:
    some = rng.sample(TENANTS, rng.randint(1, 3))
    return {**part, "tenants": some} if rng.random() < share else part
