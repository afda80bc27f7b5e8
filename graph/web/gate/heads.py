"""Heads: how many headers a request may have, and how large they may be."""

from starlette.types import Scope

from graph.web.problems import ProblemError
from policies.language import phrase, say

MAX_HEADERS = 100
MAX_BYTES = 32_768


def check_head(scope: Scope) -> None:
    """Refuse a request with too many headers, or too large ones.

    Raises:
        ProblemError: it has them.
    """
    headers = scope["headers"]
    size = sum(len(name) + len(value) for name, value in headers)
    if len(headers) > MAX_HEADERS or size > MAX_BYTES:
        told = phrase("the headers are too large; allowed: {number} headers, of {most} bytes together")
        detail = say(told, number=MAX_HEADERS, most=f"{MAX_BYTES:,}")
        raise ProblemError(431, detail, headers={"connection": "close"})
