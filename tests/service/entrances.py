"""Both kinds of service, each a process of its own behind the same gate; tokens; and requests sent byte by byte."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests import forked
from tests.server.development import serve_graph
from tests.service.process import PATIENCE_SECONDS, serving

KINDS = ("alone", pytest.param("mounted", marks=pytest.mark.system))


@dataclass(frozen=True, slots=True)
class Entrance:
    """A service that was started: which kind, where it is, and its data directory."""

    kind: str
    url: str
    home: Path

    @property
    def place(self) -> str:
        """What the header Host says of it."""
        return urlsplit(self.url).netloc

    def ask(self, method: str, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        """Return the answer to a request."""
        headers = {**({"authorization": f"Bearer {token}"} if token else {}), **options.pop("headers", {})}
        return httpx.request(method, f"{self.url}{path}", headers=headers, timeout=PATIENCE_SECONDS, **options)

    def send(self, head: str | bytes, body: bytes = b"") -> tuple[int, bytes]:
        """Send a head as it is, lines apart by LF; return the status and all of the answer, 0 where there is none."""
        data = head.encode() if isinstance(head, str) else head
        port = urlsplit(self.url).port
        with socket.create_connection(("127.0.0.1", port or 80), timeout=PATIENCE_SECONDS) as connection:
            lines = data.strip(b"\n") + (b"" if b"\nConnection:" in data else b"\nConnection: close")
            connection.sendall(lines.replace(b"\n", b"\r\n") + b"\r\n\r\n" + body)
            answer = bytearray()
            while part := connection.recv(65_536):
                answer += part
        return (int(answer.split(b" ")[1]), bytes(answer)) if answer else (0, b"")


@contextmanager
def entrance(kind: str, folder: Path) -> Iterator[Entrance]:
    """Start a service of one kind, and end it."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    if kind == "alone":
        with serving(home) as served:
            yield Entrance(kind, served.url, home)
    else:
        with serve_graph(folder) as server:
            yield Entrance(kind, server.url, home)


def accord(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command on a data directory."""
    environment: Mapping[str, str] = {**os.environ, "ACCORD_HOME": str(home)}
    return forked.accord(*arguments, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS)


def new_token(home: Path, *scopes: str, tenant: str = "local", person: str = "ada") -> str:
    """Return a new token of a person with scopes."""
    named = [part for scope in scopes for part in ("--scope", scope)]
    done = accord(home, "token", "create", "--tenant", tenant, "--person", person, *named)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def ids(home: Path) -> dict[str, str]:
    """Return the id of each person's last token."""
    listed = json.loads(accord(home, "token", "list", "--json").stdout)
    return {each["person"]: each["id"] for each in listed}
