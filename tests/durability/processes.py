"""Real `accord` processes: started on a home of their own, watched, signalled, and never left behind."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nodes.journal import UNDER_WAY
from tests.forked import Command, accord

ACCORD = str(Path(sys.executable).with_name("accord"))
PATIENCE_SECONDS = 45.0


@dataclass(frozen=True)
class Done:
    """How a process ended."""

    code: int
    out: str
    err: str

    @property
    def record(self) -> dict[str, Any]:
        """What it printed, which must be one JSON value alone."""
        assert self.out, self.err
        value: dict[str, Any] = json.loads(self.out)
        return value

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Desk:
    """A folder to work in: the home of `accord` processes, and what they print."""

    folder: Path
    base_url: str | None = None
    database: str | None = None

    @property
    def environment(self) -> dict[str, str]:
        own = {"ACCORD_HOME": str(self.folder / "home"), "PYTHONWARNINGS": "error"}
        if self.base_url:
            own |= {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": self.base_url}
        return {**os.environ, **own, **({"ACCORD_DATABASE_URL": self.database} if self.database else {})}

    @contextmanager
    def started(self, *arguments: str, name: str = "first") -> Iterator["Running"]:
        """An `accord` process at work; killed in the end if it still runs."""
        with (self.folder / f"{name}.out").open("wb") as out, (self.folder / f"{name}.err").open("wb") as err:
            process = Command(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=self.folder,
                env=self.environment,
            )
        try:
            yield Running(process, self.folder / name)
        finally:
            process.kill()
            process.wait()

    def accord(self, *arguments: str, stdin: bytes | None = None, **environment: str) -> Done:
        """Run `accord` to its end."""
        done = accord(
            *arguments,
            input=stdin if stdin is not None else b"",
            capture_output=True,
            cwd=self.folder,
            env={**self.environment, **environment},
            timeout=PATIENCE_SECONDS * 2,
            check=False,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@dataclass(frozen=True)
class Running:
    """A process at work, and the files it writes to."""

    process: subprocess.Popen[bytes]
    path: Path

    @property
    def out(self) -> str:
        return self.path.with_suffix(".out").read_text()

    @property
    def err(self) -> str:
        return self.path.with_suffix(".err").read_text()

    def wait_for(self, what: Callable[[], object], reason: str) -> None:
        """Wait until `what()` holds; the process must be alive until then."""
        limit = time.monotonic() + PATIENCE_SECONDS
        while not what():
            assert self.process.poll() is None, f"it ended before {reason}: {self.err}"
            assert time.monotonic() < limit, f"waited in vain until {reason}: {self.err}"
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill -9."""
        self.process.kill()
        assert self.process.wait(PATIENCE_SECONDS) == -9

    def signalled(self, signum: int) -> Done:
        """Send the signal and wait for the end."""
        self.process.send_signal(signum)
        return self.ended()

    def ended(self) -> Done:
        code = self.process.wait(PATIENCE_SECONDS)
        return Done(code, self.out, self.err)


def without(value: Any, *keys: str) -> Any:
    """The JSON value without those keys, at any depth."""
    if isinstance(value, Mapping):
        return {key: without(part, *keys) for key, part in value.items() if key not in keys}
    return [without(part, *keys) for part in value] if isinstance(value, list) else value


def journaled(desk: Desk) -> list[str]:
    """The answered calls in the journal of the desk's SQLite file, as another process sees them committed."""
    with closing(sqlite3.connect(desk.folder / "home" / "accord.sqlite", timeout=30)) as connection:
        rows = connection.execute("SELECT key, value FROM store WHERE prefix LIKE 'calls.%'")
        return [key for key, value in rows if json.loads(value)["kind"] != UNDER_WAY]
