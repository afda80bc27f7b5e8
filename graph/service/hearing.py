"""Hearing: when each drive begins and ends, for logs and metrics."""

from collections.abc import Callable
from dataclasses import dataclass

from graph.record import Record

BROKEN_OFF = "broken_off"
"""The status of a drive that ended without a record: the next one resumes the run."""


@dataclass(frozen=True, slots=True)
class Drive:
    """A thread that is driven: whose it is, and once the drive has ended, the record and after how long.

    One that was broken off, because the process ends for example, has no record but a `cause`: the kind of the error.
    """

    thread: str
    tenant: str
    record: Record | None = None
    seconds: float = 0.0
    cause: str | None = None

    @property
    def has_begun(self) -> bool:
        """Whether this is the beginning."""
        return self.record is None and self.cause is None


Hears = Callable[[Drive], None]
"""Is called when a drive begins, and when it ends."""
