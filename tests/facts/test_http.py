"""Facts over HTTP: what is taken from a real server on loopback, and the sentence where nothing is."""

import asyncio
import gzip
import json
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.facts.network import Names
from tests.facts.stage import HOST, at, fetched, refused
from tests.wire.raw import Behaviour, http, in_turn, raw_server, repeats, resets, sends, waits

PRICES = {"rate": 0.5, "days": [1, 2], "note": "Grüße"}
BODY = json.dumps(PRICES, ensure_ascii=False).encode()


def said_of(behaviour: Behaviour, **changes: Any) -> str:
    """The sentence, with SERVER where the address is; the query is in none."""
    with raw_server(behaviour) as server:
        said = refused(at(server), **changes)
        assert "secret-day" not in said
        return said.replace(f"http://{HOST}:{server.port}/prices", "SERVER")


def test_json_is_taken_and_the_request_is_plain() -> None:
    modified = {"Last-Modified": "Mon, 02 Mar 2026 10:00:00 GMT", "Set-Cookie": "a=b", "Date": "nonsense"}
    with raw_server(sends(http(BODY, more=modified))) as server:
        raw = fetched(at(server))
    assert (raw.value, raw.as_of) == (PRICES, datetime(2026, 3, 2, 10, tzinfo=UTC))
    head, *lines = server.visits[0].head.decode().split("\r\n")
    assert head == "GET /prices?day=secret-day HTTP/1.1"
    assert {line.lower() for line in lines if line} == {
        *("accept: application/json", "accept-encoding: gzip", "connection: close", "user-agent: accord"),
        f"host: {HOST}:{server.port}",
    }


@pytest.mark.parametrize("kind", ["application/json", "application/JSON; charset=utf-8", "application/hal+json"])
@pytest.mark.parametrize("packed", [False, True])
def test_kinds_of_json_are_taken_packed_or_not(kind: str, packed: bool) -> None:
    body = gzip.compress(BODY[:9]) + gzip.compress(BODY[9:]) if packed else BODY
    more = {"Content-Encoding": "gzip"} if packed else {}
    answer = http(body, more=more).replace(b"application/json", kind.encode())
    with raw_server(sends(answer)) as server:
        raw = fetched(at(server))
    assert (raw.value, raw.as_of) == (PRICES, None)


STATUSES = {
    500: "SERVER answered 500: the server has a fault of its own; try again later",
    503: "SERVER answered 503: the server has a fault of its own; try again later",
    404: "SERVER answered 404: nothing is there; check the address in the team file",
    410: "SERVER answered 410: nothing is there any more; check the address in the team file",
    429: "SERVER answered 429: it was asked too often; try again later",
    401: "SERVER answered 401: it wants credentials; name the variable that has its token as `token_env` under ",
    403: "SERVER answered 403: it wants credentials; name the variable that has its token as `token_env` under ",
    204: "SERVER answered 204 in place of facts",
    304: "SERVER answered 304 in place of facts",
    302: "SERVER answered 302 in place of facts",
    206: "SERVER answered 206 in place of facts",
}


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_is_told_in_a_sentence(status: int) -> None:
    body = b"" if status in (204, 304) else BODY
    said = said_of(sends(http(body, status=f"HTTP/1.1 {status} So\r\n".encode())))
    assert said.startswith(STATUSES[status])


