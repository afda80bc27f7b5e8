"""One connection to a peer that was checked: no proxy, no cookies, no redirects, nothing of the environment."""

import socket
import ssl
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from graph.facts.wire.ranges import IPAddress
from policies.team.addresses import Address

PIECE = 64 * 1024
HEADERS = {"accept": "application/json", "accept-encoding": "gzip", "user-agent": "accord"}


class ForeignPeerError(Exception):
    """A connection would go, or went, to an address that was not checked."""


class _Answer(AbstractResolver):
    """Answers with the peers, whatever is asked."""

    def __init__(self, peers: Collection[IPAddress]) -> None:
        self._peers = peers

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> Any:
        """Return the peers."""
        return [_answer(host, peer, port) for peer in self._peers]

    async def close(self) -> None:
        """Close nothing."""


def _answer(host: str, peer: IPAddress, port: int) -> ResolveResult:
    family = socket.AF_INET if peer.version == 4 else socket.AF_INET6
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=str(peer), port=port, family=family, proto=0, flags=flags)


class _Pinned(aiohttp.TCPConnector):
    """Connects to the peers alone: checked before a socket is made, and again before anything is sent."""

    def __init__(self, peers: Collection[IPAddress], trusted: ssl.SSLContext | None) -> None:
        self._checked = frozenset(peers)
        super().__init__(
            resolver=_Answer(peers),
            use_dns_cache=False,
            force_close=True,
            socket_factory=self._make_socket,
            ssl=trusted or True,
        )

    def _make_socket(self, info: Any) -> socket.socket:
        self._check(info[4])
        return socket.socket(*info[:3])

    async def connect(self, *args: Any, **named: Any) -> Any:
        """Return a connection whose other end was checked."""
        connection = await super().connect(*args, **named)
        try:
            transport = connection.transport
            self._check(transport.get_extra_info("peername") if transport else None)
        except ForeignPeerError:
            connection.close()
            raise
        return connection

    def _check(self, end: Any) -> None:
        if not end or ip_address(end[0]) not in self._checked:
            raise ForeignPeerError


@asynccontextmanager
async def open_answer(
    address: Address, peers: Collection[IPAddress], trusted: ssl.SSLContext | None, headers: Mapping[str, str]
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Ask for an address at one of the peers, and open what is answered; its body is not read or unpacked yet.

    Raises:
        aiohttp.ClientError: there is no connection, or it does not speak HTTP.
        ForeignPeerError: the connection would go somewhere else.
    """
    url = URL.build(
        scheme=address.scheme,
        host=address.host.strip("[]"),
        port=address.port,
        path=address.path,
        query_string=address.query,
        encoded=True,
    )
    async with (
        aiohttp.ClientSession(
            connector=_Pinned(peers, trusted),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            headers=HEADERS,
            auto_decompress=False,
            trust_env=False,
            read_bufsize=PIECE,
        ) as session,
        session.get(url, headers=dict(headers), allow_redirects=False) as answer,
    ):
        yield answer
