"""Cancels that come late: the run stops, or the answer says that it did not; no cancel outlasts its run."""

import asyncio
import json
import random
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from graph.problems import ConflictError
from graph.service.cancelling import cancel
from graph.service.service import open_service
from graph.store.cancels import Cancels
from graph.store.halts import Release
from graph.teams.offered import load_offered
from policies.run.stoppage import Stoppage
from tests.durability.processes import Desk
from tests.harness import settings_at
from tests.scripted_server import ScriptedServer, delayed, forever, held, says, serve, text
from tests.service.process import serving
from tests.service.stories import TEAMS, begun, events, lay, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def cancelled_in(home: Path) -> set[str]:
    """The threads of which the database says that they are to stop."""
    with sqlite3.connect(home / "accord.sqlite") as database:
        return {thread for (thread,) in database.execute("SELECT key FROM store WHERE prefix = 'cancels'")}


def served(tmp_path: Path, model: ScriptedServer) -> tuple[Path, dict[str, str]]:
    home, desk = lay(tmp_path), Desk(tmp_path, model.base_url)
    return home, {name: desk.environment[name] for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL")}


def test_a_run_that_was_cancelled_while_its_brief_was_written_ends_cancelled(tmp_path: Path) -> None:
    is_open = [False]
    brief = forever(held(text("Launch."), lambda: is_open[0]))
    with serve({"demand": forever(says("go")), "risk": forever(says("go")), "brief": brief}) as model:
        home, env = served(tmp_path, model)
        with serving(home, env=env) as service, service.client() as client:
            thread = begun(client, "agrees", wait=False)
            until(lambda: model.calls_of("brief"), "the brief is asked for")
            assert client.post(f"/v1/runs/{thread}/cancel").status_code == 202
            is_open[0] = True
            record = rested(client, thread)
            assert (record["stop_reason"], record.get("final_decision")) == ("cancelled", None)
            resumed = client.post(f"/v1/runs/{thread}/resume", json={"wait": True}).json()
            assert (resumed["stop_reason"], resumed["final_decision"]) == ("success", "go")
            assert cancelled_in(home) == set()
        told = events(Desk(tmp_path, model.base_url), thread)
        assert [(each["event"], each.get("role")) for each in told].count(("proposed", "brief")) == 1


def test_a_pipeline_that_was_cancelled_while_its_last_role_answered_ends_cancelled(tmp_path: Path) -> None:
    is_open = [False]
    last = forever(held(text(json.dumps({"text": "Done."})), lambda: is_open[0]))
    with serve({"demand": forever(text(json.dumps({"text": "Ready."}))), "risk": last}) as model:
        home, env = served(tmp_path, model)
        piped = {**TEAMS["agrees"], "name": "agrees", "pattern": "pipeline"}
        (home / "agrees.json").write_text(json.dumps(piped))
        with serving(home, env=env) as service, service.client() as client:
            thread = begun(client, "agrees", wait=False)
            until(lambda: model.calls_of("risk"), "the last role is asked")
            assert client.post(f"/v1/runs/{thread}/cancel").status_code == 202
            is_open[0] = True
            assert rested(client, thread)["stop_reason"] == "cancelled"
            resumed = client.post(f"/v1/runs/{thread}/resume", json={"wait": True}).json()
            assert resumed["stop_reason"] == "success"


def rested(client: httpx.Client, thread: str) -> dict[str, Any]:
    """The record of a run once it rests."""

    def look() -> dict[str, Any] | None:
        record: dict[str, Any] = client.get(f"/v1/runs/{thread}").json()
        return record if record.get("stop_reason") or record["status"] == "waiting" else None

    found: dict[str, Any] = until(look, "it rests")
    return found


def test_of_runs_that_are_cancelled_at_any_time_none_keeps_a_cancel_but_those_that_it_stopped(tmp_path: Path) -> None:
    draw, refused, stopped = random.Random(220), 0, set()
    quick = forever(delayed(says("go"), 0.05))
    with serve({"demand": quick, "risk": quick, "brief": forever(delayed(text("Launch."), 0.05))}) as model:
        home, env = served(tmp_path, model)
        with serving(home, env=env) as service, service.client() as client:
            for _ in range(30):
                thread = begun(client, draw.choice(["agrees", "board", "short"]), wait=False)
                asyncio.run(asyncio.sleep(draw.uniform(0, 0.6)))
                answer = client.post(f"/v1/runs/{thread}/cancel")
                reason = rested(client, thread)["stop_reason"]
                assert answer.status_code in (202, 409), answer.text
                assert answer.status_code == 202 or reason != "cancelled"
                refused += answer.status_code == 409
                stopped |= {thread} if reason == "cancelled" else set()
            assert cancelled_in(home) == stopped
    assert refused


@pytest.mark.parametrize(("team", "told"), [("agrees", "has ended"), ("short", "has stopped"), ("board", "waits for")])
def test_a_cancel_that_is_put_after_the_run_came_to_rest_is_refused_and_dropped(
    team: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = lay(tmp_path)
    put: Callable[[Cancels, str, Stoppage], Awaitable[Stoppage]] = Cancels.put

    async def main() -> None:
        async with open_service(settings_at(home)) as service:

            async def late(cancels: Cancels, thread: str, stoppage: Stoppage) -> Stoppage:
                await service.halts.release(None, Release("ops", service.runner.now()))
                await service.drives.rested(thread)
                return await put(cancels, thread, stoppage)

            monkeypatch.setattr(Cancels, "put", late)
            await service.halts.halt(Stoppage("ops", service.runner.now(), "Wait."))
            await service.drives.run("t", load_offered(service.settings, team))
            with pytest.raises(ConflictError, match=told):
                await cancel(service, "t", "ann", "")
            assert await service.runner.cancels.find("t") is None

    asyncio.run(main())


def test_a_cancel_does_not_outlast_the_run_that_came_to_rest_without_it(tmp_path: Path) -> None:
    home = lay(tmp_path)

    async def main() -> None:
        async with open_service(settings_at(home)) as service:
            runner = service.runner
            await runner.run(load_offered(service.settings, "agrees"), "t")
            await runner.cancels.put("t", Stoppage("ann", runner.now(), thread="t"))
            async with service.database.fences.hold("t"):
                await runner.threads.note("t", await runner.threads.state("t"))
            assert await runner.cancels.find("t") is None

    asyncio.run(main())