DEEP, LONG = b"[" * 100_000, b'{"a": ' + b"9" * 5_000 + b"}"
WRONG: dict[str, tuple[bytes, str]] = {
    "nothing": (http(b""), "SERVER:1: cannot be read as JSON: it is empty"),
    "no JSON": (http(b"{'a': 1}"), "SERVER:1: cannot be read as JSON: a key in double quotes is expected"),
    "not a number": (http(b'{"a": NaN}'), "SERVER: `NaN` is not JSON; allowed: finite numbers"),
    "a key twice": (http(b'{"a": 1, "a": 2}'), "SERVER: the key `a` is there twice; keep one"),
    "no UTF-8": (http(b'"\xff"'), "SERVER: is not UTF-8 at byte 1"),
    "too deep": (http(DEEP), "SERVER: has a number too long or is nested too deep to be read as JSON"),
    "a number too long": (http(LONG), "SERVER: has a number too long or is nested too deep to be read as JSON"),
    "a page": (
        http(b"<html>").replace(b"application/json", b"text/html; charset=utf-8"),
        "SERVER answered with text/html; allowed: application/json",
    ),
    "no kind": (
        http(BODY).replace(b"Content-Type: application/json\r\n", b""),
        "SERVER does not say that it answers with JSON; allowed: application/json",
    ),
    "another packing": (
        http(BODY, more={"Content-Encoding": "br"}),
        "SERVER: packed its answer as 'br', which was not asked for",
    ),
    "half of what was packed": (
        http(gzip.compress(BODY)[:-9], more={"Content-Encoding": "gzip"}),
        "SERVER: ended in the middle of what it packed",
    ),
    "what nobody packed": (http(BODY, more={"Content-Encoding": "gzip"}), "SERVER: cannot be unpacked: "),
    "twenty members": (
        http(gzip.compress(b"1") * 20, more={"Content-Encoding": "gzip"}),
        "SERVER: packed its answer in more than 16 parts",
    ),
    "half a body": (http(BODY, length=999), "SERVER: the connection was lost before the answer was whole"),
    "garbage": (b"\x00\x01\x02 garbage\r\n\r\n", "SERVER: sent what is not an HTTP answer: "),
    "a header without end": (
        b"HTTP/1.1 200 OK\r\nA: " + b"a" * 100_000,
        "SERVER: sent what is not an HTTP answer: ",
    ),
    "a thousand headers": (
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1_000 + b"\r\n",
        "SERVER: sent what is not an HTTP answer: ",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_an_answer_is_told_in_a_sentence(name: str) -> None:
    answer, told = WRONG[name]
    assert said_of(sends(answer)).startswith(told)


def test_a_connection_that_is_lost_or_refused_is_told() -> None:
    assert said_of(resets).startswith("SERVER: the connection was ")
    assert said_of(sends()) == "SERVER: the connection was closed without an answer"
    with raw_server(waits) as server:
        url = at(server)
    assert refused(url).endswith(": refused the connection")
    unknown = "http://no.test:8080/"
    assert refused(unknown, names=Names({})) == f"{unknown}: the name of the host was not found"


# --- bounds ----------------------------------------------------------------------------------------------------------

LATE = "SERVER did not give its whole answer within 0.3 seconds, which is the source's `timeout`"
SLOW: dict[str, Behaviour] = {
    "silence": waits,
    "drops of a head": sends(b"HTTP/1.1 200 OK\r\n", then=repeats(b"A: b\r\n", 0.02)),
    "drops of a body": sends(http(b"[", length=99_999), then=repeats(b"1,", 0.02)),
    "a redirect, and silence": in_turn(
        sends(b"HTTP/1.1 302 Found\r\nLocation: /late\r\nContent-Length: 0\r\n\r\n"), waits
    ),
}


@pytest.mark.parametrize("name", SLOW)
def test_the_deadline_is_for_the_whole_answer(name: str) -> None:
    assert said_of(SLOW[name], timeout=0.3) == LATE


def test_the_deadline_is_for_tls_and_names_too() -> None:
    async def never(host: str, port: int) -> list[str]:
        await asyncio.sleep(60)
        return []

    with raw_server(waits, reads=False) as server:
        assert "within 0.3 seconds" in refused(at(server, scheme="https"), timeout=0.3)
        assert "within 0.3 seconds" in refused(at(server), names=never, timeout=0.3)


LARGE = "SERVER: sent more than 1,000,000 bytes; raise `max_bytes` of the source if it is meant"


def test_fifty_megabytes_are_a_sentence_and_are_never_held() -> None:
    zeros = b"0" * 1_000_000
    packed = gzip.compress(b"0" * 50_000_000)
    chunked = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    tracemalloc.start()
    try:
        assert said_of(sends(http(b"", length=50_000_000), then=repeats(zeros))) == LARGE
        assert said_of(sends(chunked, then=repeats(b"10000\r\n" + b"0" * 65_536 + b"\r\n"))) == LARGE
        tracemalloc.reset_peak()
        assert said_of(sends(http(packed, more={"Content-Encoding": "gzip"}))) == LARGE
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("packed", [False, True])
def test_as_many_bytes_as_are_allowed_are_taken(packed: bool) -> None:
    body = b'"' + b"a" * 98 + b'"'
    sent = gzip.compress(body) if packed else body
    answer = sends(http(sent, more={"Content-Encoding": "gzip"} if packed else {}))
    with raw_server(answer) as server:
        assert fetched(at(server), max_bytes=100).value == "a" * 98
    assert said_of(answer, max_bytes=99).startswith("SERVER: sent more than 99 bytes")
