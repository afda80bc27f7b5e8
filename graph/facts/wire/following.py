"""Asks for an address and follows where it redirects to, each place checked like the first."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin

from graph.config.entries import HostEntry
from graph.facts.source import SourceError
from graph.facts.wire.body import BodyError, read_body, too_large
from graph.facts.wire.complaints import faults_of, of_status, of_type
from graph.facts.wire.connection import PIECE, open_answer
from graph.facts.wire.hosts import Hop, find_host, line_for
from graph.facts.wire.peers import LookUp, find_peers
from nodes.voices.wire.endpoint import Route
from nodes.voices.wire.trust import trusted_by
from policies.language import say
from policies.team.addresses import read_address

MAX_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Way:
    """What asking may use: the hosts that are listed, whom TLS trusts, how names are looked up, how much may come."""

    hosts: Mapping[str, HostEntry]
    route: Route
    look_up: LookUp
    max_bytes: int


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was answered: where it redirects to, or a body and when that was last modified."""

    location: str | None = None
    body: bytes = b""
    modified: str = ""


async def follow(first: Hop, credentials: Mapping[str, str], way: Way) -> tuple[bytes, str]:
    """Return the body at the end of the redirects, and the header that says when it was last modified.

    Credentials stay with the host that they are for, and are dropped for good where a redirect leaves it.

    Raises:
        SourceError: there is no answer that can be used.
    """
    hop = first
    for _ in range(MAX_REDIRECTS + 1):
        answer = await _ask(hop, credentials, way)
        if answer.location is None:
            return answer.body, answer.modified
        hop = _redirected(first, hop, answer.location, way)
        credentials = credentials if hop.host == first.host else {}
    raise SourceError(say("{address} redirects more than {most} times", address=first.named, most=MAX_REDIRECTS))


async def _ask(hop: Hop, credentials: Mapping[str, str], way: Way) -> _Answer:
    peers = await find_peers(hop, way.look_up)
    trusted = await asyncio.to_thread(_trusted, way.route) if hop.address.scheme == "https" else None
    with faults_of(hop.named):
        async with open_answer(hop.address, peers, trusted, credentials) as answer:
            headers = answer.headers
            if answer.status in REDIRECTS and headers.get("location"):
                return _Answer(location=headers["location"])
            if answer.status != 200:
                raise SourceError(of_status(hop, answer.status, bool(credentials)))
            fault = of_type(hop.named, headers.get("content-type", ""))
            if fault:
                raise SourceError(fault)
            if (answer.content_length or 0) > way.max_bytes:
                raise BodyError(too_large(way.max_bytes))
            pieces = answer.content.iter_chunked(PIECE)
            body = await read_body(pieces, headers.get("content-encoding", ""), way.max_bytes)
            return _Answer(body=body, modified=headers.get("last-modified", ""))


def _trusted(route: Route) -> ssl.SSLContext:
    try:
        return trusted_by(route)
    except OSError as error:
        variable, place = ("SSL_CERT_FILE", route.ca_file) if route.ca_file else ("SSL_CERT_DIR", route.ca_folder)
        why = error.strerror or str(error)
        told = say("{variable}: {place} cannot be read as certificates: {why}", variable=variable, place=place, why=why)
        raise SourceError(told) from None


def _joined(hop: Hop, location: str) -> str:
    try:
        return urljoin(f"{hop.address.shown}?{hop.address.query}", location)
    except ValueError:  # it cannot be taken apart, which is said in words of our own where it is read
        return location


def _redirected(first: Hop, hop: Hop, location: str, way: Way) -> Hop:
    """Return where a redirect leads."""
    try:
        target = read_address(_joined(hop, location).partition("#")[0])
    except ValueError as error:
        raise SourceError(
            say("{address} redirects to what cannot be asked: it {why}", address=first.named, why=error)
        ) from None
    if (hop.address.scheme, target.scheme) == ("https", "http"):
        raise SourceError(
            say(
                "{address} redirects from https to http, where others could change the answer; it was not followed",
                address=first.named,
            )
        )
    host = find_host(target, way.hosts)
    if host is None:
        raise SourceError(
            say(
                "{address} redirects to {target}, which accord.toml does not list, and which was not asked; if it may "
                "be, add the line {line}",
                address=first.named,
                target=target.origin,
                line=line_for(target),
            )
        )
    return Hop(target, host, say("{address}, redirected to {target}", address=first.named, target=target.origin))
