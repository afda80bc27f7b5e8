"""A chat-completions server on loopback that answers what a script says, and records what it was asked.

    with serve({("risk_analyst", 1): [status(429), says("block")], "brief": [text("Ship it.")]}) as server:
        ...  # point the client at server.base_url
    assert not server.unscripted

A call is looked up by (role, round), then by role; the brief's call, and a synthesis, by "brief". The answers of a key
are used up in order, one a request, transport retries included; a function answers each call of its key. A key that is
missing or used up is answered 500, with the header that stops the client from retrying, and noted in `unscripted`.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self, TypeAlias, TypeVar

from aiohttp import web

HTML_PAGE = "<!doctype html><html><head><title>Gateway</title></head><body>Please sign in.</body></html>"


@dataclass(frozen=True)
class Answer:
    """One scripted answer; made by the functions below, which nest: drips(truncated(says("go")), 0.01)."""

    content: str | Mapping[str, object] | None = None  # a mapping: a contribution, by the role asked unless it says so
    finish_reason: str = "stop"
    usage: tuple[int, int] | None = (100, 20)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    body: str | None = None
    delay: float = 0.0
    drip: float = 0.0
    ending: Literal["whole", "truncated", "reset", "silent"] = "whole"
    repeats: bool = False
    may_go: Callable[[], bool] = lambda: True


Key: TypeAlias = str | tuple[str, int]
Reply: TypeAlias = "Callable[[Call], Answer]"
Script: TypeAlias = Mapping[Key, "Answer | Sequence[Answer] | Reply"]


def says(
    stance: object, summary: object = "Fine.", confidence: object = 0.9, actions: object = ("Go on.",), **extra: object
) -> Answer:
    """A contribution, by the role that was asked unless `agent` is given. Any value may be wrong on purpose."""
    return Answer({"stance": stance, "summary": summary, "confidence": confidence, "actions": actions, **extra})


def text(content: str | None, finish_reason: str = "stop") -> Answer:
    """A message with this very content."""
    return Answer(content, finish_reason=finish_reason)


def status(code: int, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
    """An HTTP status; a string body is sent as it is, None is an error object as the API sends it."""
    if body is None:
        body = {"error": {"message": f"scripted {code}", "type": "scripted", "param": None, "code": None}}
    return Answer(status=code, body=body if isinstance(body, str) else json.dumps(body), headers=headers or {})


def hangs(seconds: float) -> Answer:
    """Accepts the request and says nothing for so long, then closes the connection."""
    return Answer(ending="silent", delay=seconds)


def closes(answer: Answer | None = None) -> Answer:
    """The connection is closed without a byte; with an answer, it is reset (RST) half way through its body."""
    return replace(answer, ending="reset") if answer else Answer(ending="silent")


def truncated(answer: Answer) -> Answer:
    """Whole headers, half of the promised body, then the end of the stream (FIN)."""
    return replace(answer, ending="truncated")


def delayed(answer: Answer, seconds: float) -> Answer:
    return replace(answer, delay=answer.delay + seconds)


def held(answer: Answer, may_go: Callable[[], bool]) -> Answer:
    """The answer waits until it may go."""
    return replace(answer, may_go=may_go)


def drips(answer: Answer, seconds_per_byte: float) -> Answer:
    """The body comes one byte at a time, so that no single read is ever slow."""
    return replace(answer, drip=seconds_per_byte)


def wrong_content_type(answer: Answer) -> Answer:
    """The answer's status and headers, over an HTML page."""
    return replace(answer, content_type="text/html", body=HTML_PAGE)


def with_usage(answer: Answer, prompt_tokens: int, completion_tokens: int) -> Answer:
    return replace(answer, usage=(prompt_tokens, completion_tokens))


def without_usage(answer: Answer) -> Answer:
    return replace(answer, usage=None)


def forever(answer: Answer) -> Answer:
    """Given again and again; only as the last answer of a key, or alone in place of the list."""
    return replace(answer, repeats=True)


AnyServer = TypeVar("AnyServer", bound=AbstractAsyncContextManager[Any])


