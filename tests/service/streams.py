"""A client of streams of its own: bytes from a socket, cut off where a test wants, read by the standard."""

import json
import random
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

PATIENCE_SECONDS = 60.0


@dataclass
class Seen:
    """One event of a stream."""

    kind: str
    data: Any
    id: str | None = None


@dataclass
class Follower:
    """Follows a thread of a service, however often it is cut off; it keeps what browsers keep: the last id."""

    url: str
    thread: str
    last: str | None = None
    token: str | None = None
    seen: list[Seen] = field(default_factory=list)
    cuts: int = 0

    def follow(self, draw: random.Random | None = None, least: int = 1, most: int = 5_000) -> None:
        """Follow until the end; with a source of chance each connection is cut after so many bytes."""
        while not (self.seen and self.seen[-1].kind == "end"):
            self.read(None if draw is None else draw.randint(least, most))
            self.cuts += 1

    def read(self, most: int | None = None) -> None:
        """Read one connection, to its end or so many bytes; of what is cut off nothing counts."""
        for one in events_in(lines_of(self.opened(), most)):
            self.seen.append(one)
            if one.id is not None:
                self.last = one.id

    def opened(self) -> socket.socket:
        """Return a connection that has sent its request."""
        place = urlsplit(self.url)
        connection = socket.create_connection((place.hostname, place.port), PATIENCE_SECONDS)
        lines = [f"GET /v1/runs/{self.thread}/events HTTP/1.0", f"Host: {place.netloc}"]
        lines += [f"Last-Event-ID: {self.last}"] if self.last is not None else []
        lines += [f"Authorization: Bearer {self.token}"] if self.token is not None else []
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return connection

    @property
    def recorded(self) -> list[int]:
        """The ids of the events that have one."""
        return [int(one.id) for one in self.seen if one.id is not None]


def lines_of(connection: socket.socket, most: int | None) -> Iterator[bytes]:
    """Yield the lines behind the head of an answer, each once it is whole; close the connection after so many bytes."""
    with connection:
        left, kept, is_body = most, b"", False
        while left is None or left > 0:
            part = connection.recv(4096 if left is None else min(left, 4096))
            if not part:
                return
            kept += part
            if not is_body and b"\r\n\r\n" in kept:
                head, _, kept = kept.partition(b"\r\n\r\n")
                assert b" 200 " in head.partition(b"\r\n")[0], head + kept
                left = None if left is None else left + len(head)
                is_body = True
            left = None if left is None else left - len(part)
            while is_body and b"\n" in kept:
                line, _, kept = kept.partition(b"\n")
                yield line


def events_in(lines: Iterator[bytes]) -> Iterator[Seen]:
    """Yield the events of a stream: each ends with an empty line."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.decode().partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            yield Seen(fields.get("event", "message"), json.loads(fields["data"]), fields.get("id"))
            fields = {}
        else:
            fields = {}
