"""Who may do what over HTTP: tenants, scopes, sessions, tokens that are revoked, and the gate before everything."""

import asyncio
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import TextResourceContents

from tests.mcp.clients import MODES, Agent, Mode, Person, Way, tools_at
from tests.service.callers import accord, token
from tests.service.process import Served
from tests.service.stories import lay

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(300)]
YES = {"decision": "go_with_caution", "because": "As agreed."}
JSON = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
OPENING = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "n", "version": "1"}},
}
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


@dataclass(frozen=True)
class Place:
    """A server with tokens of two tenants."""

    home: Path
    served: Served
    ada: str
    gus: str

    def way(self, of: str) -> Way:
        return Way(self.home, self.served.url, of)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = lay(tmp_path_factory.mktemp("tenants"))
    ada, gus = token(home, "acme", "ada"), token(home, "globex", "gus")
    with tools_at(home) as served:
        yield Place(home, served, ada, gus)


Story = Callable[[Agent], Awaitable[Any]]


@pytest.mark.parametrize("mode", MODES)
def test_another_tenants_thread_is_as_if_there_were_none(place: Place, mode: Mode) -> None:
    async def begin(agent: Agent) -> str:
        return str((await agent.told("decide", team="board", thread=str(uuid.uuid4())))["thread_id"])

    thread, nobodys = place.way(place.ada).tell(begin, mode), str(uuid.uuid4())

    async def look(agent: Agent) -> None:
        for name in (thread, nobodys):
            told = f"there is no thread `{name}`"
            assert await agent.refusal("show", thread=name) == told
            assert await agent.refusal("why", thread=name) == told
            assert await agent.refusal("answer", thread=name) == told
            assert await agent.refusal("answer", thread=name, by="cfo", **YES) == told
            for part in ("report", "audit"):
                with pytest.raises(MCPError) as refused:
                    await agent.client.read_resource(f"accord://runs/{name}/{part}")
                assert refused.value.error.message == told
        assert await agent.refusal("decide", team="board", thread=thread) == f"there is no thread `{thread}`"
        assert (await agent.told("list"))["items"] == []
        assert (await agent.told("list", waiting="inbox"))["items"] == []

    place.way(place.gus).tell(look, mode)

    async def own(agent: Agent) -> list[str]:
        found = [await agent.told("list"), await agent.told("list", waiting="inbox")]
        return [thread for page in found for thread in (each["thread_id"] for each in page["items"])]

    assert place.way(place.ada).tell(own, mode).count(thread) == 2


CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "decide": ("run", {"team": "agrees"}),
    "show": ("read", {"thread": "t"}),
    "why": ("read", {"thread": "t"}),
    "list": ("read", {}),
    "answer": ("decide", {"thread": "t", "decision": "go", "because": "So.", "by": "cfo"}),
}


@pytest.mark.parametrize("scope", ["read", "run", "decide"])
def test_a_tool_says_which_scope_it_needs(scope: str, place: Place) -> None:
    async def story(agent: Agent) -> dict[str, Any]:
        found = {}
        for name, (_, arguments) in CALLS.items():
            result = await agent.call(name, **arguments)
            found[name] = result.content[0].text if result.is_error else None  # type: ignore[union-attr]
        try:
            await agent.client.read_resource("accord://runs/t/report")
        except MCPError as error:
            found["report"] = error.error.message
        return found

    told = place.way(token(place.home, "acme", "sam", scope)).tell(story)
    for name, (needed, _) in {**CALLS, "report": ("read", {})}.items():
        lacks = f"this needs the scope {needed}; the token of sam has {scope}"
        assert (told[name] == lacks) == (needed != scope), (name, told[name])


@pytest.mark.parametrize("mode", MODES)
def test_who_answers_is_the_person_of_the_token(place: Place, mode: Mode) -> None:
    cfo, cto = token(place.home, "acme", "cfo"), token(place.home, "acme", "cto", "run", "read")
    asks, sees = Person([YES]), Person([YES])

    async def story(agent: Agent) -> Any:
        return await agent.told("decide", team="board")

    waiting = place.way(cto).tell(story, mode, sees)  # the CTO is asked, and this token may not decide
    assert (waiting["status"], sees.seen) == ("waiting", [])

    async def answer(agent: Agent) -> Any:
        false = await agent.refusal("answer", thread=waiting["thread_id"], by="cto", **YES)
        assert false == "`by` is 'cto', and the token is of cfo; leave `by` out, or answer in your own name"
        return await agent.told("answer", thread=waiting["thread_id"])

    after = place.way(cfo).tell(answer, mode, asks)
    assert "by" not in asks.seen[0][1]["properties"]
    assert after["to_answer"][0]["may_answer"] == ["cto"]
    exported = accord(place.home, "audit", "export", waiting["thread_id"]).stdout
    assert '"identity":"cfo"' in exported

    async def audit(agent: Agent) -> str:
        (part,) = (await agent.client.read_resource(f"accord://runs/{waiting['thread_id']}/audit")).contents
        assert isinstance(part, TextResourceContents)
        return part.text

    with pytest.raises(BaseExceptionGroup) as shut:
        place.way(cto).tell(audit, mode)
    assert "holds answers to a question that is open" in str(leaf(shut.value))
    assert place.way(cfo).tell(audit, mode) == exported


