"""A look at a decision asks the sources of its own tenant, and takes it again for that one."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from graph.facts.settings import FactSettings
from graph.facts.source import Reading
from graph.fresh import LIMITED, asked_sources
from graph.settings import Settings
from tests.harness import run, team_of
from tests.hostile.command import Captured, accord
from tests.watch.stage import raw_team, watch, with_rate, write_facts

LIMITED_FACTS = [{"file": "facts.json", "tenants": ["acme"]}]


def decide_for(settings: Settings, tenant: str) -> None:
    write_facts()
    Path("team.yaml").write_text(json.dumps(raw_team(facts=LIMITED_FACTS)), encoding="utf-8")
    assert run(team_of(settings, "team.yaml"), settings, "t", tenant=tenant)["status"] == "ok"


@pytest.mark.slow
def test_a_decision_on_limited_facts_is_looked_at_and_taken_again_for_its_tenant(
    settings: Settings, capsys: Captured
) -> None:
    decide_for(settings, "acme")
    assert watch(capsys)[1]["verdict"] == "holds"
    write_facts(with_rate(0.5))
    assert watch(capsys, "t", "--reopen")[1]["reopened_as"] == "t.r1"
    again = json.loads(accord(capsys, "show", "t.r1", "--json").out)
    assert (again["tenant"], again["reopens"], again["status"]) == ("acme", "t", "ok")
    assert accord(capsys, "audit", "verify").code == 0


@pytest.mark.slow
def test_a_limited_thread_is_replayed_as_its_tenants_and_refreshed(settings: Settings, capsys: Captured) -> None:
    decide_for(settings, "acme")
    assert accord(capsys, "replay", "t").code == 0
    assert accord(capsys, "resume", "t", "--refresh").code == 0


@pytest.mark.parametrize("owner", [{}, {"tenant": "globex"}])
def test_no_source_is_asked_that_is_limited_to_others(owner: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "facts.json"
    file.write_text('{"rate": 1}', encoding="utf-8")
    sources = [{"file": str(file), "tenants": ["acme"]}]
    fetched = {"source": "facts.json", "kind": "file", "places": ["rate"], "digest": "0", "fetched_at": "2026-03-02"}
    entry = {"facts": {"rate": 2}, "provenance": [fetched], "sources": sources, "private": (), **owner}

    async def asked(**changes: Any) -> Any:
        return await asked_sources(Reading(FactSettings()))({**entry, **changes})

    fresh = asyncio.run(asked())
    assert (fresh.facts, fresh.cause) == (None, LIMITED)
    assert asyncio.run(asked(tenant="acme")).facts == {"rate": 1}
