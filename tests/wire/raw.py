"""A server of raw sockets on loopback: what it does with a connection is up to the behaviour it is given.

with raw_server(sends(b"garbage")) as server:
    ...  # point an endpoint at server.url
assert len(server.visits) == 2
"""

import asyncio
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

SEAT = "finance_analyst"
OK = b"HTTP/1.1 200 OK\r\n"
JSON = b"Content-Type: application/json\r\n"


@dataclass
class Visit:
    """One request, or one connection of a behaviour that reads none; `number` counts from 1."""

    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: bytes = b""
    at: float = field(default_factory=time.monotonic)
    connection: int = 0

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    @property
    def credentials(self) -> bytes:
        """What the request has behind `Authorization: Bearer`."""
        lines = [line.partition(b":") for line in self.head.split(b"\r\n")]
        return next((value.split()[-1] for name, _, value in lines if name.lower() == b"authorization"), b"")


Behaviour = Callable[[Visit], Awaitable[bool | None]]
"""What is done with a request; true keeps the connection for another one."""


@dataclass
class RawServer:
    """Where it listens, and who came."""

    behaviour: Behaviour
    reads: bool = True
    tls: ssl.SSLContext | None = None
    port: int = 0
    visits: list[Visit] = field(default_factory=list)
    connections: int = 0

    def url(self, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.port}/v1"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        connection = self.connections
        try:
            while True:
                head = await _request(reader) if self.reads else b""
                visit = Visit(len(self.visits) + 1, reader, writer, head, connection=connection)
                self.visits.append(visit)
                if not await self.behaviour(visit):
                    break
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the peer left, or speaks something else
        finally:
            await _closed(writer)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError, asyncio.TimeoutError):
        await asyncio.wait_for(writer.wait_closed(), 0.5)
    writer.transport.abort()


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    await reader.readexactly(int(lengths[0]) if lengths else 0)
    return head


@contextmanager
def raw_server(behaviour: Behaviour, reads: bool = True, tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """The server in a thread of its own, with a loop of its own."""
    server, ready, loop = RawServer(behaviour, reads, tls), threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def live() -> None:
        listening = await asyncio.start_server(server.handle, "127.0.0.1", 0, ssl=tls)
        server.port = listening.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        listening.close()
        works = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in works:
            task.cancel()
        await asyncio.gather(*works, return_exceptions=True)

    def serve() -> None:
        loop.set_exception_handler(lambda *_: None)  # peers that leave are what is tested here
        loop.run_until_complete(live())
        loop.close()

    thread = threading.Thread(target=serve, name="raw-server", daemon=True)
    thread.start()
    try:
        assert ready.wait(10), "the raw server did not start"
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


# --- what may be sent ------------------------------------------------------------------------------------------------


def completion(content: str | None = None, **changes: object) -> bytes:
    """A chat completion that is in order, but for the changes."""
    said = {"agent": SEAT, "stance": "go", "summary": "Fine.", "confidence": 0.9, "actions": ["Go on."]}
    text = json.dumps(said) if content is None else content
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    made = {"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}
    return json.dumps(made | changes).encode()


def http(body: bytes, status: bytes = OK, more: Mapping[str, str] | None = None, length: int | None = None) -> bytes:
    """A whole answer."""
    lines = b"".join(f"{name}: {value}\r\n".encode() for name, value in (more or {}).items())
    return status + JSON + lines + b"Content-Length: %d\r\n\r\n" % (len(body) if length is None else length) + body


def sends(*parts: bytes, then: Behaviour | None = None) -> Behaviour:
    """Sends the parts, then does the rest or closes."""

    async def behave(visit: Visit) -> bool | None:
        for part in parts:
            await visit.send(part)
        return await then(visit) if then else None

    return behave


def repeats(part: bytes, seconds: float = 0.0) -> Behaviour:
    """Sends the same again and again, with a pause, until the peer leaves."""

    async def behave(visit: Visit) -> None:
        while True:
            await visit.send(part)
            await asyncio.sleep(seconds)

    return behave


async def waits(visit: Visit) -> None:
    """Says nothing more, until the peer leaves."""
    await visit.reader.read()


async def resets(visit: Visit) -> None:
    """Resets the connection (RST)."""
    link = visit.writer.get_extra_info("socket")
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    visit.writer.transport.abort()


async def half_closes(visit: Visit) -> None:
    """Ends its own side (FIN) and goes on reading."""
    visit.writer.write_eof()
    await visit.reader.read()


async def keeps(visit: Visit) -> bool:
    """Keeps the connection for the next request."""
    return True


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """One after the other, by the number of the visit; the last one from then on."""

    async def behave(visit: Visit) -> bool | None:
        return await behaviours[min(visit.number, len(behaviours)) - 1](visit)

    return behave
