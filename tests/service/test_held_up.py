"""Nobody holds the service up: not by a large body, a body that never comes to its end, or the database."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.service.process import Served, serving

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 20.0
"""Less than a statement waits for the lock of a database."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("held")) as one:
        yield one


@contextmanager
def locked(home: Path, served: Served) -> Iterator[None]:
    """Hold the lock of the database, while the service waits for it to write."""
    with closing(sqlite3.connect(home / "accord.sqlite", isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        with ThreadPoolExecutor() as threads, served.client() as client:
            waiting = threads.submit(client.post, "/v1/execute", json={"team": "checkout_launch"})
            threading.Event().wait(1.0)
            yield
            database.execute("ROLLBACK")
            assert waiting.result().status_code in (202, 503)


def test_the_service_says_that_it_is_not_ready_while_the_database_is_held_and_still_counts(tmp_path: Path) -> None:
    with serving(tmp_path) as served, served.client() as client:
        assert client.get("/metrics").status_code == 200
        with locked(tmp_path, served):
            answers = {
                path: client.get(path, timeout=PATIENCE_SECONDS).status_code
                for path in ("/ready", "/metrics", "/v1/metrics", "/v1/runs", "/health")
            }
        ready = client.get("/ready").status_code
    assert answers == {"/ready": 503, "/metrics": 200, "/v1/metrics": 200, "/v1/runs": 503, "/health": 200}
    assert ready == 200


def test_of_many_unknown_keys_the_first_are_named_and_all_are_counted(tmp_path: Path) -> None:
    with serving(tmp_path) as served, served.client() as client:
        body = client.post("/v1/execute", json={f"key{number}": {} for number in range(500)}).json()
        query = client.get("/v1/runs", params={f"key{number}": "x" for number in range(500)}).json()
    assert len(body["errors"]) == 20
    assert body["detail"].endswith(", and 499 more fields are wrong")
    assert len(query["errors"]) == 20


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({f"x-{number}": "a" for number in range(90)}, 200),
        ({f"x-{number}": "a" for number in range(101)}, 431),
        ({"x-long": "a" * 30_000}, 200),
        ({"x-long": "a" * 33_000}, 431),
    ],
)
def test_a_request_has_so_many_headers_of_so_many_bytes(headers: dict[str, str], status: int, served: Served) -> None:
    with served.client() as client:
        answer = client.get("/health", headers=headers)
    assert answer.status_code == status
    assert status == 200 or answer.json()["detail"].endswith("allowed: 100 headers, of 32,768 bytes together")
