"""Exit codes: what a script learns from the way `accord` ends."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from policies.run.stop import Stop


class Exit(IntEnum):
    """Every exit code there is; a batch exits with the highest of its cases."""

    DONE = 0
    FOUND = 1
    USAGE = 2
    STOPPED = 3
    WAITING = 4
    BUSY = 5
    UNEXPECTED = 70


def exit_of(record: Mapping[str, Any]) -> Exit:
    """Return the exit code of a record."""
    stop = Stop.find(record["stop_reason"])
    if stop is not None and stop.rule.is_held:
        return Exit.BUSY
    return {"ok": Exit.DONE, "running": Exit.BUSY, "waiting": Exit.WAITING}.get(record["status"], Exit.STOPPED)
