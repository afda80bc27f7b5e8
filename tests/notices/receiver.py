"""A receiver on loopback, by plain sockets: it logs what arrives, and answers well, badly, slowly, or drop by drop.

Its log is the judge of what was sent; it knows nothing of Accord and nothing of apprise.
"""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

Way = Literal["well", "badly", "slowly", "drips", "silent"]
SLOW_SECONDS, DROP_SECONDS = 0.2, 0.05


@dataclass(frozen=True)
class Arrival:
    """One request: its first line, its headers by lower-case name, its body, and how it was answered."""

    line: str
    headers: dict[str, str]
    body: str
    status: int

    @property
    def key(self) -> str:
        return self.headers.get("x-accord-key", "")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """The receiver; `way` may be changed while it runs. `open` counts the callers that it still holds."""

    port: int = 0
    way: Way = "well"
    arrivals: list[Arrival] = field(default_factory=list)
    open: int = 0
    lost: int = 0
    """Callers that left before they were answered in full."""

    @property
    def taken(self) -> Counter[str]:
        """How often each key was answered with 200."""
        return Counter(each.key for each in self.arrivals if each.status == 200)

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.port}/hook"

    def serve(self, connection: socket.socket) -> None:
        self.open += 1
        with connection, suppress(OSError):
            self._answer(connection)
        self.open -= 1

    def _answer(self, connection: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            data += (part := connection.recv(65_536))
            if not part:
                return
        head, _, body = data.partition(b"\r\n\r\n")
        line, *rest = head.decode().split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (each.partition(":") for each in rest)}
        while len(body) < int(headers.get("content-length", 0)):
            body += connection.recv(65_536)
        way = self.way
        if way == "slowly":
            time.sleep(SLOW_SECONDS)
        if way in ("drips", "silent"):
            self.arrivals.append(Arrival(line, headers, body.decode(), 0))
            return self._drip(connection, b"." if way == "drips" else b"")
        status = 500 if way == "badly" else 200
        self.arrivals.append(Arrival(line, headers, body.decode(), status))
        connection.sendall(f"HTTP/1.1 {status} So\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        return None

    def _drip(self, connection: socket.socket, drop: bytes) -> None:
        """Answer for ever, or never, until the caller leaves."""
        connection.settimeout(DROP_SECONDS)
        with suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" if drop else b"")
            while True:
                with suppress(TimeoutError):
                    if not connection.recv(1):
                        break
                connection.sendall(drop)
        self.lost += 1


@contextmanager
def receiving(way: Way = "well") -> Iterator[Receiver]:
    """Run a receiver on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        receiver = Receiver(server.getsockname()[1], way)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=receiver.serve, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield receiver
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def free_port() -> int:
    """Return a port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
