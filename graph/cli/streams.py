"""The streams of a command: they are always open, and no character that they cannot say loses a result."""

import codecs
import io
import os
import sys
import unicodedata
from io import TextIOWrapper
from typing import Any, TextIO

IN_ASCII = {
    "\u2011": "-", "–": "-", "—": "-", "−": "-", "…": "...", "·": ".", "•": "*", "×": "x", "÷": "/", "\u2044": "/",
    "\u2018": "'", "\u2019": "'", "\u201a": ",", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "±": "+/-",
    "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "€": "EUR",
    "→": "->", "←": "<-", "↳": "->", "≤": "<=", "≥": ">=", "≠": "!=", "✓": "+", "✗": "x",
    "█": "#", "░": ".", "│": "|", "─": "-", "└": "+", "├": "+",
}  # fmt: skip
"""What is written for a character that an encoding lacks, in ASCII."""

HANDLER = "accord"
"""What the handler of such characters is called among Python's."""


def open_streams() -> None:
    """Make stdin, stdout and stderr usable: a closed one leads nowhere, and text is written as near as can be.

    A closed one must lead somewhere, or the next file that is opened takes its number, and gets what is printed.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    codecs.register_error(HANDLER, in_its_place)
    sys.stdout, sys.stderr = _usable(sys.stdout, 1), _usable(sys.stderr, 2)


class _Lasting(io.FileIO):
    """A stream whose reader may go: what is written after that leads nowhere, and the command ends as it would."""

    def write(self, data: Any, /) -> int:
        """Write to the reader while there is one."""
        try:
            return super().write(data)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return len(data)


def _usable(stream: TextIO | None, number: int) -> TextIO:
    """Return the stream, or one that leads nowhere, which replaces what its encoding lacks and outlasts its reader."""
    encoding = stream.encoding if stream else "utf-8"
    buffered = io.BufferedWriter(_Lasting(number, "w", closefd=False))
    return TextIOWrapper(buffered, encoding=encoding, errors=HANDLER, line_buffering=os.isatty(number) or number == 2)


def in_its_place(error: UnicodeError) -> tuple[str, int]:
    """Return what to write in place of characters that an encoding lacks, and where to continue.

    >>> in_its_place(UnicodeEncodeError("ascii", "Déjà – œuvre 产", 0, 14, "not in the encoding"))
    ('Deja - oeuvre ?', 14)
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_ascii, error.object[error.start : error.end])), error.end


def _ascii(character: str) -> str:
    """Return a character in ASCII: what is nearest to it, else its letter without its accent, else a question mark."""
    parts = unicodedata.normalize("NFKD", character)
    plain = "".join(part if part.isascii() else IN_ASCII.get(part, "") for part in parts)
    return IN_ASCII.get(character) or plain or ("" if unicodedata.combining(character) else "?")
