"""Names are looked up by the system, once a source, and nothing waits for a resolver beyond the deadline."""

import socket
import threading
import time
from typing import Any

import pytest

from graph.facts.wire.peers import look_up
from tests.facts.network import connections, run
from tests.facts.stage import HOST, at, fetched, refused
from tests.wire.raw import http, raw_server, sends


def answering(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Have the system answer with these addresses, one a lookup; returns the names that it was asked for."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        address = addresses[min(len(asked), len(addresses)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_the_system_is_asked_once_and_a_changed_answer_is_never_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(sends(http(b"{}"))) as server, connections() as log:
        asked = answering(monkeypatch, "127.0.0.1", "10.0.0.7")
        assert fetched(at(server), names=look_up).value == {}
        assert (asked, log) == ([HOST], [("127.0.0.1", server.port)])


def test_a_literal_address_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(sends(http(b"{}"))) as server:
        asked = answering(monkeypatch, "10.0.0.7")
        assert fetched(at(server, host="127.0.0.1"), names=look_up).value == {}
    assert asked == []


@pytest.mark.parametrize("error", [socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")])
def test_a_name_that_is_not_found_is_told(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert refused("http://facts.test:81/", names=look_up) == (
        "http://facts.test:81/: the name of the host was not found"
    )


def test_a_resolver_that_hangs_holds_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()

    def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        answered.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    started = time.monotonic()
    assert "within 0.2 seconds" in refused("http://facts.test:81/", names=look_up, timeout=0.2)
    assert time.monotonic() - started < 5
    answered.set()
    while any(thread.name == "facts-look-up" for thread in threading.enumerate()):
        time.sleep(0.01)


def test_what_the_system_finds_is_returned() -> None:
    assert "127.0.0.1" in run(look_up("localhost", 80))
