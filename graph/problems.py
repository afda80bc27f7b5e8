"""What a caller can do something about: one sentence a problem, never a stack trace."""

import re
import shlex
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from policies.language import phrase, say

_OBEYED = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Categories of characters that act and are not seen: controls, formats, ends of lines."""

_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0d\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""Letters and marks without a shape: Unicode's Default_Ignorable_Code_Point and the blank of Braille.

The two that choose between the text and the colours of an emoji pass, since emoji are written with them.
"""


class UsageError(Exception):
    """Bad input: a flag, a file, a URL, an environment variable. Exit code 2.

    One line a problem, each saying what is wrong, where, which value, and what is allowed.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems: Sequence[str] = problems


class NotFoundError(UsageError):
    """What is asked for is not there, or is another tenant's; the sentence never says which of the two."""


class ConflictError(UsageError):
    """What is asked for does not fit what there is by now: it was done already, is at work, or has moved."""


class StorageError(UsageError):
    """The database cannot be opened, read or written."""


REASONS = frozenset(
    {
        phrase("No such file or directory"),
        phrase("Permission denied"),
        phrase("Is a directory"),
        phrase("Not a directory"),
        phrase("File exists"),
        phrase("File name too long"),
        phrase("Read-only file system"),
        phrase("No space left on device"),
        phrase("Input/output error"),
        phrase("Too many open files"),
        phrase("Broken pipe"),
        phrase("Too many levels of symbolic links"),
    }
)
"""What systems say of files and is said in other languages; the rest is passed on as it is."""


def reason_of(error: OSError) -> str:
    """Return what the system says of a file or a connection.

    >>> reason_of(FileNotFoundError(2, "No such file or directory"))
    'No such file or directory'
    """
    told = error.strerror or str(error)
    return say(told) if told in REASONS else told


def missing_folder(path: Path) -> str | None:
    """Return in words which folder of a file is missing and how to make it; None where it is there, or cannot be made.

    >>> missing_folder(Path("no such/deep/page.html")), missing_folder(Path("page.html"))
    ("the folder `no such/deep` does not exist; make it with `mkdir -p 'no such/deep'`", None)
    """
    folder = path.parent
    try:
        there = next((each for each in (folder, *folder.parents) if each.exists()), None)
        if there in (None, folder) or not there.is_dir():
            return None
    except OSError:  # of a folder that may not be looked into, whoever opens the file says why
        return None
    make = shlex.quote(str(folder))
    return say("the folder `{folder}` does not exist; make it with `mkdir -p {make}`", folder=folder, make=make)


def neutral(text: str) -> str:
    r"""Return one line that a terminal only shows: what it would obey, or what hides, is U+FFFD instead.

    These are controls, ends of lines, all twelve direction characters of Unicode, and characters without width. Half a
    character, which is how a byte that is not text arrives, is written out.

    >>> print(neutral("a" + chr(0x202E) + chr(0xDCFF)))
    a�\udcff
    """
    text = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":
        return f"\\u{ord(character):04x}"
    # Of the formats, the two joiners pass: Persian, the scripts of India and emoji are written with them, and they move
    # nothing. So do the signs that Arabic sets around numbers (class AN), which are seen.
    is_obeyed = category in _OBEYED and character not in _JOINERS
    return "\N{REPLACEMENT CHARACTER}" if is_obeyed and unicodedata.bidirectional(character) != "AN" else character
