"""Writes that meet a lock which somebody else holds: given up in time by requests, and waited for by runs."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.scripted_server import delayed, forever, says, serve, text
from tests.service.process import serving
from tests.service.stories import GOES, begun, lay, until

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(300)]

PATIENCE_SECONDS = 20.0
"""Less than a statement waits for the lock of a database."""
HELD_SECONDS = 8.0
"""More than a request waits for it."""
AGENT = {"title": "T", "mandate": "M.", "otherwise": GOES}
SAID = {"by": "cfo", "answer": {**GOES, "confidence": 0.5}}


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Hold the lock of the database."""
    with closing(sqlite3.connect(home / "accord.sqlite", timeout=60, isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        yield
        database.execute("ROLLBACK")


def test_what_a_request_cannot_write_in_time_is_given_up_and_never_written(tmp_path: Path) -> None:
    home, halted = lay(tmp_path), {"because": "Wait."}
    with serving(home) as served, served.client() as client:
        waiting, short = begun(client, "seated"), begun(client, "short")
        client.post("/v1/agents", json={"name": "kept", **AGENT})
        for method, path, body, headers in (
            ("POST", "/v1/execute", {"team": "agrees"}, {}),
            ("POST", "/v1/execute", {"team": "agrees"}, {"idempotency-key": "one"}),
            ("POST", "/v1/agents", {"name": "new", **AGENT}, {}),
            ("DELETE", "/v1/agents/kept", None, {}),
            ("POST", "/v1/halt", halted, {}),
            ("POST", f"/v1/runs/{short}/resume", {"budget": {"max_messages": 9}}, {}),
            ("POST", f"/v1/runs/{waiting}/decide", SAID, {}),
        ):
            with locked(home):
                answer = client.request(method, path, json=body, headers=headers, timeout=PATIENCE_SECONDS)
            assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json"), path
            assert answer.json()["detail"] == "the database does not answer; try again later"
            assert answer.headers["retry-after"] == "5"
        assert [each["name"] for each in client.get("/v1/agents").json()["items"]] == ["kept"]
        assert client.get("/v1/halt").json()["items"] == []
        threads = {each["thread_id"]: each["status"] for each in client.get("/v1/runs").json()["items"]}
        assert threads == {waiting: "waiting", short: "stopped"}
        decided = client.post(f"/v1/runs/{waiting}/decide", json={**SAID, "wait": True})
        assert decided.json()["final_decision"] == "go", decided.text


def test_a_run_that_a_request_began_waits_for_the_lock_and_asks_nobody_twice(tmp_path: Path) -> None:
    home, quick = lay(tmp_path), forever(delayed(says("go"), 1.0))
    with serve({"demand": quick, "risk": quick, "brief": forever(text("Launch."))}) as model:
        env = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": model.base_url}
        with serving(home, env=env) as served, served.client() as client:
            thread = begun(client, "agrees", wait=False)
            until(lambda: model.calls_of("demand"), "a role is asked")
            with locked(home):
                threading.Event().wait(HELD_SECONDS)
            until(lambda: client.get(f"/v1/runs/{thread}").json()["status"] == "ok", "it ends")
        assert {role: len(model.calls_of(role)) for role in ("demand", "risk")} == {"demand": 1, "risk": 1}
