"""Hearing: what is told of each drive, for logs and metrics."""

from collections.abc import Callable
from dataclasses import dataclass

from graph.record import Record


@dataclass(frozen=True, slots=True)
class Drive:
    """A thread that is driven: whose it is, and once the drive has ended, the record and after how long."""

    thread: str
    tenant: str
    record: Record | None = None
    seconds: float = 0.0


Hears = Callable[[Drive], None]
"""Is told when a drive begins, and when it ends."""
