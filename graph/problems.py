"""What a caller can do something about: one sentence a problem, never a stack trace."""

from collections.abc import Sequence


class UsageError(Exception):
    """Bad input: a flag, a file, a URL, an environment variable. Exit code 2.

    One line a problem, each saying what is wrong, where, which value, and what is allowed.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems: Sequence[str] = problems


class StorageError(UsageError):
    """The database cannot be opened, read or written."""
