"""Requests that are made again under their key."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service.ledger import Ledger
from tests.service.process import Served, serving

pytestmark = pytest.mark.slow

TASK = {"team": "checkout_launch"}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as served:
        yield served


def _execute(client: httpx.Client, key: str, **body: Any) -> httpx.Response:
    return client.post("/v1/execute", json={**TASK, **body}, headers={"idempotency-key": key})


def test_a_key_means_one_run_and_one_answer(served: Served, tmp_path: Path) -> None:
    with served.client() as client:
        first, again, other = (_execute(client, key) for key in ("one", "one", "two"))
        assert (first.status_code, again.status_code) == (202, 202)
        assert first.json() == again.json() != other.json()
        location = f"/v1/runs/{first.json()['thread_id']}"
        assert (first.headers["location"], again.headers["location"]) == (location, location)
        assert [each.headers.get("idempotent-replayed") for each in (first, again)] == [None, "true"]
        waited, once_more = (_execute(client, "three", wait=True) for _ in range(2))
        assert waited.status_code == once_more.status_code == 200
        assert waited.json() == once_more.json()
        assert "location" not in {**waited.headers, **once_more.headers}
    assert len(Ledger(str(tmp_path / "accord.sqlite")).ends()) == 3


def test_a_thing_that_was_made_is_found_again_under_the_key(served: Served) -> None:
    agent = {"name": "writer", "preset": "writer"}
    with served.client() as client:
        made, again = (client.post("/v1/agents", json=agent, headers={"idempotency-key": "one"}) for _ in range(2))
    assert again.headers["idempotent-replayed"] == "true"
    for each in (made, again):
        assert (each.status_code, each.headers["location"], each.json()) == (201, "/v1/agents/writer", made.json())


def test_two_requests_at_once_under_one_key_are_one_run(served: Served, tmp_path: Path) -> None:
    async def both() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=served.url, timeout=60) as client:
            body, headers = {**TASK, "wait": True}, {"idempotency-key": "one"}
            return await asyncio.gather(*(client.post("/v1/execute", json=body, headers=headers) for _ in range(5)))

    answers = asyncio.run(both())
    assert {each.status_code for each in answers} == {200}
    assert len({each.text for each in answers}) == 1
    assert len(Ledger(str(tmp_path / "accord.sqlite")).ends()) == 1


def test_another_request_under_a_key_is_refused(served: Served) -> None:
    with served.client() as client:
        assert _execute(client, "one").status_code == 202
        refused = _execute(client, "one", wait=True)
        assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")
        assert "another request" in refused.json()["detail"]


def test_a_refused_request_may_be_corrected_under_its_key(served: Served) -> None:
    with served.client() as client:
        assert _execute(client, "one", team="nothing").status_code == 422
        assert _execute(client, "one").status_code == 202


@pytest.mark.parametrize("key", ["", "k" * 201, "käse".encode(), "tab\tbed"])
def test_a_key_that_is_not_allowed_is_refused(served: Served, key: Any) -> None:
    with served.client() as client:
        refused = client.post("/v1/execute", json=TASK, headers={"idempotency-key": key})
        assert refused.status_code == 400
        assert "Idempotency-Key" in refused.json()["detail"]


def test_two_keys_of_one_request_are_refused(served: Served) -> None:
    with served.client() as client:
        twice = [("idempotency-key", "a"), ("idempotency-key", "b")]
        refused = client.post("/v1/execute", json=TASK, headers=twice)
        assert (refused.status_code, "is there twice; keep one" in refused.json()["detail"]) == (400, True)


def test_a_key_is_kept_for_a_day_and_its_thread_never_begun_again(tmp_path: Path) -> None:
    with serving(tmp_path) as served, served.client() as client:
        first = _execute(client, "one", wait=True).json()
    with closing(sqlite3.connect(tmp_path / "accord.sqlite")) as database:
        [(row, value)] = database.execute("SELECT key, value FROM store WHERE prefix = 'keys'").fetchall()
        old = {**json.loads(value), "at": "2026-01-01T00:00:00.000+00:00"}
        database.execute("UPDATE store SET value = ? WHERE key = ?", (json.dumps(old), row))
        database.commit()
    with serving(tmp_path) as served, served.client() as client:
        refused = _execute(client, "one", wait=True)
        assert (refused.status_code, "24 hours" in refused.json()["detail"]) == (409, True)
    ledger = Ledger(str(tmp_path / "accord.sqlite"))
    assert [*ledger.ends()] == [first["thread_id"]]
    assert ledger.rows("SELECT key FROM store WHERE prefix = 'keys' OR substr(prefix, 1, 8) = 'answers.'") == []
