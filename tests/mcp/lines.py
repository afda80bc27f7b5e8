"""A client that writes its lines by hand to a process over stdio, right or wrong, and reads every line of stdout."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60.0
Message = dict[str, Any]


@dataclass(frozen=True)
class Spoken:
    """A process of `accord mcp`."""

    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    @contextmanager
    def started(cls, home: Path, log: Path, env: Mapping[str, str] | None = None) -> Iterator[Self]:
        own = {"ACCORD_HOME": str(home), "PYTHONWARNINGS": "error", "PYTHONPATH": str(ROOT)}
        pipe = subprocess.PIPE
        with log.open("ab") as err:
            process = subprocess.Popen(
                [sys.executable, "-m", "graph", "mcp"],
                stdin=pipe,
                stdout=pipe,
                stderr=err,
                cwd=home,
                env={**os.environ, **own, **(env or {})},
            )
        try:
            yield cls(process, log)
        finally:
            process.kill()
            process.wait()
            for each in (process.stdin, process.stdout):
                assert each is not None
                each.close()

    def write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, method: str, name: int | None = None, /, **params: Any) -> None:
        """Send a request, or without a name a notification."""
        named = {} if name is None else {"id": name}
        self.write(json.dumps({"jsonrpc": "2.0", **named, "method": method, "params": params}).encode() + b"\n")

    def read(self) -> Message:
        """Return the next line of stdout, which must be a message of the protocol."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log.read_text()
        message: Message = json.loads(line)
        assert message["jsonrpc"] == "2.0"
        return message

    def until(self, is_wanted: Callable[[Message], bool]) -> Message:
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            message = self.read()
            if is_wanted(message):
                return message
        raise TimeoutError(self.log.read_text())

    def answer(self, name: int | None) -> Message:
        """Return the answer to a request; of `None`, to a message that could not be read."""
        return self.until(lambda each: "method" not in each and each["id"] == name)

    def open(self) -> None:
        """Open a session, as a client of 2025 does."""
        who = {"name": "by hand", "version": "1"}
        self.send("initialize", 0, protocolVersion="2025-06-18", capabilities={}, clientInfo=who)
        assert self.answer(0)["result"]["serverInfo"]["name"] == "accord"
        self.send("notifications/initialized")

    def ended(self, ending: signal.Signals | None) -> tuple[list[Message], int]:
        """End the process, by a signal or by closing its stdin; return what it still says, and its exit code."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if ending is None:
            self.process.stdin.close()
        else:
            self.process.send_signal(ending)
        code = self.process.wait(PATIENCE_SECONDS)
        return [json.loads(line) for line in self.process.stdout.read().splitlines()], code
