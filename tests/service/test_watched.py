"""Logs and metrics of a service: what a line has and what none ever has, and numbers that equal what was asked."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.service.process import PATIENCE_SECONDS, Served, serving

pytestmark = pytest.mark.slow

SECRET = "a-word-of-the-body-that-no-log-has"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[Served]:
    with serving(home) as served:
        yield served


def lines(home: Path) -> list[dict[str, Any]]:
    """The lines of the log, each a JSON object."""
    return [json.loads(line) for line in (home / "serve.log").read_text().splitlines()]


def line_of(home: Path, request: str) -> dict[str, Any]:
    """The line of a request; it is written after it was answered."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        found = [each for each in lines(home) if each.get("request") == request]
        if found:
            assert len(found) == 1
            return found[0]
        time.sleep(0.02)
    raise AssertionError(f"no line of {request}")


def numbers(served: Served, path: str = "/metrics") -> dict[tuple[str, ...], float]:
    """The samples of the service by name and labels."""
    with served.client() as client:
        answer = client.get(path)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]
    return {(sample.name, *sorted(sample.labels.values())): sample.value for sample in samples}


def test_a_request_has_one_line_with_its_id_route_status_and_caller(served: Served, home: Path) -> None:
    with served.client() as client:
        answer = client.post("/v1/execute", json={"team": SECRET}, headers={"x-request-id": "mine-1"})
    assert answer.headers["x-request-id"] == "mine-1"
    line = line_of(home, "mine-1")
    assert line.pop("ms") > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line.pop("at"))
    assert line == {
        **{"event": "request", "level": "info", "request": "mine-1", "method": "POST", "route": "/v1/execute"},
        **{"status": 422, "tenant": "local", "person": "local"},
    }


@pytest.mark.parametrize("given", ["", "two words", "x" * 129, "../etc", 'a"b', "{}", "é"])
def test_an_id_that_is_not_sane_is_replaced(given: str, served: Served, home: Path) -> None:
    with served.client() as client:
        answer = client.get("/health", headers=[(b"x-request-id", given.encode())])
    found = answer.headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", found)
    assert line_of(home, found)["status"] == 200


def test_a_drive_has_a_line_when_it_begins_and_one_when_it_ends(served: Served, home: Path) -> None:
    with served.client() as client:
        record = client.post("/v1/execute", json={"team": "checkout_launch", "wait": True}).json()
    mine = [each for each in lines(home) if each.get("thread") == record["thread_id"] and "request" not in each]
    assert [each["event"] for each in mine] == ["drive begins", "drive ends"]
    assert (mine[1]["status"], mine[1]["stop_reason"], mine[1]["tenant"]) == ("ok", "success", "local")


def test_no_line_has_a_body_a_token_a_query_or_a_fact(served: Served, home: Path) -> None:
    with served.client(SECRET) as client:
        client.post("/v1/execute", json={"team": SECRET, SECRET: SECRET}, headers={"x-api-key": SECRET})
        client.get(f"/health?{SECRET}={SECRET}", headers={"cookie": SECRET, "user-agent": SECRET})
        client.get(f"/v1/{SECRET}")
        client.post("/v1/execute", json={"team": "checkout_launch", "wait": True})
    log = (home / "serve.log").read_text()
    assert SECRET not in log
    assert "chargeback" not in log


def test_the_numbers_are_those_of_the_requests_that_were_made(served: Served) -> None:
    health, wrong = ("accord_requests_total", "/health", "200", "GET"), ("accord_requests_total", "-", "404", "GET")
    drives = ("accord_drives_total", "ok", "success")
    before = numbers(served)
    with served.client() as client:
        for _ in range(5):
            client.get("/health")
        for each in range(3):
            client.get(f"/nothing/{each}")
        for _ in range(2):
            client.post("/v1/execute", json={"team": "checkout_launch", "wait": True})
    after = numbers(served, "/v1/metrics")

    def more(sample: tuple[str, ...]) -> float:
        key = next((each for each in after if sorted(each) == sorted(sample)), sample)
        return after.get(key, 0) - before.get(key, 0)

    assert (more(health), more(wrong), more(drives)) == (5, 3, 2)
    assert (after["accord_runs_at_work",], after["accord_runs_queued",]) == (0, 0)


def test_what_clients_make_up_makes_no_new_series(served: Served) -> None:
    with served.client() as client:
        for each in range(20):
            client.request(f"M{each}", f"/made/up/{each}")
    samples = [each for each in numbers(served) if each[0] == "accord_requests_total"]
    assert not [each for each in samples if any(part.startswith(("M1", "/made")) for part in each)]
