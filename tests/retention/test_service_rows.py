"""What the service keeps of a thread beside its record goes with a purge, and is never given out again."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from graph.service.service import open_service
from graph.settings import Settings
from graph.store.agents import Agents, Part
from graph.store.database import Database, open_database
from graph.store.fences import FencedError
from graph.store.keys import Answer, KeyedRequest, Keys
from graph.store.queue import Promise, Queue
from graph.store.tombstones import PurgedError
from policies.access.caller import LOCAL
from tests.harness import team_of
from tests.retention.desks import begin, faults, named, purge
from tests.service.callers import GO
from tests.service.ledger import Ledger
from tests.service.process import serving

pytestmark = pytest.mark.slow

AGENT = {"name": "writer", "preset": "writer", "otherwise": GO}
RUN = {"goal": "CANARY?", "agents": ["writer"], "pattern": "pipeline", "wait": True}
NOW = "2026-01-01T00:00:00.000+00:00"


def rows_about(settings: Settings, *words: str) -> list[tuple[Any, ...]]:
    """Return the rows of the store in which any of these words is."""
    rows = Ledger(settings.database).rows("SELECT prefix, key, value FROM store")
    return [row for row in rows if any(word in str(row) for word in words)]


def at(settings: Settings, work: Callable[[Database], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with open_database(settings.database) as database:
            return await work(database)

    return asyncio.run(main())


def post(client: httpx.Client, key: str, path: str, body: dict[str, Any]) -> httpx.Response:
    return client.post(path, json=body, headers={"idempotency-key": key})


def test_a_purge_takes_what_the_service_kept_and_no_key_gives_it_out_again(settings: Settings) -> None:
    async def promise(database: Database) -> None:
        kept = Promise(thread, NOW, given={"facts": {"a": "CANARY"}}, problem="It cannot be driven.")
        await Queue(database.store).put(kept)

    async def answer_late(database: Database) -> None:
        now = datetime.now(UTC).isoformat()
        body = hashlib.sha256(httpx.Request("POST", served.url, json=asked["resume"][1]).content).hexdigest()
        late = KeyedRequest(asked["resume"][0], LOCAL, body, now, thread, Answer(200, "CANARY"))
        await Keys(database.store, database.locks).keep(LOCAL, "resume", late)

    env = {"ACCORD_DATABASE_URL": settings.database} if "://" in settings.database else {}
    settings.home.mkdir(exist_ok=True)
    with serving(settings.home, env=env) as served, served.client() as client:
        made = post(client, "agent", "/v1/agents", AGENT)
        thread = post(client, "run", "/v1/execute", RUN).json()["thread_id"]
        asked: dict[str, tuple[str, dict[str, Any]]] = {
            "run": ("/v1/execute", RUN),
            "resume": (f"/v1/runs/{thread}/resume", {"wait": True}),
        }
        for key, (path, body) in asked.items():
            assert post(client, key, path, body).status_code == 200
            assert post(client, key, path, body).headers["idempotent-replayed"] == "true"
        at(settings, promise)
        assert {str(row[0]).split(".")[0] for row in rows_about(settings, thread)} >= {"agent_runs", "answers", "queue"}
        assert named(purge(settings)) == [thread]
        assert rows_about(settings, thread, "CANARY") == []
        at(settings, answer_late)
        for key, (path, body) in asked.items():
            refused = post(client, key, path, body)
            assert (refused.status_code, "was purged at" in refused.json()["detail"]) == (410, True)
        again = post(client, "agent", "/v1/agents", AGENT)
        assert (again.headers["idempotent-replayed"], again.headers["location"]) == ("true", made.headers["location"])
    purge(settings)
    assert rows_about(settings, thread, "CANARY") == []
    assert faults(settings) == {}


def test_a_purge_leaves_what_the_service_keeps_of_other_threads(settings: Settings) -> None:
    async def keep(database: Database) -> None:
        for thread in ("t.1", "u"):
            asked = KeyedRequest("/v1/execute", LOCAL, "0", NOW, thread, Answer(200, "{}"))
            await Keys(database.store, database.locks).keep(LOCAL, thread, asked)
            await Agents(database.store).took_part(LOCAL, "writer", Part(thread, NOW))
            await Queue(database.store).put(Promise(thread, NOW, problem="It cannot be driven."))

    def kept() -> list[str]:
        spaces = ("keys", "answers", "agent_runs", "queue")
        return sorted(row[0].split(".")[0] for row in rows_about(settings, "") if row[0].split(".")[0] in spaces)

    begin(settings, "t.1")
    at(settings, keep)
    assert len(kept()) == 8
    purge(settings)
    assert kept() == ["agent_runs", "answers", "keys", "queue"]


def test_what_is_kept_of_a_purged_thread_all_the_same_is_found_and_goes_with_the_next_purge(settings: Settings) -> None:
    async def keep(database: Database) -> None:
        asked = KeyedRequest("/v1/execute", LOCAL, "0", NOW, "t.1", Answer(200, "CANARY"))
        await Keys(database.store, database.locks).keep(LOCAL, "one", asked)
        await Agents(database.store).took_part(LOCAL, "writer", Part("t.1", NOW))
        with pytest.raises(FencedError):
            await Queue(database.store).put(Promise("t.1", NOW))

    begin(settings, "t.1")
    purge(settings)
    at(settings, keep)
    assert faults(settings) == {"t.1": "it was purged, and rows of it are there: `keys`, `answers`, `agent_runs`"}
    purge(settings)
    assert (faults(settings), rows_about(settings, "CANARY", "agent_runs")) == ({}, [])


def test_a_purged_thread_is_not_promised_again(settings: Settings) -> None:
    async def promise() -> None:
        async with open_service(settings) as service, asyncio.timeout(30):
            with pytest.raises(PurgedError):
                await service.drives.run("t", team_of(settings))

    begin(settings, "t")
    purge(settings)
    asyncio.run(promise())