@dataclass
class Call:
    """One recorded request. `role` is "brief" for the brief and "" for anything else; header names are lower case."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    user: dict[str, Any]
    role: str
    round: int | None
    query: str = ""
    answered: bool = False  # the scripted answer went out whole, to a client that was still there


class ScriptedServer:
    """`async with ScriptedServer(script) as server`, or `with serve(script) as server` from code without a loop."""

    def __init__(self, script: Script) -> None:
        self._replies: dict[Key, Reply] = {key: a for key, a in script.items() if callable(a)}
        scripted = {key: a for key, a in script.items() if not callable(a)}
        self._script = {key: (a,) if isinstance(a, Answer) else tuple(a) for key, a in scripted.items()}
        if any(answer.repeats for answers in self._script.values() for answer in answers[:-1]):
            raise ValueError("answers after forever(...) are never given")
        self._used: Counter[Key] = Counter()
        self.calls: list[Call] = []
        self.unscripted: list[str] = []
        self.base_url = ""

    def calls_of(self, role: str) -> list[Call]:
        return [call for call in self.calls if call.role == role]

    async def __aenter__(self) -> Self:
        server = web.Server(self._handle, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.01)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        call = _recorded(request, await request.content.read())
        self.calls.append(call)
        answer = self._next(request.method, call)
        if isinstance(answer, str):
            self.unscripted.append(answer)
            return web.json_response({"error": {"message": answer}}, status=500, headers={"x-should-retry": "false"})
        await asyncio.sleep(answer.delay)
        while not answer.may_go():
            await asyncio.sleep(0.01)
        return await _send(request, call, answer)

    def _next(self, method: str, call: Call) -> Answer | str:
        """The answer, or the complaint that there is none."""
        if (method, call.path) != ("POST", "/v1/chat/completions") or not call.role or call.body.get("stream"):
            return f"not scripted: {method} {call.path}, user message {call.user}, stream {call.body.get('stream')}"
        by_round: Key = (call.role, call.round or 0)
        reply = self._replies.get(by_round) or (None if by_round in self._script else self._replies.get(call.role))
        if reply:
            return reply(call)
        key = by_round if by_round in self._script else call.role
        answers = self._script.get(key, ())
        used = self._used[key]
        if used >= len(answers) and not (answers and answers[-1].repeats):
            return f"the script of {key!r} ran out: it has {len(answers)} answer(s); asked was {by_round!r}"
        self._used[key] += 1
        return answers[min(used, len(answers) - 1)]


def _recorded(request: web.BaseRequest, raw: bytes) -> Call:
    body = _json_object(raw)
    said = [message.get("content") for message in body.get("messages", []) if message.get("role") == "user"]
    user = _json_object(said[-1] if said else None)
    role = str(user.get("role") or ("brief" if {"history", "results"} & user.keys() else ""))
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Call(request.path, headers, body, user, role, user.get("round"), request.query_string)


def _json_object(raw: Any) -> dict[str, Any]:
    with suppress(TypeError, ValueError):
        value = json.loads(raw)
        return value if isinstance(value, dict) else {}
    return {}


async def _send(request: web.BaseRequest, call: Call, answer: Answer) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers={**answer.headers, "Content-Type": answer.content_type})
    if answer.ending != "silent":
        await _write(request, response, call, answer)
    if answer.ending == "reset" and request.transport is not None:
        linger_not = struct.pack("ii", 1, 0)
        request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
    if answer.ending != "whole":
        request.protocol.force_close()  # what aiohttp would still write goes nowhere, and it does not complain
    return response


async def _write(request: web.BaseRequest, response: web.StreamResponse, call: Call, answer: Answer) -> None:
    """`answered` is set before the last byte leaves: no client has its answer while the record says it has not."""
    body = (json.dumps(completion_of(answer, call)) if answer.body is None else answer.body).encode()
    response.content_length = len(body)
    sent = body if answer.ending == "whole" else body[: len(body) // 2]
    *head, last = [sent[i : i + 1] for i in range(len(sent))] if answer.drip and sent else [sent]
    try:
        await response.prepare(request)
        for chunk in head:
            await response.write(chunk)
            await asyncio.sleep(answer.drip)
        call.answered = answer.ending == "whole" and request.transport is not None
        await response.write(last)
    except ConnectionError:
        call.answered = False


def completion_of(answer: Answer, call: Call) -> dict[str, object]:
    said = answer.content
    content = json.dumps({"agent": call.role, **said}) if isinstance(said, Mapping) else said
    message = {"role": "assistant", "content": content, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": answer.finish_reason, "logprobs": None}
    made: dict[str, object] = {"id": f"chatcmpl-{call.role}-{call.round}", "object": "chat.completion", "created": 0}
    made |= {"model": call.body.get("model", ""), "choices": [choice]}
    if answer.usage is not None:
        kinds = ("prompt_tokens", "completion_tokens", "total_tokens")
        made["usage"] = dict(zip(kinds, (*answer.usage, sum(answer.usage)), strict=True))
    return made


def serve(script: Script) -> AbstractContextManager[ScriptedServer]:
    """The server in a thread of its own, with a loop of its own."""
    return served(ScriptedServer(script))


@contextmanager
def served(server: AnyServer) -> Iterator[AnyServer]:
    """The same for a server of any kind."""
    ready, stop = threading.Event(), threading.Event()

    async def live() -> None:
        async with server:
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(live()), name="scripted-server", daemon=True)
    thread.start()
    try:
        assert ready.wait(10), "the scripted server did not start"
        yield server
    finally:
        stop.set()
        thread.join()
