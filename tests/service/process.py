"""A service in a process of its own, spoken to over HTTP."""

import logging
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.forked import Command

PATIENCE_SECONDS = 120.0
OUT_SECONDS = 10.0
"""Within this time a service that is asked to end is out, on however busy a machine; the benchmark holds the three."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Served:
    """A service that was started: where it is, and its process."""

    url: str
    process: subprocess.Popen[bytes]

    def client(self, token: str | None = None, **options: Any) -> httpx.Client:
        """Return a client of it, with a token where one is given."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE_SECONDS, **options)

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        self.process.wait()
        self._forget()

    def stop(self) -> int:
        """Ask it to end; return its exit code, that of a kill where it is not out in time."""
        code = ended(self.process)
        self._forget()
        return code

    def _forget(self) -> None:
        assert self.process.stdout is not None
        self.process.stdout.close()


def ended(process: subprocess.Popen[bytes]) -> int:
    """Ask a process to end, and log how long that took; return its exit code, that of a kill if it took too long."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(OUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
    code = process.wait()
    _log.info("out %.1f s after SIGTERM, with exit code %d", time.monotonic() - began, code)
    return code


SERVE = ("serve",)
"""The command that serves, unless a test names another one."""


def start(home: Path, *options: str, env: Mapping[str, str] | None = None, command: Sequence[str] = SERVE) -> Served:
    """Start a service on any port, on the data directory `home`."""
    with (home / "serve.log").open("ab") as log:
        process = Command(
            [*command, "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, "ACCORD_HOME": str(home), "PYTHONUNBUFFERED": "1", **(env or {})},
        )
    assert process.stdout is not None
    url = process.stdout.readline().decode().strip()
    assert url.startswith("http://"), (home / "serve.log").read_text()
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            if httpx.get(f"{url}/health").is_success:
                return Served(url, process)
        except httpx.TransportError:
            time.sleep(0.05)
    process.kill()
    raise TimeoutError((home / "serve.log").read_text())


@contextmanager
def serving(
    home: Path, *options: str, env: Mapping[str, str] | None = None, command: Sequence[str] = SERVE
) -> Iterator[Served]:
    """Start a service, and end it."""
    served = start(home, *options, env=env, command=command)
    try:
        yield served
    finally:
        if served.process.poll() is None:
            served.stop()
