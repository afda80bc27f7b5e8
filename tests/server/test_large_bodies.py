"""A large body, or a long answer of the LangGraph server, is read off the event loop: there it would hold up everybody.

What takes bodies is asked alone here: over HTTP, nobody can see on which thread something was read.
"""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph.web.calls import CALLER
from graph.web.limits import Limits
from graph.web.mounted import door
from graph.web.mounted.shut import Shut
from graph.web.watched import NOTES
from policies.access.caller import Caller

READER = Caller("acme", "ada", frozenset({"read", "run"}))
RUNS = "/threads/{thread_id}/runs"
Asking = Callable[[bytes, pytest.MonkeyPatch], Awaitable[None]]


async def answered(scope: Scope, receive: Receive, send: Send) -> None:
    await Response()(scope, receive, send)


async def ask(asked: ASGIApp, body: bytes, **scope: Any) -> None:
    """Ask something to take a body."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        pass

    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await asked({"type": "http", "method": "POST", "headers": headers, CALLER: READER, **scope}, receive, send)


async def of_ours(body: bytes, _: pytest.MonkeyPatch) -> None:
    drives = SimpleNamespace(ending=asyncio.Event())
    service = SimpleNamespace(terms=SimpleNamespace(max_bytes=2_000_000), drives=drives)
    app = SimpleNamespace(state=SimpleNamespace(service=service))
    await ask(Limits(answered), body, path="/v1/execute", query_string=b"", app=app)


async def of_the_server(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    async def let_in(*_: Any, **__: Any) -> Response:
        return Response()

    monkeypatch.setattr(door, "_refused", let_in)
    await ask(door.Door(answered), body, path="/threads/x/runs")


async def of_its_answer(body: bytes, _: pytest.MonkeyPatch) -> None:
    async def listed(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(body)(scope, receive, send)

    await ask(Shut(listed), b"", path="/threads/x/runs", **{NOTES: {"route": RUNS}})


@pytest.mark.parametrize("asking", [of_ours, of_the_server, of_its_answer])
@pytest.mark.parametrize(("size", "is_off"), [(100, False), (500_000, True)])
def test_what_is_large_is_read_and_written_off_the_event_loop(
    size: int, is_off: bool, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = list[threading.Thread]()
    for name in ("loads", "dumps"):
        monkeypatch.setattr(json, name, noting(getattr(json, name), size, threads))

    asyncio.run(_done(asking(b"[" + b"1," * (size // 2) + b"1]", monkeypatch)))

    assert len(threads) == (2 if asking is of_its_answer else 1)
    assert {each is not threading.main_thread() for each in threads} == {is_off}


def noting(work: Callable[..., Any], size: int, threads: list[threading.Thread]) -> Callable[..., Any]:
    """Return what notes on which thread so much is worked on."""

    def noted(given: Any, **options: Any) -> Any:
        if len(given) >= size // 2:
            threads.append(threading.current_thread())
        return work(given, **options)

    return noted


async def _done(asked: Awaitable[None]) -> None:
    await asked
