"""Keys: cut out of whatever an endpoint sends back, however JSON may spell them."""

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator

from policies.team.addresses import SHORTEST_SECRET

STUB = 12
"""Characters with which a longer key begins that give it away where the rest of it was cut off."""

CUT = "[key]"

MARKS = (b"\\u", b"\\/", b"\x00", b"%", b"&#")
"""One of them is in whatever spells a key otherwise than it is."""

_NOTHING = r"(?:\x00|\\++u0000)*+"
"""What may come between two characters and is gone once the text is kept: NUL cannot be stored."""


class Cutter:
    r"""Cuts keys out of texts and bodies.

    >>> Cutter(["sk-0123456789", "k"]).text(r"Bearer sk-0123456789, \u0073k-01234\u000056789, ok")
    'Bearer [key], [key], ok'
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._keys = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]
        self._forms = [form.encode() for key in self._keys for form in (key, *_encoded(key.encode()))]
        spelled = "|".join(map(_spelled, self._keys)) or "(?!)"
        self._text, self._body = re.compile(spelled), re.compile(spelled.encode())

    def text(self, text: str) -> str:
        """Return a text without the keys, or what is left of one where a library cut it off."""
        text = self._text.sub(CUT, text)
        for key in self._keys:
            text = _without_stubs(text, key) if len(key) > STUB else text
        return text

    def body(self, body: bytes) -> bytes:
        """Return an answer without the keys; before any of it is cut off, or half of a key could stay."""
        if any(mark in body for mark in MARKS):
            return self._body.sub(CUT.encode(), body)
        for form in self._forms:  # a hundred times faster
            body = body.replace(form, CUT.encode())
        return body


def _without_stubs(text: str, key: str) -> str:
    """Return a text without the beginnings of a key."""
    pieces, at = list[str](), 0
    while (place := text.find(key[:STUB], at)) >= 0:
        pieces += [text[at:place], CUT]
        at = place + STUB
        while text[at : at + 1] == key[at - place : at - place + 1] != "":
            at += 1
    return "".join([*pieces, text[at:]])


def _spelled(secret: str) -> str:
    r"""Return the pattern of a key: each character as it is or escaped, also in JSON within JSON; or all encoded."""
    plain = _NOTHING.join(f"(?:{re.escape(char)}|{_escaped(char)})" for char in secret)
    return "|".join([plain, *map(re.escape, _encoded(secret.encode()))])


def _escaped(char: str) -> str:
    """Return the patterns of a character in JSON, in an address and in HTML."""
    hexed = _any_case(f"{ord(char):02x}")
    backslashes = r"(?<!\\)\\++"  # a run of them is looked at once
    spelled = [rf"{backslashes}u00{hexed}", f"%{hexed}", f"&#0*{ord(char)};", f"&#[xX]0*{hexed};"]
    return "|".join([*spelled, f"{backslashes}/"] if char == "/" else spelled)


def _any_case(digits: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)


def _encoded(secret: bytes) -> Iterator[str]:
    """Yield a key in hexadecimal, and in Base64 wherever it begins within the text that was encoded."""
    yield secret.hex()
    for before in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(bytes(before) + secret).decode()[(0, 2, 3)[before] :].rstrip("=")[:-1]
