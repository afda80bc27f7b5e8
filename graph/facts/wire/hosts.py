"""Hosts that facts may come from, as `accord.toml` lists them, and the credentials of each."""

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graph.config.entries import HostEntry
from graph.facts.source import SourceError
from graph.settings import variable
from nodes.voices.wire.endpoint import PARTS
from policies.language import say
from policies.team.addresses import PORTS, SHORTEST_SECRET, Address


@dataclass(frozen=True, slots=True)
class Host:
    """A host that is listed, and the name under which it is."""

    name: str
    entry: HostEntry

    @property
    def table(self) -> str:
        """The head of its table."""
        return table_of(self.name)


@dataclass(frozen=True, slots=True)
class Hop:
    """One address that is asked, its host, and what it is called in a sentence."""

    address: Address
    host: Host
    named: str


def table_of(name: str) -> str:
    """Return the head of a host's table in `accord.toml`.

    >>> table_of("api.example.org")
    '[facts.http."api.example.org"]'
    """
    return f'[facts.http."{name}"]'


def find_host(address: Address, hosts: Mapping[str, HostEntry]) -> Host | None:
    """Return the host of an address, as it is listed: with its port, or without where the port is 80 or 443.

    >>> hosts = {"example.org": HostEntry()}
    >>> find_host(Address("http", "example.org", 443), hosts).name, find_host(Address("http", "example.org", 81), hosts)
    ('example.org', None)
    """
    exact = f"{address.host}:{address.port}"
    name = exact if exact in hosts or address.port not in PORTS.values() else address.host
    return Host(name, hosts[name]) if name in hosts else None


def line_for(address: Address) -> str:
    """Return the line that would list the host of an address.

    >>> line_for(Address("https", "example.org", 8443)), line_for(Address("http", "example.org", 80))
    ('[facts.http."example.org:8443"]', '[facts.http."example.org"]')
    """
    is_usual = address.port in PORTS.values()
    return table_of(address.host if is_usual else f"{address.host}:{address.port}")


def credentials_for(hop: Hop) -> dict[str, str]:
    """Return the headers that carry the credentials of a host.

    Raises:
        SourceError: a variable is not set or has what a header cannot have, or the way to the host is not encrypted.
    """
    host = hop.host
    headers = {name: _credential(source, host, r"[ -~]+") for name, source in host.entry.headers_env.items()}
    if host.entry.token_env:
        headers["authorization"] = " ".join(("Bearer", _credential(host.entry.token_env, host, r"[!-~]+")))
    if headers and hop.address.scheme == "http" and not host.entry.private:
        raise SourceError(
            say(
                "{address} was not asked: the credentials of a host that is not private are sent over https alone; "
                "write https:// in the team file",
                address=hop.named,
            )
        )
    return headers


def _credential(name: str, host: Host, allowed: str) -> str:
    value = _value(name, host, allowed)
    if len(_secret_of(value)) < SHORTEST_SECRET:
        raise SourceError(
            say(
                "{variable} has a credential of fewer than {least} characters, which could not be told from other "
                "words in what a server repeats; use a longer one",
                variable=name,
                least=SHORTEST_SECRET,
            )
        )
    return value


def _secret_of(value: str) -> str:
    """Return the last word of a header, which is its credential; of a Basic one the password.

    >>> _secret_of("Token abc"), _secret_of("Basic dXNlcjpwYXNz"), _secret_of("session=abc=;")
    ('abc', 'pass', 'abc')
    """
    words = [word for word in PARTS.split(value) if word]
    hidden = _hidden(words[-1]) if words and words[0].lower() == "basic" else []
    return (hidden or words or [""])[-1]


def _value(name: str, host: Host, allowed: str) -> str:
    value = (variable(name) or "").strip()
    if not value:
        raise SourceError(
            say(
                "{variable} is not set; {table} in accord.toml takes a credential from it",
                variable=name,
                table=host.table,
            )
        )
    if not re.fullmatch(allowed, value):
        raise SourceError(
            say("{variable} has a character that no credential has; allowed: printable ASCII", variable=name)
        )
    return value


def secrets_in(headers: Mapping[str, str]) -> Iterator[str]:
    """Yield what must not be kept or shown of headers: their values, the words of each, and what Base64 hides in those.

    >>> [*secrets_in({"authorization": "Basic dXNlcjpwYXNz"})]
    ['Basic dXNlcjpwYXNz', 'Basic', 'dXNlcjpwYXNz', 'user', 'pass']
    """
    for value in headers.values():
        words = PARTS.split(value)
        yield from (value, *words)
        if words[0].lower() == "basic":
            yield from (part for word in words[1:] for part in _hidden(word))


def _hidden(word: str) -> list[str]:
    try:
        return b64decode(f"{word}{'=' * (-len(word) % 4)}", validate=True).decode().split(":", 1)
    except ValueError:
        return []
