"""Both kinds of service, ended while somebody still asks: nobody holds it up, and what was accepted is not lost."""

import json
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.server.development import complaints, serve_graph
from tests.service.ledger import Ledger
from tests.service.load import ROLES, silent, wait_until
from tests.service.process import PATIENCE_SECONDS, ended, serving

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(300)]

CLEAN = (0, -signal.SIGTERM)
HALF = "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{{"


@dataclass(frozen=True)
class Started:
    """A service that was started: where it is, its data directory, how it is ended, and what it complained of."""

    url: str
    home: Path
    stop: Callable[[], int]
    complaints: Callable[[], list[dict[str, Any]]]

    def ask(self, path: str, body: Any) -> httpx.Response:
        """Return the answer to a POST."""
        return httpx.post(f"{self.url}{path}", json=body, timeout=PATIENCE_SECONDS)

    def half(self, path: str) -> socket.socket:
        """Return a connection on which half of a POST was sent."""
        connection = socket.create_connection(("127.0.0.1", urlsplit(self.url).port or 80), timeout=PATIENCE_SECONDS)
        connection.sendall(HALF.format(path=path).encode())
        return connection


@contextmanager
def alone(folder: Path, **environment: str) -> Iterator[Started]:
    """`accord serve`."""
    home = folder / "home"
    with serving(home, env=environment) as served:

        def errors() -> list[dict[str, Any]]:
            lines = [json.loads(line) for line in (home / "serve.log").read_text().splitlines()]
            return [line for line in lines if line["level"] == "error"]

        yield Started(served.url, home, served.stop, errors)


@contextmanager
def mounted(folder: Path, **environment: str) -> Iterator[Started]:
    """`langgraph dev`."""
    with serve_graph(folder, **environment) as server:
        stop = partial(ended, server.process)
        yield Started(server.url, folder / "home", stop, lambda: complaints(server.log))


Starts = Callable[..., Any]
both = pytest.mark.parametrize("starts", [alone, pytest.param(mounted, marks=pytest.mark.needs("langgraph_dev"))])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose service has one run at work at once."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "accord.toml").write_text("[serve]\nat_once = 1\n")
    return tmp_path


@contextmanager
def asked(one: Started, *bodies: tuple[str, Any]) -> Iterator[list[Future[httpx.Response]]]:
    """Ask at once, while something else is done."""
    with ThreadPoolExecutor(len(bodies)) as pool:
        yield [pool.submit(one.ask, *each) for each in bodies]


@both
def test_who_waits_is_told_the_thread_and_no_run_begins_any_more(starts: Starts, folder: Path) -> None:
    waiting = ("/v1/execute", {"team": "checkout_launch", "wait": True})
    with (
        silent() as model,
        starts(folder, OPENAI_API_KEY="sk-test", OPENAI_BASE_URL=model.base_url) as one,
        asked(one, waiting, waiting) as answers,
    ):
        ledger = Ledger(str(one.home / "accord.sqlite"))
        wait_until(lambda: len(ledger.promises()) == 2 and len(model.calls) == len(ROLES))
        assert one.stop() in CLEAN
        told = [each.result() for each in answers]
        assert [each.status_code for each in told] == [202, 202]
        assert {each.json()["thread_id"] for each in told} == {each["thread"] for each in ledger.promises()}
        assert len(model.calls) == len(ROLES)
        assert "cancelled" not in ledger.ends().values()
        assert one.complaints() == []


@both
def test_a_body_that_is_still_coming_is_answered_and_no_fault(starts: Starts, folder: Path) -> None:
    paths = ["/v1/execute", "/v1/messages", *(["/threads", "/threads/search"] if starts is mounted else [])]
    with starts(folder) as one:
        half = [one.half(path) for path in paths]
        assert httpx.get(f"{one.url}/health").status_code == 200
        assert one.stop() in CLEAN
        for each in half:
            with closing(each), each.makefile("rb") as stream:
                answer = stream.read()
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"connection: close" in answer
        assert one.complaints() == []


@pytest.mark.needs("langgraph_dev")
def test_who_waits_at_a_route_of_the_langgraph_server_does_not_hold_it_up(folder: Path) -> None:
    with silent() as model, mounted(folder, OPENAI_API_KEY="sk-test", OPENAI_BASE_URL=model.base_url) as one:
        thread = one.ask("/threads", {}).json()["thread_id"]
        with ThreadPoolExecutor(1) as pool:
            pool.submit(one.ask, f"/threads/{thread}/runs/wait", {"assistant_id": "rounds", "input": {}})
            wait_until(lambda: len(model.calls) == len(ROLES))
            assert one.stop() in CLEAN
        assert "cancelled" not in Ledger(str(one.home / "accord.sqlite")).ends().values()
