"""Peers: the addresses of a host, looked up once and all checked, of which one is connected to."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address

from graph.config.entries import HostEntry
from graph.facts.source import SourceError
from graph.facts.wire.hosts import Hop
from graph.facts.wire.ranges import IPAddress, Range, range_of
from policies.language import phrase, say

LookUp = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host's name."""


async def look_up(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host's name, as the system has them.

    A thread of its own asks, which nothing waits for at the end: a resolver may take longer than any deadline.

    Raises:
        OSError: the name was not found.
    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[Sequence[str]] = loop.create_future()

    def keep(addresses: Sequence[str], error: OSError | None) -> None:
        if found.done():  # the deadline has passed
            return
        found.set_exception(error) if error else found.set_result(addresses)

    def ask() -> None:
        addresses, fault = list[str](), None
        try:
            addresses = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except OSError as error:
            fault = error
        except UnicodeError:
            fault = OSError()
        if not loop.is_closed():
            loop.call_soon_threadsafe(keep, addresses, fault)

    threading.Thread(target=ask, name="facts-look-up", daemon=True).start()
    return await found


async def find_peers(hop: Hop, look_up: LookUp) -> tuple[IPAddress, ...]:
    """Return every address of a host, each of which may be connected to; its name is looked up once.

    Raises:
        SourceError: the name was not found, or one of its addresses is refused.
    """
    literal = _literal(hop.address.host)
    peers = (literal,) if literal else await _named(hop, look_up)
    for peer in peers:
        found = range_of(peer)
        if found is not None and not _is_open(found, hop.host.entry, is_named=literal is not None):
            raise SourceError(_refused(hop, peer, found))
    return peers


def _literal(host: str) -> IPAddress | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


async def _named(hop: Hop, look_up: LookUp) -> tuple[IPAddress, ...]:
    try:
        found = await look_up(hop.address.host, hop.address.port)
    except OSError:
        found = ()
    if not found:
        raise SourceError(
            say("{address}: {problem}", address=hop.named, problem=say("the name of the host was not found"))
        )
    return tuple(dict.fromkeys(map(ip_address, found)))


def _is_open(found: Range, entry: HostEntry, is_named: bool) -> bool:
    return entry.private and (found.opened_by == "private" or (found.opened_by == "name" and is_named))


_REMEDIES = {
    "private": phrase("if that is meant, write `private = true` under {table} in accord.toml"),
    "name": phrase(
        "if that is meant, name this address itself in the team file and in accord.toml, with `private = true`"
    ),
    "nothing": phrase("facts cannot come from there"),
}


def _refused(hop: Hop, peer: IPAddress, found: Range) -> str:
    return say(
        "{address} was not asked, since {peer} is {kind}; {remedy}",
        address=hop.named,
        peer=peer,
        kind=say(found.word),
        remedy=say(_REMEDIES[found.opened_by], table=hop.host.table),
    )
