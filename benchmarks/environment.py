"""A virtual environment for a contender that Accord does not depend on, made once under `.bench/` from its lock."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
MADE = ROOT / ".bench"
LOCKS = Path(__file__).with_name("contenders")
PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes")
PATIENCE = ("--retries", "1", "--timeout", "15")


class NotInstalledError(RuntimeError):
    """A contender's environment cannot be made here; the message says why."""


def is_made(name: str) -> bool:
    """Return whether the environment is there, complete, for this Python and this lock."""
    stamp = MADE / name / "stamp"
    return stamp.exists() and stamp.read_text(encoding="utf-8") == _stamp(name)


def make(name: str) -> None:
    """Make the environment, unless it is there."""
    if is_made(name):
        return
    print(f"making an environment for {name} ...", file=sys.stderr, flush=True)
    _do(sys.executable, "-m", "venv", "--clear", str(MADE / name))
    _do(str(python_of(name)), *PIP, *PATIENCE, "-r", str(_lock(name)))
    (MADE / name / "stamp").write_text(_stamp(name), encoding="utf-8")


def python_of(name: str) -> Path:
    return MADE / name / "bin" / "python"


def version_of(name: str) -> str:
    """Return the version that the lock names for the package of that name."""
    lines = _lock(name).read_text(encoding="utf-8").splitlines()
    return next(line.split()[0].removeprefix(f"{name}==") for line in lines if line.startswith(f"{name}=="))


def _do(*command: str) -> None:
    """Run one step; what it says goes to stderr, since it may name places that a page must not repeat."""
    ended = subprocess.run(command, stdout=sys.stderr, check=False).returncode
    if ended:
        raise NotInstalledError(f"`python {' '.join(command[1:3])}` ended with {ended} when its environment was made")


def _lock(name: str) -> Path:
    return LOCKS / f"{name}.lock"


def _stamp(name: str) -> str:
    return f"{sys.version}\n{_lock(name).read_text(encoding='utf-8')}"
