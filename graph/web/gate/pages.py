"""Pages: what a browser learns of the pages that may call the service (CORS)."""

import re
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import Message, Send

EXPOSED = (
    *("content-location", "location", "mcp-session-id", "retry-after"),
    *("x-pagination-next", "x-pagination-total", "x-request-id"),
)
"""Headers of an answer that a page may read besides the usual ones."""
SECONDS = "600"
"""How long a browser remembers the answer."""
NAMES = re.compile(r"[A-Za-z0-9, _-]{0,1000}")


def is_preflight(method: str, headers: Headers) -> bool:
    """Return whether a browser asks whether a page may send the request that it is about to send."""
    return method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers


def preflight(headers: Headers, methods: Iterable[str]) -> Response:
    """Return the answer to a browser's question for a page that may call by these methods."""
    answer = Response(status_code=204)
    named = headers.get("access-control-request-headers", "")
    answer.headers["access-control-allow-methods"] = ", ".join(methods)
    answer.headers["access-control-max-age"] = SECONDS
    if named and NAMES.fullmatch(named):
        answer.headers["access-control-allow-headers"] = named
    if headers.get("access-control-request-private-network") == "true":
        answer.headers["access-control-allow-private-network"] = "true"
    return answer


def readable_by(origin: str, send: Send) -> Send:
    """Return how answers are sent that a page may read."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["access-control-allow-origin"] = origin
            headers["access-control-expose-headers"] = ", ".join(EXPOSED)
            headers.add_vary_header("Origin")
        await send(message)

    return sent
