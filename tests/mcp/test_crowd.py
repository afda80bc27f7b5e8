"""Who calls too much, or goes away, takes nothing from the others."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.durability.processes import Desk
from tests.mcp.by_hand import ACCEPTS, call, opening, session, told
from tests.mcp.clients import tools_at
from tests.mcp.lines import Spoken
from tests.service.callers import problem_of, token
from tests.service.process import Served
from tests.service.stories import lay

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(300)]
MOST_CALLS, MOST_SESSIONS = 20, 50
"""As `docs/mcp.md` says."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own, so that its log is that of these tests."""
    return lay(tmp_path_factory.mktemp("crowd"))


@pytest.fixture(scope="module")
def people(home: Path) -> tuple[str, str]:
    """The tokens of two people."""
    return token(home, "acme", "cfo"), token(home, "acme", "cto")


@pytest.fixture(scope="module")
def served(home: Path, people: tuple[str, str]) -> Iterator[Served]:
    with tools_at(home) as running:
        yield running


def until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def ended_in(home: Path) -> int:
    """Return how many calls of `decide` have ended, as the log says."""
    lines = (home / "serve.log").read_text().splitlines()
    events = [json.loads(line) for line in lines if line.startswith("{")]
    return sum((each["event"], each.get("tool")) == ("call", "decide") for each in events)


def held(client: httpx.Client, headers: dict[str, str], thread: str, stack: ExitStack, number: int) -> None:
    """Make a call that waits for the person at the client, who does not answer."""
    asked = call(number, "decide", team="board", thread=thread)
    stream = stack.enter_context(client.stream("POST", "/mcp", json=asked, headers=headers))
    assert stream.status_code == 200, stream.read()
    messages = told(stream)
    stack.callback(messages.close)  # who lets go of it hangs up
    assert any(each.get("method") == "elicitation/create" for each in messages)


def test_a_person_has_so_many_calls_at_work_and_those_of_a_client_that_is_gone_end(
    served: Served, home: Path, people: tuple[str, str]
) -> None:
    own, others = people
    thread, listed = str(uuid.uuid4()), call(99, "list")
    with served.client(own) as client, served.client(others) as other:
        headers = session(client)
        with ExitStack() as stack:
            for number in range(MOST_CALLS):
                held(client, headers, thread, stack, number)
            refused = client.post("/mcp", json=listed, headers=headers)
            assert problem_of(refused)["detail"].startswith(f"{MOST_CALLS} calls of yours are at work; wait")
            assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (429, True)
            assert client.post("/mcp", json={**listed, "method": "ping"}, headers=headers).status_code == 200
            assert other.post("/mcp", json=listed, headers=session(other)).status_code == 200
            assert ended_in(home) == 0
        until(lambda: ended_in(home) == MOST_CALLS, "the calls of a client that is gone go on")
        assert client.post("/mcp", json=listed, headers=headers).status_code == 200
        shown = client.post("/mcp", json=call(98, "show", thread=thread), headers=headers)
        assert '"waiting"' in shown.text.replace("\\", "")


def test_a_person_has_so_many_sessions_and_takes_none_from_others(served: Served, people: tuple[str, str]) -> None:
    with served.client(people[1]) as client, served.client(people[0]) as other:
        bad = client.post("/mcp", json={**opening(), "method": "ping"}, headers=ACCEPTS)
        assert bad.status_code == 400
        opened = [session(client)]
        while (answer := client.post("/mcp", json=opening(), headers=ACCEPTS)).status_code == 200:
            opened.append({**opened[0], "mcp-session-id": answer.headers["mcp-session-id"]})
            assert len(opened) <= MOST_SESSIONS
        assert answer.status_code == 429
        told = (
            f"{MOST_SESSIONS} sessions of yours are open; end one with DELETE, or wait: an idle one is over in 30 min"
        )
        assert problem_of(answer)["detail"] == told
        assert client.post("/mcp", json=call(1, "list"), headers=opened[-1]).status_code == 200
        session(other)
        assert client.delete("/mcp", headers=opened[-1]).status_code == 200
        session(client)


def test_over_stdio_too_many_calls_are_refused_in_a_sentence(desk: Desk, tmp_path: Path) -> None:
    thread = str(uuid.uuid4())
    with Spoken.started(desk.folder / "home", tmp_path / "log") as spoken:
        spoken.write(json.dumps(opening()).encode() + b"\n")
        spoken.answer(0)
        spoken.send("notifications/initialized")
        for number in range(MOST_CALLS):
            spoken.write(json.dumps(call(100 + number, "decide", team="board", thread=thread)).encode() + b"\n")
            spoken.until(lambda each: each.get("method") == "elicitation/create")
        spoken.write(json.dumps(call(7, "list")).encode() + b"\n")
        result = spoken.answer(7)["result"]
        assert result["isError"] is True
        assert result["content"][0]["text"].startswith(f"{MOST_CALLS} calls of yours are at work")
        spoken.send("ping", 8)
        assert spoken.answer(8)["result"] == {}
