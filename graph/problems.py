"""What a caller can do something about: one sentence a problem, never a stack trace."""

import re
from collections.abc import Sequence

_OBEYED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class UsageError(Exception):
    """Bad input: a flag, a file, a URL, an environment variable. Exit code 2.

    One line a problem, each saying what is wrong, where, which value, and what is allowed.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems: Sequence[str] = problems


class StorageError(UsageError):
    """The database cannot be opened, read or written."""


def neutral(text: str) -> str:
    """Return one line that a terminal only shows: what it would obey (control, line, direction) is U+FFFD instead."""
    return _OBEYED.sub("\N{REPLACEMENT CHARACTER}", text)