def leaf(error: BaseException) -> BaseException:
    return leaf(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def opened(client: httpx.Client) -> str:
    answer = client.post("/mcp", json=OPENING, headers=JSON)
    assert answer.status_code == 200, answer.text
    return str(answer.headers["mcp-session-id"])


def test_a_session_is_of_the_token_that_opened_it(place: Place) -> None:
    another = token(place.home, "acme", "ada")
    with (
        place.served.client(place.ada) as ada,
        place.served.client(place.gus) as gus,
        place.served.client(another) as twin,
        place.served.client() as nobody,
    ):
        headers = {**JSON, "mcp-session-id": opened(ada), "mcp-protocol-version": "2025-06-18"}
        unknown = {**headers, "mcp-session-id": "0" * 32}
        assert ada.post("/mcp", json=PING, headers=headers).status_code == 200
        for other in (gus, twin):
            for method, body in (("POST", PING), ("GET", None), ("DELETE", None)):
                found = other.request(method, "/mcp", json=body, headers=headers)
                lost = other.request(method, "/mcp", json=body, headers=unknown)
                assert (found.status_code, found.content) == (lost.status_code, lost.content) == (404, lost.content)
        assert nobody.post("/mcp", json=PING, headers=headers).status_code == 401
        assert ada.post("/mcp", json=PING, headers=headers).status_code == 200
        assert ada.delete("/mcp", headers=headers).status_code == 200
        assert ada.post("/mcp", json=PING, headers=headers).status_code == 404


def test_a_token_that_is_revoked_ends_its_sessions_and_streams(place: Place) -> None:
    text = token(place.home, "acme", "lea")
    listed = accord(place.home, "token", "list").stdout
    name = next(line.split()[0] for line in listed.splitlines() if " lea " in f"{line} ")
    with place.served.client(text) as lea:
        headers = {**JSON, "mcp-session-id": opened(lea), "mcp-protocol-version": "2025-06-18"}
        with lea.stream("GET", "/mcp", headers=headers) as stream:
            assert stream.status_code == 200
            assert accord(place.home, "token", "revoke", name).returncode == 0
            began = time.monotonic()
            assert stream.read() == b""
            assert time.monotonic() - began < 60
        assert lea.post("/mcp", json=PING, headers=headers).status_code == 401
        assert lea.post("/mcp", json=OPENING, headers=JSON).status_code == 401


def test_over_stdio_a_token_says_on_whose_behalf_until_it_is_revoked(place: Place) -> None:
    text = token(place.home, "globex", "lou", "read", "run")
    listed = accord(place.home, "token", "list").stdout
    name = next(line.split()[0] for line in listed.splitlines() if " lou " in f"{line} ")

    async def story(agent: Agent) -> str:
        record = await agent.told("decide", team="agrees")
        assert "needs the scope decide" in await agent.refusal("answer", thread=record["thread_id"])
        revoked = await asyncio.to_thread(accord, place.home, "token", "revoke", name)
        assert revoked.returncode == 0
        gone = await agent.refusal("show", thread=record["thread_id"])
        assert gone == "ACCORD_TOKEN is not accepted: it is not known, it expired or was revoked"
        return str(record["thread_id"])

    thread = Way(place.home, token=text).tell(story)
    assert '"tenant":"globex"' in accord(place.home, "audit", "export", thread).stdout
    assert "accord: ACCORD_TOKEN is not accepted" in _why_not(place, text)


def test_a_token_that_is_empty_acts_for_nobody(place: Place) -> None:
    assert "accord: ACCORD_TOKEN is empty" in _why_not(place, "")


def _why_not(place: Place, text: str) -> str:
    env = {**os.environ, "ACCORD_HOME": str(place.home), "ACCORD_TOKEN": text}
    command = [sys.executable, "-m", "graph", "mcp"]
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr


REFUSED: dict[str, tuple[dict[str, str], int]] = {
    "no token": ({"authorization": ""}, 401),
    "another host": ({"host": "evil.example"}, 421),
    "another page": ({"origin": "https://evil.example"}, 403),
    "no JSON": ({"content-type": "text/plain"}, 400),
    "no stream": ({"accept": "application/json"}, 406),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_gate_stands_before_the_tools(name: str, place: Place) -> None:
    changes, status = REFUSED[name]
    headers = {**JSON, "authorization": f"Bearer {place.ada}", **changes}
    with place.served.client() as client:
        answer = client.post("/mcp", json=OPENING, headers={key: value for key, value in headers.items() if value})
        assert answer.status_code == status, answer.text


def test_nothing_else_is_served_but_what_monitors_ask(place: Place) -> None:
    admin = token(place.home, "local", "ops")
    with place.served.client(admin) as ops, place.served.client() as nobody:
        assert nobody.get("/health").status_code == nobody.get("/ready").status_code == 200
        assert (nobody.get("/metrics").status_code, ops.get("/metrics").status_code) == (401, 200)
        assert 'route="/mcp"' in ops.get("/metrics").text
        for path in ("/v1/runs", "/v1/openapi.json", "/v1/metrics", "/board", "/docs", "/threads/search", "/mcp/x"):
            assert ops.get(path).status_code == 404, path
        assert ops.put("/mcp").status_code == 405
        assert ops.get(f"/mcp?token={admin}").status_code == 400
