"""The command line as people meet it: in this process with its output captured, or as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from graph.cli.main import run
from tests import forked

ROOT = Path(__file__).parents[2]
PREFIX = "accord: "
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def sentences(self) -> list[str]:
        """What it has to say on stderr: a sentence a line, and nothing that only a programmer reads."""
        lines = self.err.splitlines()
        assert "Traceback" not in self.err
        assert lines, "it said nothing"
        assert all(line.startswith(PREFIX) and "unexpected: " not in line for line in lines), self.err
        return [line.removeprefix(PREFIX) for line in lines]


Captured = pytest.CaptureFixture[str]


def accord(capture: Captured, *arguments: object) -> Done:
    """Run `accord` in this process."""
    capture.readouterr()
    code = run([str(each) for each in arguments])
    out, err = capture.readouterr()
    return Done(code, out, err)


def refused(capture: Captured, *arguments: object) -> list[str]:
    """Run `accord` in this process, which must refuse to: exit code 2, sentences on stderr, nothing on stdout."""
    done = accord(capture, *arguments)
    assert (done.code, done.out) == (2, ""), done
    return done.sentences


def process(
    folder: Path,
    *arguments: str | bytes | Path,
    env: Mapping[str, str] | None = None,
    stdout: IO[Any] | int = subprocess.PIPE,
    stdin: IO[Any] | int = subprocess.DEVNULL,
    before: Callable[[], None] | None = None,
    under: Sequence[str] = (),
) -> Done:
    """Run `accord` as a process in a folder, under another command if one is given; `before` is called in it first."""
    settings = {"PYTHONPATH": str(ROOT), "ACCORD_HOME": str(folder / "home"), **(env or {})}
    options: dict[str, Any] = {
        "cwd": folder,
        "env": {**os.environ, **settings},
        "stdin": stdin,
        "stdout": stdout,
        "stderr": subprocess.PIPE,
        "timeout": PATIENCE_SECONDS,
        "encoding": "utf-8",
    }
    if under or before:
        command = [*under, sys.executable, "-m", "graph", *arguments]
        done = subprocess.run(command, **options, preexec_fn=before, check=False)
    else:
        done = forked.accord(*arguments, **options)
    return Done(done.returncode, done.stdout or "", done.stderr)


def without_progress(done: Done) -> Done:
    """Return what it has to say besides the progress of the run."""
    lines = [line for line in done.err.splitlines(keepends=True) if line.startswith((PREFIX, "Traceback", "Exception"))]
    return Done(done.code, done.out, "".join(lines))
