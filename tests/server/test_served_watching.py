"""What the LangGraph server tells of itself with Accord mounted: ids of requests, lines in its log, and numbers."""

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server.development import PATIENCE_SECONDS, Server, serve_graph

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with serve_graph(tmp_path_factory.mktemp("server")) as server:
        yield server


def lines(server: Server, request: str) -> list[dict[str, Any]]:
    """The lines of a request; they are written after it was answered."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        found = [each for each in server.log if each.get("logger") == "accord" and each.get("request") == request]
        if found:
            return found
        time.sleep(0.05)
    return []


@pytest.mark.parametrize(("path", "route"), [("/v1/runs", "/v1/runs"), ("/threads/search", "/threads/search")])
def test_a_request_has_a_line_in_the_log_of_the_server(path: str, route: str, server: Server) -> None:
    asked = {"x-request-id": f"mine{route.replace('/', '.')}"}
    method = "POST" if path.startswith("/threads") else "GET"
    answer = httpx.request(method, f"{server.url}{path}", headers=asked, json={} if method == "POST" else None)
    assert (answer.status_code, answer.headers["x-request-id"]) == (200, asked["x-request-id"])
    (line,) = lines(server, asked["x-request-id"])
    assert (line["event"], line["route"], line["status"], line["tenant"]) == ("request", route, 200, "local")


def test_its_own_numbers_stay_and_ours_are_under_v1(server: Server) -> None:
    assert httpx.post(f"{server.url}/threads/search", json={}).is_success
    ours, own = (httpx.get(f"{server.url}{path}").text for path in ("/v1/metrics", "/metrics"))
    assert "accord_requests_total{" in ours
    assert "accord_requests_total" not in own
    assert 'route="/threads/search"' in ours


def test_what_is_too_large_is_refused_for_its_routes_too(server: Server, tmp_path: Path) -> None:
    answer = httpx.post(f"{server.url}/threads", content=b"x" * 1_000_001)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
