"""Addresses of facts: which may be asked over HTTP, and the one spelling of a host."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from policies.language import say

PORTS = {"http": 80, "https": 443}
MAX_URL = 2_000
MAX_HOST = 253
SHORTEST_SECRET = 8
"""Characters below which a text is not taken for a credential: it could be any word."""

SECRETS = frozenset(
    (
        *("accesstoken", "apikey", "auth", "authorization", "credential", "credentials", "jwt", "key", "pass"),
        *("passwd", "password", "pwd", "sas", "secret", "sig", "signature", "token"),
    )
)
"""Words in the name of an option that say that its value is a credential."""

_URL = re.compile(r"(https?)://([^/?#]*)(/[^?#]*)?(\?[^#]*)?", re.ASCII | re.IGNORECASE)
_PLACE = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_WORDS = (re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])"), re.compile(r"[A-Za-z]+"))
"""What the words of a name are, where capitals begin one, and where they do not."""


@dataclass(frozen=True, slots=True)
class Address:
    """A URL in its parts; `host` has one spelling, and an IPv6 address its brackets.

    >>> Address("https", "example.org", 443, "/prices", "day=1").shown
    'https://example.org/prices'
    """

    scheme: str
    host: str
    port: int
    path: str = "/"
    query: str = ""

    @property
    def place(self) -> str:
        """The host, with the port where it is not that of the scheme.

        >>> Address("http", "[::1]", 8080).place, Address("http", "example.org", 80).place
        ('[::1]:8080', 'example.org')
        """
        return self.host if self.port == PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme and place, which is all that is shown of where a redirect goes."""
        return f"{self.scheme}://{self.place}"

    @property
    def shown(self) -> str:
        """The URL without its query."""
        return f"{self.origin}{self.path}"


def read_host(text: str) -> str:
    """Return a host in its one spelling: a name in lower case, IPv4 as four numbers, IPv6 in brackets.

    Whatever a resolver could take for an IPv4 address must be written as four plain numbers: others read octal,
    hexadecimal and missing parts differently.

    >>> read_host("API.Example.org"), read_host("127.0.0.1"), read_host("[0::0:1]")
    ('api.example.org', '127.0.0.1', '[::1]')

    Raises:
        ValueError: it is not a host, or an address in another spelling.
    """
    host = text.lower()
    if host.startswith("["):
        return _ipv6(host)
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _ipv4(host)
    if not host.isascii():
        raise ValueError(say("has a host that is not ASCII; write it in its ASCII form, which begins with `xn--`"))
    if len(host) > MAX_HOST or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError(
            say("has no host that can be looked up; allowed: a name such as api.example.org, or an address")
        )
    return host


def _ipv4(host: str) -> str:
    try:
        return str(IPv4Address(host))
    except ValueError:
        told = say("has an IPv4 address in another spelling; allowed: four decimal numbers, such as 192.0.2.1")
        raise ValueError(told) from None


def _ipv6(host: str) -> str:
    try:
        address = IPv6Address(host[1:-1])
    except ValueError:
        address = None
    if address is None or address.scope_id or not host.endswith("]"):
        raise ValueError(say("has no IPv6 address in its brackets; allowed: one such as [2001:db8::1], without a zone"))
    return f"[{address.compressed}]"


def read_address(url: str) -> Address:
    """Return a URL in its parts, as everything that connects reads it.

    >>> read_address("HTTPS://Example.org:443/a?b=1")
    Address(scheme='https', host='example.org', port=443, path='/a', query='b=1')

    Raises:
        ValueError: it is not a URL that may be asked.
    """
    found = _URL.fullmatch(url)
    if len(url) > MAX_URL or not found:
        raise ValueError(say("is not an address of facts; allowed: http(s)://HOST[:PORT]/PATH?QUERY"))
    scheme, place, path, query = found[1].lower(), found[2], found[3] or "/", (found[4] or "?")[1:]
    if "@" in place:
        raise ValueError(
            say("names a user; credentials belong in accord.toml, under the table of the host, as `token_env`")
        )
    split = _PLACE.fullmatch(place)
    if split is None or not 0 < int(split[2] or PORTS[scheme]) < 65_536:
        raise ValueError(say("has no host and port that can be asked; allowed: HOST, or HOST:PORT up to 65535"))
    if not re.fullmatch(r"[!-~]*", f"{path}{query}"):
        raise ValueError(say("has a character that an address cannot have; percent-encode it"))
    return Address(scheme, read_host(split[1]), int(split[2] or PORTS[scheme]), path, query)


def usable_url(url: str) -> str:
    """Return a URL that a team file may name.

    >>> usable_url("https://example.org/rates?day=2026-03-02")
    'https://example.org/rates?day=2026-03-02'

    Raises:
        ValueError: it is not a URL that may be asked, or has a credential.
    """
    address = read_address(url)
    secret = next(_secrets(address.query), None)
    if secret is not None:
        raise ValueError(
            say(
                "has `{name}` in its query, and a team file is kept with every run; credentials belong in accord.toml, "
                "under the table of the host, as `token_env` or `headers_env`",
                name=secret,
            )
        )
    return url


def _secrets(query: str) -> Iterator[str]:
    """Yield the names of options whose values may be credentials.

    >>> [*_secrets("api_key=0123456789&day=2026-03-02&accessToken=0123456789&keyword=0123456789&key=EU")]
    ['api_key', 'accessToken']
    >>> [*_secrets("ToKeN=0123456789")]
    ['ToKeN']
    """
    for option in query.split("&"):
        name, _, value = _decoded(option).partition("=")
        words = {word.lower() for form in _WORDS for word in form.findall(name)}
        if len(value) >= SHORTEST_SECRET and not SECRETS.isdisjoint(words):
            yield name


def _decoded(text: str) -> str:
    """Return a text whose ASCII characters are percent-encoded no more.

    >>> _decoded("api%5Fkey=%C3%A9")
    'api_key=%C3%A9'
    """
    return re.sub(r"%([2-7][0-9A-Fa-f])", lambda found: chr(int(found[1], 16)), text)
