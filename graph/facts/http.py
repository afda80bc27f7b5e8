"""Facts over HTTP: JSON from a host that `accord.toml` lists."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial

from graph.documents import read_json
from graph.facts.settings import FactSettings
from graph.facts.source import Raw, Reading, SourceError, SourceKind
from graph.facts.wire.hosts import Hop, credentials_for, find_host, line_for, secrets_in
from graph.facts.wire.peers import LookUp, look_up
from graph.problems import UsageError
from nodes.voices.wire.keys import Cutter
from policies.language import say
from policies.team.addresses import read_address
from policies.team.sources import HttpSource


async def fetch(spec: HttpSource, settings: FactSettings, look_up: LookUp = look_up) -> Raw:
    """Return the JSON that a URL answers with, and when it was last modified.

    Raises:
        SourceError: there is none, or none of use; the sentence has no credential and no query.
    """
    errand = await asyncio.to_thread(_prepared, spec, settings, look_up)  # it may read `.env`
    try:
        async with asyncio.timeout(spec.timeout):
            body, modified = await errand.done()
            value = await asyncio.to_thread(_read, errand.keys.body(body), errand.hop.named, spec.max_bytes)
    except TimeoutError:
        raise SourceError(
            say(
                "{address} did not give its whole answer within {seconds} seconds, which is the source's `timeout`",
                address=errand.hop.named,
                seconds=f"{spec.timeout:g}",
            )
        ) from None
    except SourceError as error:
        raise SourceError(errand.words.text(str(error))) from None
    return Raw(value, _moment(modified))


@dataclass(frozen=True, slots=True)
class _Errand:
    """What is asked first, what does it, and the credentials that nothing may give back: no facts and no sentence."""

    hop: Hop
    done: Callable[[], Awaitable[tuple[bytes, str]]]
    keys: Cutter
    words: Cutter
    """Cuts sentences: in them hosts and types are in lower case."""


def _prepared(spec: HttpSource, settings: FactSettings, look_up: LookUp) -> _Errand:
    # Imported here: most teams have no facts over HTTP, and these libraries take long to import.
    from graph.facts.wire.following import Way, follow  # noqa: PLC0415

    hop = _begun(spec.http, settings)
    credentials = credentials_for(hop)
    way = Way(settings.hosts, settings.route, look_up, spec.max_bytes)
    secrets = [*secrets_in(credentials)]
    words = Cutter([*secrets, *(secret.lower() for secret in secrets)])
    return _Errand(hop, partial(follow, hop, credentials, way), Cutter(secrets), words)


def _begun(url: str, settings: FactSettings) -> Hop:
    address = read_address(url)
    host = find_host(address, settings.hosts)
    if host is None:
        raise SourceError(
            say(
                "{address} was not asked: accord.toml does not list its host; if it may be asked, add the line {line}",
                address=address.shown,
                line=line_for(address),
            )
        )
    return Hop(address, host, address.shown)


def _read(body: bytes, named: str, most: int) -> object:
    try:
        return read_json(body, named, most).value
    except UsageError as error:
        raise SourceError(error.problems[0]) from None


def _moment(modified: str) -> datetime | None:
    """Return the moment of a header `Last-Modified`; None where it is missing, or is not a date.

    >>> _moment("Mon, 02 Mar 2026 10:00:00 GMT"), _moment("yesterday"), _moment("")
    (datetime.datetime(2026, 3, 2, 10, 0, tzinfo=datetime.timezone.utc), None, None)
    """
    try:
        moment = parsedate_to_datetime(modified)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None


async def _fetch(spec: HttpSource, reading: Reading) -> Raw:
    return await fetch(spec, reading.settings)


KIND = SourceKind(HttpSource, "http", _fetch, lambda spec: read_address(spec.http).host)
