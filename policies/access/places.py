"""Places: for which host a request is meant, from which page it comes, and whether the one is the other's own."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from policies.team.addresses import PORTS, read_host

_PLACE = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+?)\.?(?::([0-9]{1,5}))?", re.ASCII)
_ORIGIN = re.compile(r"(https?)://([^/?#@\s]+)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """A host in its one spelling, and the port where one is named."""

    host: str
    port: int | None = None


def read_place(text: str) -> Place | None:
    """Return the place that a text names, HOST or HOST:PORT; None where it names none.

    >>> read_place("Accord.Example.org.:8200"), read_place("[0::1]")
    (Place(host='accord.example.org', port=8200), Place(host='[::1]', port=None))
    >>> read_place("accord.example.org:0"), read_place("ada@accord"), read_place("127.1"), read_place("")
    (None, None, None, None)
    """
    found = _PLACE.fullmatch(text)
    port = int(found[2]) if found and found[2] else None
    if found is None or port == 0 or (port or 0) >= 65_536:
        return None
    try:
        return Place(read_host(found[1]), port)
    except ValueError:
        return None


def place_in(hosts: Sequence[str]) -> Place | None:
    """Return the place for which a request is meant, from its Host headers; None unless there is exactly one.

    >>> place_in(["localhost:8200"]), place_in([]), place_in(["localhost", "localhost"])
    (Place(host='localhost', port=8200), None, None)
    """
    return read_place(hosts[0]) if len(hosts) == 1 else None


def is_loopback(host: str | None) -> bool:
    """Return whether a host, or the address of a client, is this machine itself.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("[::1]"), is_loopback("::ffff:127.0.0.9")
    (True, True, True, True)
    >>> is_loopback("localhost"), is_loopback("192.0.2.1"), is_loopback("0.0.0.0"), is_loopback(None)
    (True, False, False, False)
    """
    if host is None or host == "localhost":
        return host is not None
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def is_served(place: Place, known: Collection[str], here: str | None) -> bool:
    """Return whether a request for this place is meant for this service.

    `known` are the names of the service. `here` is the address that the client reached: a page that points a name of
    its own at it cannot make a browser say the address.

    >>> localhost, evil, lan = Place("localhost", 8200), Place("evil.example"), Place("192.0.2.7")
    >>> [is_served(place, ("accord.example",), "192.0.2.7") for place in (localhost, evil, lan)]
    [True, False, True]
    """
    reached = read_place(f"[{here}]" if ":" in (here or "") else here or "")
    return is_loopback(place.host) or place.host in known or (reached is not None and place.host == reached.host)


def is_own_page(origin: str, place: Place) -> bool:
    """Return whether a page is of the very place for which its request is meant.

    >>> is_own_page("http://localhost:8200", Place("localhost", 8200)), is_own_page("https://a.org", Place("a.org"))
    (True, True)
    >>> is_own_page("http://localhost:3000", Place("localhost", 8200)), is_own_page("null", Place("null"))
    (False, False)
    """
    found = _ORIGIN.fullmatch(origin)
    page = read_place(found[2]) if found else None
    if found is None or page is None:
        return False
    usual = PORTS[found[1].lower()]
    return page.host == place.host and (page.port or usual) == (place.port or usual)
