"""Limits on tenants: what a tenant may run, against an oracle that reads the raw team file alone."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from policies.access.limits import find_foreign
from policies.team.team import Team
from tests.hostile.command import Captured, accord
from tests.oracle.tenanting import TENANTS, any_team, limits_in, may_run
from tests.runs.stored import rows_of

SEEDS = range(300)


def parsed(raw: dict[str, Any]) -> Team:
    policy = {"name": "one", "rules": [{"when": "go >= 1", "then": "go"}]}

    def ruled(team: dict[str, Any]) -> dict[str, Any]:
        roles = {
            name: {**role, "team": ruled(role["team"])} if "team" in role else role
            for name, role in team["roles"].items()
        }
        return {**team, "policy": policy, "roles": roles}

    return Team.model_validate(ruled(raw), strict=False)


def part_named(raw: dict[str, Any], found: Any) -> dict[str, Any]:
    """The part of the file that is named as the first one to refuse."""
    for role in found.within:
        raw = raw["roles"][role]["team"]
    assert raw["name"] == found.team
    if found.kind == "role":
        return dict(raw["roles"][found.name])
    return next(each for each in raw["facts"] if f"`{each['name']}`" == found.name)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_tenant_may_run_what_no_part_keeps_from_it_and_else_such_a_part_is_named(seed: int) -> None:
    raw = any_team(random.Random(f"tenants {seed}"))
    for tenant in TENANTS:
        found = find_foreign(parsed(raw), tenant)
        assert (found is None) == may_run(raw, tenant)
        if found is not None:
            assert tenant not in part_named(raw, found)["tenants"]


def test_the_random_teams_are_limited_often_and_in_every_place() -> None:
    teams = [any_team(random.Random(f"tenants {seed}")) for seed in SEEDS]
    assert 50 < sum(bool([*limits_in(each)]) for each in teams) < 270
    assert any([*limits_in(each["facts"])] for each in teams)
    within = [role["team"] for each in teams for role in each["roles"].values() if "team" in role]
    assert sum(bool([*limits_in(each)]) for each in within) > 20


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_the_command_line_runs_a_team_for_whom_the_oracle_says_and_stores_nothing_for_others(
    seed: int, capsys: Captured, accord_home: Path
) -> None:
    rng = random.Random(f"tenants at the command line {seed}")
    raw = next(
        each for each in iter(lambda: any_team(rng), None) if 0 < sum(may_run(each, name) for name in TENANTS) < 4
    )
    Path("team.yaml").write_text(json.dumps(raw), encoding="utf-8")
    allowed = [tenant for tenant in TENANTS if may_run(raw, tenant)]
    for tenant in TENANTS:
        before = rows_of(accord_home)
        done = accord(capsys, "run", "team.yaml", "--tenant", tenant, "--thread", f"of-{tenant}", "--json")
        if tenant in allowed:
            assert json.loads(done.out).get("tenant", "local") == tenant
            continue
        assert done.code == 2
        assert f"is limited to tenants other than `{tenant}`" in done.err
        assert rows_of(accord_home) == before
    listed = json.loads(accord(capsys, "list", "--json").out)
    assert {each["thread_id"]: each.get("tenant", "local") for each in listed} == {
        f"of-{name}": name for name in allowed
    }
    assert accord(capsys, "audit", "verify").code == 0
