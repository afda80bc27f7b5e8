"""The real `langgraph dev` traces its runs through the same client: named, tagged, trimmed and masked."""

import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.durability.processes import Desk
from tests.errors.test_errors import HERE as ERRORS
from tests.server.development import serve_graph
from tests.tracing.endpoint import LangSmithEndpoint, langsmith, metadata_of

pytestmark = [pytest.mark.slow, pytest.mark.needs("langgraph_dev")]

SECRET, OPEN_FACT = "CANARY-private", "CANARY-open"


def wait_for_root(endpoint: LangSmithEndpoint, count: int) -> None:
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        if len([root for root in endpoint.roots if root.get("end_time")]) >= count:
            break
        time.sleep(0.2)
    time.sleep(1)  # its scores follow


def test_a_served_run_is_one_trace_and_one_with_private_facts_is_masked(tmp_path: Path) -> None:
    team = YAML(typ="safe").load((ERRORS / "team.yaml").read_text())
    team |= {"private": ["customer.name"], "pattern": "rounds"}
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "accord.toml").write_text('[teams]\nswitch = "team.yaml"\n')
    with (tmp_path / "home" / "team.yaml").open("w") as file:
        YAML().dump(team, file)
    facts = {**team["facts"], "customer": {"name": SECRET, "tier": OPEN_FACT}}
    env = {"LANGSMITH_TRACING": "true"}
    with langsmith() as endpoint, serve_graph(tmp_path, LANGSMITH_ENDPOINT=endpoint.url, **env) as server:
        named = {"configurable": {"team": "switch"}, "tags": ["public", SECRET]}
        forged = {"policy": SECRET, "stance": SECRET, "final_decision": SECRET, "role": SECRET, "reason": SECRET}
        unmasked = {"metadata": {"private": False, "note": SECRET, **forged}}
        thread = server.new_thread()
        end = server.run({"facts": facts}, thread, config={**named, **unmasked})
        wait_for_root(endpoint, 1)
        arrived = endpoint.bytes.decode()
        masked_root = endpoint.root
        shown = server.run({})
        wait_for_root(endpoint, 2)
        desk = Desk(tmp_path)
        judged = desk.accord(
            *("feedback", thread, "--score", "1"), LANGSMITH_ENDPOINT=endpoint.url, LANGSMITH_TRACING="true"
        )

    assert (end["stop_reason"], shown["stop_reason"]) == ("success", "success")
    assert "CANARY" not in arrived
    assert str(tmp_path) not in arrived
    assert metadata_of(masked_root)["team"] == "supplier_switch"
    assert masked_root["inputs"]["facts"] == "(masked)"
    assert masked_root["name"] == "supplier_switch"
    assert {"accord", "rounds", "supplier_switch", "private"} <= set(masked_root["tags"])
    assert {"pattern": "rounds", "outcome": "go", "stop_reason": "success"}.items() <= metadata_of(masked_root).items()
    (asked,) = endpoint.named("risk")
    assert {"role": "risk", "round": 1, "attempt": 1, "outcome": "go"}.items() <= metadata_of(asked).items()
    assert judged.code == 0, judged.err
    assert [each["run_id"] for each in endpoint.feedback if each["key"] == "user_score"] == [masked_root["id"]]
    scores = {
        each["key"]: each["score"]
        for each in endpoint.feedback
        if each["run_id"] == masked_root["id"] and each["key"] != "user_score"
    }
    assert scores == {"decided": 1, "rounds_used": 1, "conflicts": 0, "guard_tripped": 0}
    (plain,) = [root for root in endpoint.roots if root["id"] != masked_root["id"]]
    assert (plain["name"], set(plain["tags"])) == ("checkout_launch", {"accord", "rounds", "checkout_launch"})
    assert len(endpoint.named("demand_analyst")) == 1
