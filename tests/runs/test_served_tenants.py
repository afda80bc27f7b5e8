"""A graph that a server runs takes its thread's tenant from who is known to call, and from nothing else."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from graph.build import RECURSION_LIMIT, build_graph
from graph.opening import open_runner
from graph.settings import Settings
from graph.store.index import note_served
from nodes.services import InputRefusedError, Services
from policies.team.team import Team
from tests.harness import ScriptedVoice, load_facts, proposal, settings_at, team_of
from tests.runs.stored import entry_of

LIMIT = {"recursion_limit": RECURSION_LIMIT}


class User:
    """A caller as the server hands one to a graph."""

    def __init__(self, identity: str) -> None:
        self.identity, self.is_authenticated, self.display_name = identity, True, identity
        self.permissions: list[str] = []

    def __getitem__(self, key: str) -> Any:
        return getattr(self, key)

    def __contains__(self, key: object) -> bool:
        return hasattr(self, str(key))


def served(
    settings: Settings, team: Team, identity: str | None, given: dict[str, Any] | None = None, **configurable: Any
) -> dict[str, Any]:
    """Run the team's graph as a server does, without the runner, and return the state."""

    async def main() -> dict[str, Any]:
        async with open_runner(settings) as runner:
            database = runner.database
            voices = {"rules": ScriptedVoice(lambda asked: proposal(asked.name))}
            services = Services(voices, load_facts, note_thread=note_served)
            graph = build_graph(team, services).compile(checkpointer=database.saver, store=database.store)
            caller = {"langgraph_auth_user": User(identity)} if identity else {}
            config: Any = {"configurable": {"thread_id": "t", **configurable, **caller}, **LIMIT}
            async with database.fences.hold("t"):
                await graph.ainvoke(given or {}, config, durability="sync")
            return dict(await runner.threads.state("t") or {})

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("identity", "tenant"), [("acme/ada", "acme"), ("local", None), ("local/ada", None), (None, None)]
)
def test_the_tenant_is_that_of_the_caller(identity: str | None, tenant: str | None, tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    state = served(settings, team_of(settings, voice="rules"), identity)
    assert [state["case"].get("tenant"), state["events"][0].get("tenant")] == [tenant, tenant]
    assert entry_of(tmp_path, "t").get("tenant") == tenant


def test_no_caller_takes_a_thread_over_and_none_names_a_tenant_itself(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    team = team_of(settings, "checkout_launch", "budget.max_messages=2", voice="rules")
    served(settings, team, "acme/ada", tenant="globex", user_id="globex/eve")
    state = served(settings, team, "globex/eve", {"budget": {"max_messages": 12}}, tenant="globex")
    assert (state["stop_reason"], state["case"]["tenant"], entry_of(tmp_path, "t")["tenant"]) == (
        *("success", "acme"),
        "acme",
    )


def test_a_limited_team_is_refused_where_the_graph_admits_it(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    team = team_of(settings, "checkout_launch", f"roles.risk_analyst.tenants={json.dumps(['acme'])}", voice="rules")
    with pytest.raises(InputRefusedError, match="limited to tenants other than `globex`; run another team"):
        served(settings, team, "globex/eve")
    assert served(settings_at(tmp_path / "anew"), team, "acme/ada")["stop_reason"] == "success"
