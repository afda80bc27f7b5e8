"""Cookies: what a browser sends back, and what a form must carry to be of a page that this browser was shown."""

import hashlib
import re
from collections.abc import Iterable

_VALUE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def cookies_named(name: str, headers: Iterable[str]) -> list[str]:
    """Return what the Cookie headers of a request have under a name, in their order.

    >>> cookies_named("a", ["a=1; b=2;a = 3", "a=4"]), cookies_named("a", ["A=1; ab=2; a"])
    (['1', '3', '4'], [])
    """
    pairs = [pair.partition("=") for header in headers for pair in header.split(";")]
    return [value.strip() for found, equals, value in pairs if equals and found.strip() == name]


def find_cookie(name: str, headers: Iterable[str]) -> str | None:
    """Return the cookie of a name; None where there is none, one that was not made here, or more than one.

    Who has another service on the same host can add one: then nothing says which of them is ours.

    >>> find_cookie("a", [f"a={'A' * 43}"]) == "A" * 43
    True
    >>> find_cookie("a", []), find_cookie("a", ["a=1"]), find_cookie("a", [f"a={'A' * 43}; a={'A' * 43}"])
    (None, None, None)
    """
    found = cookies_named(name, headers)
    return found[0] if len(found) == 1 and _VALUE.fullmatch(found[0]) else None


def form_value(cookie: str) -> str:
    """Return what a form carries to show that it is of a page which the browser with this cookie was shown.

    >>> form_value("A" * 43)[:16]
    '8c63c745b3a9c953'
    """
    return hashlib.sha256(b"form\0" + cookie.encode()).hexdigest()
