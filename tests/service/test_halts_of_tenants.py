"""Halts over HTTP: whose runs they stop, who may set and see them, and what a wrong request is told."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.harness import settings_at, show
from tests.runs.stage import RISK, script
from tests.scripted_server import ScriptedServer, forever, held, says, serve
from tests.service.process import Served, serving
from tests.service.test_halt import until

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(600)]

UNKNOWN = "2b1c9ad4-6d6f-4a37-9a53-3ffb1b2a2a11"


def token(home: Path, tenant: str, person: str, scope: str) -> str:
    words = ["token", "create", "--tenant", tenant, "--person", person, "--scope", scope]
    done = subprocess.run(
        [sys.executable, "-m", "graph", *words], env={"ACCORD_HOME": str(home)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class World:
    """A service, its model, and clients of tenants."""

    def __init__(self, home: Path, served: Served, model: ScriptedServer, tokens: dict[str, str]) -> None:
        self.home, self.model, self.is_open = home, model, [False]
        self.clients = {name: served.client(each) for name, each in tokens.items()}

    def __getattr__(self, name: str) -> httpx.Client:
        return self.clients[name]

    def record(self, thread: str) -> dict[str, Any]:
        return show(settings_at(self.home), thread)

    def execute(self, name: str) -> httpx.Response:
        return self.clients[name].post("/v1/execute", json={"team": "checkout_launch"})

    def halts(self, name: str) -> list[tuple[str | None, str, str]]:
        found = self.clients[name].get("/v1/halt").json()
        assert found["next"] is None
        return [(each["tenant"], each["by"], each["because"]) for each in found["items"]]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    people = {"ada": ("acme", "admin"), "bob": ("beta", "admin"), "run": ("beta", "run"), "ops": ("local", "admin")}
    tokens = {name: token(tmp_path, tenant, name, scope) for name, (tenant, scope) in people.items()}
    is_open = [False]
    with serve(script(risk_analyst=forever(held(says("go"), lambda: is_open[0])))) as model:
        env = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": model.base_url}
        with serving(tmp_path, env=env) as served:
            made = World(tmp_path, served, model, tokens)
            made.is_open = is_open
            yield made
            for each in made.clients.values():
                each.close()


def test_a_tenants_admin_halts_and_releases_their_own_runs_alone(world: World) -> None:
    acme, beta = (world.execute(name).json()["thread_id"] for name in ("ada", "bob"))
    until(lambda: len(world.model.calls_of(RISK)) == 2, "both are at work")
    assert world.ada.post("/v1/halt", json={"because": "Prices.", "tenant": "beta"}).status_code == 403
    assert world.ada.delete("/v1/halt", params={"tenant": "beta"}).status_code == 403
    assert world.halts("ops") == []
    first = world.ada.post("/v1/halt", json={"because": "Prices."})
    assert (first.status_code, first.json()["tenant"], first.json()["by"]) == (200, "acme", "ada")
    assert world.ada.post("/v1/halt", json={"because": "Again."}).json() == first.json()
    until(lambda: world.record(acme)["stop_reason"] == "cancelled", "the halted run stops")
    assert "ada halted the runs of the tenant `acme`" in world.record(acme)["cause"]
    assert world.execute("ada").status_code == 503
    assert world.record(beta)["status"] == "running"
    assert world.halts("bob") == []
    assert world.halts("ada") == world.halts("ops") == [("acme", "ada", "Prices.")]
    assert world.bob.delete("/v1/halt").status_code == 404
    assert world.ops.delete("/v1/halt").status_code == 404
    assert world.execute("bob").status_code == 202
    world.is_open[0] = True
    assert world.ada.delete("/v1/halt").json() == first.json()
    assert world.execute("ada").status_code == 202


def test_who_is_of_the_own_tenant_halts_all_and_nobody_else_releases_that(world: World) -> None:
    assert world.ops.post("/v1/halt", json={"because": "Stop."}).json()["tenant"] is None
    assert world.ops.post("/v1/halt", json={"because": "Stop.", "tenant": "beta"}).json()["tenant"] == "beta"
    assert world.halts("ada") == [(None, "ops", "Stop.")]
    assert world.halts("bob") == [(None, "ops", "Stop."), ("beta", "ops", "Stop.")]
    assert [world.execute(name).status_code for name in ("ada", "bob", "ops")] == [503] * 3
    assert world.bob.delete("/v1/halt").status_code == 200
    assert world.execute("bob").status_code == 503
    assert world.ops.delete("/v1/halt").status_code == 200
    assert world.execute("bob").status_code == 202


def test_another_tenants_run_is_not_there_to_be_cancelled_and_a_scope_is_needed_to_halt(world: World) -> None:
    beta = world.execute("bob").json()["thread_id"]
    until(lambda: bool(world.model.calls_of(RISK)), "it is at work")
    foreign = world.ada.post(f"/v1/runs/{beta}/cancel")
    unknown = world.ada.post(f"/v1/runs/{UNKNOWN}/cancel")
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert foreign.json()["detail"].replace(beta, "") == unknown.json()["detail"].replace(
        unknown.url.path.split("/")[3], ""
    )
    assert world.record(beta)["status"] == "running"
    for asked in (("POST", {"because": "No."}), ("GET", None), ("DELETE", None)):
        assert world.run.request(asked[0], "/v1/halt", json=asked[1]).status_code == 403
    refused = world.run.post(f"/v1/runs/{beta}/cancel", json={"because": "Enough.", "by": "ada"})
    assert (refused.status_code, [each["field"] for each in refused.json()["errors"]]) == (422, ["by"])
    assert world.run.post(f"/v1/runs/{beta}/cancel", json={"because": "Enough."}).status_code == 202
    until(lambda: world.record(beta)["stop_reason"] == "cancelled", "it stops")
    assert world.record(beta)["cause"].startswith("run cancelled the run on ")


def test_a_halt_says_why_and_of_whom(world: World) -> None:
    wrong: list[dict[str, Any]] = [
        {},
        {"because": ""},
        {"because": " "},
        {"because": "x" * 1001},
        {"because": "x", "tenant": "No One"},
        {"because": "x", "all": 1},
    ]
    for body in wrong:
        refused = world.ops.post("/v1/halt", json=body)
        assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json"), body
    assert world.halts("ops") == []
