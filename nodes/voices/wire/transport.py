"""The transport: one HTTP client for all calls, whose answers are bounded and free of keys.

Whatever the connection, the parser or the peer does wrong is raised as an `httpx2.RequestError`; nothing else that is
raised while a question is under way can be taken for a fault of the endpoint.
"""

import re
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from ipaddress import ip_address

import aiohttp
import httpx2
from openai import DefaultAioHttpClient

from nodes.voices.wire.endpoint import Route
from nodes.voices.wire.keys import Cutter
from nodes.voices.wire.trust import trusted_by
from policies.language import in_figures, say

MAX_BODY = 8 * 2**20
"""Bytes of an answer, as it is sent and as it is unpacked."""

MAX_VALUES = 200_000
"""Values of an answer: each takes a hundred times the bytes that it was sent in."""

ENCODINGS = ("gzip", "x-gzip", "deflate")
MAX_LAYERS = 2
MAX_MEMBERS = 16
"""How often an answer may be packed, and in how many parts; each costs time, and no server needs more."""

LOST = ("disconnected", "closed connection")
"""Words of a protocol error that only says that the connection was lost."""

HEARD = ("retry-after", "retry-after-ms")
"""Headers of an answer that mean something here; of the others some would be obeyed, and some cannot be read."""


class TooLargeError(httpx2.RequestError):
    """An answer has more than `MAX_BODY` bytes."""


class MalformedError(httpx2.RequestError):
    """What the peer sent is not HTTP, or is compressed in a way that was not asked for."""


def open_client(route: Route, timeout_seconds: float, keys: Cutter) -> httpx2.AsyncClient:
    """Return a client that follows no redirect and reads nothing from the environment.

    Raises:
        OSError: the certificate authorities cannot be read.
        ValueError: a host that needs no proxy is none.
        ImportError: a proxy speaks SOCKS, and what that needs is not installed.
    """
    trusted = trusted_by(route)

    def transport(proxy: str | None) -> httpx2.AsyncBaseTransport:
        kind = httpx2.AsyncClient if proxy and proxy.startswith("socks") else DefaultAioHttpClient
        return BoundedTransport(
            kind(proxy=proxy, verify=trusted, timeout=timeout_seconds, follow_redirects=False, trust_env=False), keys
        )

    proxies = {} if "*" in route.no_proxy else route.proxies
    mounts = {f"{scheme}://": transport(proxy) for scheme, proxy in proxies.items()}
    direct = {_pattern(host): transport(None) for host in route.no_proxy if mounts}
    return httpx2.AsyncClient(
        transport=transport(None),
        mounts={**mounts, **direct},
        timeout=timeout_seconds,
        follow_redirects=False,
        trust_env=False,
    )


def _pattern(host: str) -> str:
    """Return the pattern of addresses that need no proxy: a host, or all below a domain.

    >>> _pattern(".example.org"), _pattern("example.org"), _pattern("10.0.0.1"), _pattern("::1")
    ('all://*.example.org', 'all://*example.org', 'all://10.0.0.1', 'all://[::1]')
    """
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        if not re.fullmatch(r"\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", host):
            raise ValueError(
                say("{host} is not a host; allowed: names and addresses, separated by commas, or *", host=repr(host))
            ) from None
        return "all://localhost" if host == "localhost" else f"all://*{host}"
    return f"all://[{address}]" if address.version == 6 else f"all://{address}"  # IPv6


class BoundedTransport(httpx2.AsyncBaseTransport):
    """Reads each answer whole, within bounds, unpacks it and cuts keys out of it."""

    def __init__(self, client: httpx2.AsyncClient, keys: Cutter) -> None:
        self._client, self._keys = client, keys

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the answer with its body read.

        Raises:
            httpx2.RequestError: there is no connection, it was lost, or what came over it cannot be used.
        """
        request.headers["accept-encoding"] = "gzip, deflate"
        with _faults_of_the_peer(request):
            answer = await self._client.send(request, stream=True)
            async with aclosing(answer):
                packed = await _read(answer.aiter_raw(), request)
        body = _unpacked(packed, answer.headers.get("content-encoding", ""), request)
        if body.count(b",") > MAX_VALUES:
            most = in_figures(f"{MAX_VALUES:,}")
            raise TooLargeError(say("sent more than {most} values", most=most), request=request)
        heard = {name: answer.headers[name] for name in HEARD if name in answer.headers}
        headers = {name: value for name, value in heard.items() if value.isascii()}
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        headers["content-type"] = kind if kind.isascii() else ""
        return httpx2.Response(answer.status_code, headers=headers, content=self._keys.body(body), request=request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()


@contextmanager
def _faults_of_the_peer(request: httpx2.Request) -> Iterator[None]:
    """Raise as malformed whatever is raised here and has no class of its own: it comes of reading what was sent."""
    try:
        yield
    except httpx2.RemoteProtocolError as error:  # only what speaks through a SOCKS proxy raises it
        if any(words in str(error) for words in LOST):
            raise
        raise MalformedError(_told(error), request=request) from error
    except (httpx2.RequestError, TimeoutError):
        raise
    except (aiohttp.ClientError, OSError, ValueError, LookupError, ArithmeticError, httpx2.InvalidURL) as error:
        raise MalformedError(_told(error), request=request) from error


def _told(error: Exception) -> str:
    """Return what an error says, without the whole address that some have at their end: its query may be a secret."""
    said = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    return " ".join(said.split()) or type(error).__name__


async def _read(chunks: AsyncIterator[bytes], request: httpx2.Request) -> bytes:
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > MAX_BODY:
            raise TooLargeError(say("sent more than {most} MiB", most=MAX_BODY // 2**20), request=request)
    return bytes(body)


def _unpacked(body: bytes, encodings: str, request: httpx2.Request) -> bytes:
    named = [each.strip().lower() for each in encodings.split(",")]
    layers = [name for name in named if name not in ("", "identity")]
    if len(layers) > MAX_LAYERS:
        raise MalformedError(say("packed its answer {count} times over", count=len(layers)), request=request)
    for name in reversed(layers):
        if name not in ENCODINGS:
            raise MalformedError(
                say("packed its answer as {name}, which was not asked for", name=repr(name[:40])), request=request
            )
        body = _inflated(body, request)
    return body


def _inflated(packed: bytes, request: httpx2.Request) -> bytes:
    """Return what was packed by gzip (all its members), zlib, or deflate without a header."""
    body = bytearray()
    bits = zlib.MAX_WBITS | 32 if packed[:1] in (b"\x1f", b"\x78") else -zlib.MAX_WBITS
    try:
        for _ in range(MAX_MEMBERS + 1):
            if not packed:
                return bytes(body)
            member = zlib.decompressobj(bits)
            body += member.decompress(packed, MAX_BODY + 1 - len(body))
            if len(body) > MAX_BODY:
                raise TooLargeError(say("unpacks to more than {most} MiB", most=MAX_BODY // 2**20), request=request)
            if not member.eof:
                raise MalformedError(say("ended in the middle of what it packed"), request=request)
            packed = member.unused_data
    except zlib.error as error:
        raise MalformedError(say("cannot be unpacked: {error}", error=error), request=request) from error
    raise MalformedError(say("packed its answer in more than {most} parts", most=MAX_MEMBERS), request=request)
