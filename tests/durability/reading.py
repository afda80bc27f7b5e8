"""Commands that only read, run one after the other in one process, and what each came to."""

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.hostile.command import PATIENCE_SECONDS, ROOT

READING: Sequence[Sequence[str]] = (
    ("list", "--json"),
    ("list",),
    ("show", "t", "--json"),
    ("show", "t", "--markdown"),
    ("why", "t", "--json"),
    ("messages", "t", "--json"),
    ("audit", "verify", "--json"),
    ("audit", "verify", "t"),
    ("audit", "export", "t"),
    ("replay", "t"),
    ("whatif", "--policy", "unanimous", "--json"),
)

_DRIVER = """
import contextlib, io, json, sys
from graph.cli.main import run

def ended(arguments):
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(arguments)
    return [code, out.buffer.getvalue().decode(), err.buffer.getvalue().decode()]

print(json.dumps([ended(arguments) for arguments in json.load(sys.stdin)]))
"""


def bound_by_modes() -> None:
    """Make the superuser heed the modes of files, as everybody else does (Linux: drop what lets it pass)."""
    if os.geteuid() == 0:
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)


def ended(
    database: Path | str,
    commands: Sequence[Sequence[str]] = READING,
    before: Callable[[], None] | None = None,
    under: Sequence[str] = (),
) -> list[Any]:
    """The [code, stdout, stderr] of each command on a database."""
    arguments = [[*command, "--db", str(database)] for command in commands]
    done = subprocess.run(
        [*under, sys.executable, "-c", _DRIVER],
        input=json.dumps(arguments),
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        capture_output=True,
        preexec_fn=before,
        timeout=PATIENCE_SECONDS * 2,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    found: list[Any] = json.loads(done.stdout)
    return found
