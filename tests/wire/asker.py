"""A process that runs `accord` again and again, so that what a run costs in memory is seen apart from its server.

It reads a JSON line {arguments, environment} from stdin, and writes {code, out, err, peak_bytes}.
"""

import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Ran:
    """How a command ended, when (on this machine's monotonic clock), and the most memory its process ever had."""

    code: int
    out: str
    err: str
    peak_bytes: int
    ended: float

    @property
    def record(self) -> dict[str, Any]:
        assert self.out, self
        return dict(json.loads(self.out))


class Asker:
    """The process, seen from outside."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, *arguments: str, **environment: str) -> Ran:
        assert self._process.stdin
        assert self._process.stdout
        watch = threading.Timer(PATIENCE_SECONDS, self._process.kill)
        watch.start()
        self._process.stdin.write(json.dumps({"arguments": arguments, "environment": environment}) + "\n")
        self._process.stdin.flush()
        told = self._process.stdout.readline()
        watch.cancel()
        assert told, "the process ended, or was ended because it took too long"
        return Ran(**json.loads(told), ended=time.monotonic())


@contextmanager
def open_asker(folder: Path) -> Iterator[Asker]:
    """Start the process; end it in the end."""
    command = [sys.executable, "-m", "tests.wire.asker"]
    settings = {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **settings},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield Asker(process)
        finally:
            process.kill()


def peak_bytes() -> int:
    import resource  # noqa: PLC0415  # not on every system, and only this process needs it

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _answer(asked: Mapping[str, Any], stdout: Any) -> None:
    from graph.cli.main import run  # noqa: PLC0415  # after the environment is set

    os.environ.update(asked["environment"])
    written, complained = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    with redirect_stdout(written), redirect_stderr(complained):
        code = run(asked["arguments"])
        written.flush()
    out = written.buffer.getvalue().decode()
    told = {"code": int(code), "out": out, "err": complained.getvalue(), "peak_bytes": peak_bytes()}
    stdout.write(json.dumps(told) + "\n")
    stdout.flush()


if __name__ == "__main__":
    for line in sys.stdin:
        _answer(json.loads(line), sys.stdout)
