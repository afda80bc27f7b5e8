"""Terms: what the service asks of requests, of `accord.toml` and of the flags that it was started with."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from graph.config.entries import ServeTable
from graph.config.file import read_config
from graph.settings import Settings
from policies.team.addresses import PORTS

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


@dataclass(frozen=True, slots=True)
class Terms:
    """Which hosts and origins requests may name, and how many, how large and how much at once.

    `hosts` are written as the header Host has them, without the port.
    """

    hosts: frozenset[str] = LOOPBACK
    origins: frozenset[str] = frozenset()
    at_once: int = field(default=ServeTable.model_fields["at_once"].default)
    requests_per_minute: int = field(default=ServeTable.model_fields["requests_per_minute"].default)
    max_bytes: int = field(default=ServeTable.model_fields["max_bytes"].default)
    public: str | None = None
    """The origin of `public_url`, as browsers say it."""


def load_terms(settings: Settings, bound: str | None = None, at_once: int | None = None) -> Terms:
    """Return the terms of the file; a host that is listened on and a number that is given come before them.

    Raises:
        UsageError: the file cannot be read, or has what is not allowed; every problem.
    """
    file = read_config(settings)
    public = urlsplit(file.public_url).hostname if file.public_url else None
    named = {in_header(host) for host in (bound, public) if host}
    return Terms(
        LOOPBACK | named | set(file.serve.hosts),
        frozenset(file.serve.origins),
        at_once or file.serve.at_once,
        file.serve.requests_per_minute,
        file.serve.max_bytes,
        origin_of(file.public_url) if file.public_url else None,
    )


def origin_of(url: str) -> str:
    """Return the origin of an address, as browsers say it: without the port that is usual.

    >>> origin_of("https://Accord.example:443/x"), origin_of("http://[::1]:8200")
    ('https://accord.example', 'http://[::1]:8200')
    """
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port and parts.port != PORTS[parts.scheme] else ""
    return f"{parts.scheme}://{in_header(parts.hostname or '')}{port}"


def in_header(host: str) -> str:
    """Return a host as the header Host has it.

    >>> in_header("::1"), in_header("Example.org")
    ('[::1]', 'example.org')
    """
    return f"[{host.lower()}]" if ":" in host else host.lower()
