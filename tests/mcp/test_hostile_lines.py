"""Lines that no client of good will writes: each is answered in a sentence, and the next one is served.

Everything on stdout is a message of the protocol, whatever else happens in the process.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.durability.processes import Desk
from tests.mcp.lines import Message, Spoken
from tests.service.process import Served

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(300)]


def call(arguments: str, name: int = 5, tool: str = '"decide"') -> bytes:
    params = f'{{"name": {tool}, "arguments": {arguments}}}'
    return f'{{"jsonrpc": "2.0", "id": {name}, "method": "tools/call", "params": {params}}}'.encode()


def request(method: str, params: str) -> bytes:
    return f'{{"jsonrpc": "2.0", "id": 5, "method": "{method}", "params": {params}}}'.encode()


DEEP = '{"a":' * 60 + "1" + "}" * 60
ABYSS = "[" * 100_000 + "]" * 100_000
LINES: dict[str, tuple[bytes, int | None, str]] = {
    "no JSON": (b"hello", None, "cannot be read as JSON"),
    "half a line": (b'{"jsonrpc": "2.0", "id": 5', None, "cannot be read as JSON"),
    "bytes": (b"\xff\xfe\x00", None, "is not UTF-8"),
    "a batch": (b"[" + call("{}") + b"]", None, "allowed: one JSON object"),
    "a number": (b"7", None, "the message is 7; allowed: one JSON object"),
    "no protocol": (b'{"id": 5, "method": "ping"}', None, "the message is none of JSON-RPC 2.0"),
    "a key twice": (call('{"team": "agrees", "team": "board"}'), None, "twice"),
    "NaN": (call('{"team": "agrees", "facts": {"rate": NaN}}'), None, "`NaN` is not JSON"),
    "an abyss": (call(ABYSS), None, "nested too deep"),
    "a deep object": (call(f'{{"team": "agrees", "facts": {DEEP}}}'), 5, "nested deeper than 32 levels"),
    "a NUL": (call('{"team": "agrees", "goal": "a\\u0000b"}'), 5, "has a NUL character or a lone surrogate"),
    "half a character": (call('{"team": "agrees", "goal": "\\ud800"}'), 5, "has a NUL character or a lone surrogate"),
    "half a character in a key": (call('{"team": "agrees", "facts": {"\\udfff": 1}}'), 5, "lone surrogate"),
    "a long text": (call(json.dumps({"team": "agrees", "goal": "a" * 30_000})), 5, "has 30000 characters; allowed"),
    "many items": (call(json.dumps({"team": "agrees", "facts": {"a": [1] * 5_000}})), 5, "has 5000 items; allowed"),
    "a huge number": (call('{"team": "agrees", "facts": {"rate": 1e999}}'), 5, "allowed: finite numbers"),
    "no name": (call("{}", tool="7"), 5, "the call names no tool"),
    "no object": (call('"agrees"'), 5, "`arguments` is 'agrees'; allowed: an object"),
    "half an id": (b'{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', None, "`id` is 1.5; allowed: a whole number"),
    "a truth as id": (b'{"jsonrpc": "2.0", "id": true, "method": "ping"}', None, "`id` is true; allowed"),
    "nothing as id": (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}', None, "`id` is null; allowed"),
    "an address of 5": (request("resources/read", '{"uri": 5}'), 5, "`params.uri` is 5; allowed: text"),
    "no address": (request("resources/read", "{}"), 5, "`params.uri` is missing"),
    "a cursor of 5": (request("tools/list", '{"cursor": 5}'), 5, "`params.cursor` is 5; allowed: text"),
    "notes of 5": (request("tools/call", '{"name": "list", "_meta": 5}'), 5, "`params._meta` is 5; allowed"),
    "a token of none": (
        request("tools/call", '{"name": "list", "_meta": {"progressToken": {"a": 1}}}'),
        5,
        "`params._meta.progressToken` is {'a': 1}; allowed: text",
    ),
    "a state of 5": (request("tools/call", '{"name": "list", "requestState": 5}'), 5, "`params.requestState` is 5"),
    "responses of 5": (request("tools/call", '{"name": "list", "inputResponses": 5}'), 5, "`params.inputResponses`"),
    "a version of 5": (request("initialize", '{"protocolVersion": 5}'), 5, "`params.protocolVersion` is 5"),
    "parameters in a list": (request("ping", "[1]"), 5, "`params` is [1]; allowed: an object"),
    "too long": (call(json.dumps({"team": "a" * 2_000_000})), None, "has more than 1,000,000 bytes"),
}


def sentence_in(message: Message) -> str:
    if "error" in message:
        return str(message["error"]["message"])
    result = message["result"]
    assert result["isError"] is True
    return str(result["content"][0]["text"])


@pytest.fixture(scope="module")
def spoken(desk: Desk) -> Iterator[Spoken]:
    with Spoken.started(desk.folder / "home", desk.folder / "log") as one:
        one.open()
        yield one


@pytest.mark.parametrize("name", LINES)
def test_a_line_is_answered_in_a_sentence_and_the_next_one_is_served(name: str, spoken: Spoken) -> None:
    line, named, told = LINES[name]
    spoken.write(line + b"\n")
    answer = spoken.answer(named)
    check(sentence_in(answer), told)
    spoken.send("tools/call", 9, name="list", arguments={})
    assert spoken.answer(9)["result"]["structuredContent"]["next"] is None


def check(sentence: str, told: str) -> None:
    assert told in sentence
    assert "Traceback" not in sentence
    assert len(sentence) < 1_000


@pytest.mark.parametrize("name", [name for name in LINES if name != "half a line"])
def test_a_body_is_answered_in_a_sentence(name: str, served: Served) -> None:
    line, named, told = LINES[name]
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    modern = {**headers, "mcp-protocol-version": "2026-07-28"}
    with served.client() as client:
        for each in (headers, modern):
            answer = client.post("/mcp", content=line, headers=each)
            assert answer.status_code in (200, 400, 413), answer.text
            said: Any = answer.json()
            check(said["detail"] if answer.status_code == 413 else sentence_in(said), told)
            if answer.status_code == 200:
                assert said["id"] == named
        assert client.get("/health").json()["status"] == "ok"


def test_a_call_before_the_session_is_open_is_answered_in_a_sentence(desk: Desk, tmp_path: Path) -> None:
    with Spoken.started(desk.folder / "home", tmp_path / "log") as one:
        one.write(call("{}", tool='"list"') + b"\n")
        assert sentence_in(one.answer(5)).startswith("the request comes before `initialize` was answered, or")
        one.open()


@pytest.mark.parametrize("version", ["1999-01-01", "x"])
def test_a_version_that_nobody_knows_is_answered_with_those_there_are(version: str, served: Served) -> None:
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    with served.client() as client:
        for method in ("POST", "GET", "DELETE"):
            answer = client.request(method, "/mcp", headers={**headers, "mcp-protocol-version": version}, content=b"{}")
            assert answer.status_code == 400
            told = f"the header MCP-Protocol-Version is {version}; allowed: 2024-11-05, 2025-03-26, "
            assert sentence_in(answer.json()).startswith(told)


def test_blank_lines_mean_nothing_and_stdin_that_is_closed_ends_it(desk: Desk, tmp_path: Path) -> None:
    with Spoken.started(desk.folder / "home", tmp_path / "log") as one:
        one.write(b"\n  \n\n")
        one.open()
        rest, code = one.ended(None)
    assert (rest, code) == ([], 0)
    assert (tmp_path / "log").read_text() == ""
