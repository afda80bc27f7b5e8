"""Keys: cut out of whatever an endpoint sends back, however JSON may spell them."""

import re
from collections.abc import Iterable

SHORTEST_SECRET = 8
"""Characters of a key below which it is not cut out of answers: it could be any word."""

CUT = "[key]"

MARKS = (b"\\u", b"\\/", b"\x00")
"""One of them is in whatever spells a key otherwise than it is."""

_NOTHING = r"(?:\x00|\\++u0000)*+"
"""What may stand between two characters and is gone once the text is kept: NUL cannot be stored."""


class Cutter:
    r"""Cuts keys out of texts and bodies.

    >>> Cutter(["sk-0123456789", "k"]).text(r"Bearer sk-0123456789, \u0073k-01234\u000056789, ok")
    'Bearer [key], [key], ok'
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._keys = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]
        spelled = "|".join(map(_spelled, self._keys)) or "(?!)"
        self._text, self._body = re.compile(spelled), re.compile(spelled.encode())

    def text(self, text: str) -> str:
        """Return a text without the keys."""
        return self._text.sub(CUT, text)

    def body(self, body: bytes) -> bytes:
        """Return an answer without the keys; before any of it is cut off, or half of a key could stay."""
        if any(mark in body for mark in MARKS):
            return self._body.sub(CUT.encode(), body)
        for key in self._keys:  # a hundred times faster
            body = body.replace(key.encode(), CUT.encode())
        return body


def _spelled(secret: str) -> str:
    r"""Return the pattern of a key, each character as it is or escaped, also where JSON lies in JSON."""
    return _NOTHING.join(f"(?:{re.escape(char)}|{_escaped(char)})" for char in secret)


def _escaped(char: str) -> str:
    digits = "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in f"{ord(char):04x}")
    backslashes = r"(?<!\\)\\++"  # a run of them is looked at once
    return rf"{backslashes}u{digits}|{backslashes}/" if char == "/" else rf"{backslashes}u{digits}"
