"""A LangSmith endpoint on loopback: it keeps every request as it came, and reads the runs out of the multipart bodies.

It answers `GET /info` and `POST /runs/multipart`, `/feedback`; how, a test may change: after a delay, with a status, or
not at all. What it reads rests on the bytes alone, on nothing of Accord's and nothing of LangSmith's library.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, Self

from aiohttp import web

from tests.scripted_server import served

Json = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def whole(self) -> bytes:
        """Every byte that a canary could be in."""
        said = "".join(f"{name}: {value}\n" for name, value in self.headers.items())
        return f"{self.method} {self.path}?{self.query}\n{said}\n".encode() + self.body

    @property
    def parts(self) -> dict[str, Any]:
        """The parts of a multipart body by name, as JSON."""
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        message = BytesParser(policy=HTTP).parsebytes(head + self.body)
        return {part_name(part): json.loads(bytes(part.get_payload(decode=True))) for part in message.iter_parts()}


def part_name(part: Any) -> str:
    return str(part.get_param("name", header="content-disposition"))


@dataclass
class Answers:
    """How the endpoint answers: after so many seconds, with which status, or by path with which."""

    delay: float = 0.0
    status: int = 202
    by_path: dict[str, int] = field(default_factory=dict)
    is_silent: bool = False


class LangSmithEndpoint:
    """Use as `with langsmith() as endpoint`."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.requests: list[Request] = []
        self.arrived: list[str] = []
        self.url = ""
        self.wants_session = False
        self.fails_first = 0
        self.session = "11111111-2222-4333-8444-555555555555"

    async def __aenter__(self) -> Self:
        server = web.Server(self._handle, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.01)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.arrived.append(request.path)
        if self.answers.is_silent:
            await asyncio.sleep(600)
        body = await request.content.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        await asyncio.sleep(self.answers.delay)
        status = self.answers.by_path.get(request.path, self.answers.status)
        if request.path == "/runs/multipart" and self.fails_first:
            self.fails_first, status = self.fails_first - 1, 503
        if self.wants_session and request.path == "/feedback" and b"session_id" not in body:
            status = 422
        if status < 300:
            self.requests.append(Request(request.method, request.path, request.query_string, headers, body))
        return web.json_response(self._said(request), status=status)

    def _said(self, request: web.BaseRequest) -> Any:
        if request.path == "/sessions":
            began = "2026-01-01T00:00:00Z"
            return [{"id": self.session, "name": "default", "tenant_id": self.session, "start_time": began}]
        return {} if request.method == "GET" else {"message": "taken"}

    @property
    def posted(self) -> list[Request]:
        """What was posted, without the greeting."""
        return [request for request in self.requests if request.method == "POST"]

    @property
    def size(self) -> int:
        """The bytes of all bodies."""
        return sum(len(request.body) for request in self.posted)

    @property
    def bytes(self) -> bytes:
        return b"\n".join(request.whole for request in self.requests)

    @property
    def parts(self) -> list[tuple[str, Any]]:
        """Every part of every multipart body, in order."""
        bodies = [request for request in self.posted if request.path == "/runs/multipart"]
        return [pair for request in bodies for pair in request.parts.items()]

    @property
    def runs(self) -> dict[str, Json]:
        """Each run by its id, as LangSmith puts it together: a later part replaces what an earlier one said."""
        runs: dict[str, Json] = {}
        for name, value in self.parts:
            kind, run, *rest = name.split(".")
            assert kind in ("post", "patch"), name
            told = {rest[0]: value} if rest else {key: each for key, each in value.items() if each is not None}
            runs.setdefault(run, {}).update(told)
        return runs

    @property
    def roots(self) -> list[Json]:
        return [run for run in self.runs.values() if not run.get("parent_run_id")]

    @property
    def root(self) -> Json:
        (root,) = self.roots
        return root

    def named(self, name: str) -> list[Json]:
        """The runs of a name, in the order in which they began."""
        found = [run for run in self.runs.values() if run["name"] == name]
        return sorted(found, key=lambda run: run["dotted_order"])

    def children(self, run: Json) -> list[Json]:
        found = [each for each in self.runs.values() if each.get("parent_run_id") == run["id"]]
        return sorted(found, key=lambda each: each["dotted_order"])

    @property
    def feedback(self) -> list[Json]:
        return [json.loads(request.body) for request in self.posted if request.path == "/feedback"]


def metadata_of(run: Json) -> Json:
    found: Json = run["extra"]["metadata"]
    return found


@contextmanager
def langsmith(**answers: Any) -> Iterator[LangSmithEndpoint]:
    """The endpoint in a thread of its own."""
    with served(LangSmithEndpoint(Answers(**answers))) as endpoint:
        yield endpoint
