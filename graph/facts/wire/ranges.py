"""Ranges of addresses that are not public, after IANA's special-purpose registries, and what opens each."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Literal

from policies.language import phrase

IPAddress = IPv4Address | IPv6Address

Opening = Literal["private", "name", "nothing"]
"""What allows an address: `private = true` of its host, `private = true` under its very own name, or nothing."""


@dataclass(frozen=True, slots=True)
class Range:
    """Addresses that are not public: what each is in words, and what allows it."""

    networks: tuple[IPv4Network | IPv6Network, ...]
    word: str
    opened_by: Opening

    def __contains__(self, address: IPAddress) -> bool:
        return any(address in network for network in self.networks if network.version == address.version)


def _range(word: str, opened_by: Opening, networks: Iterable[str]) -> Range:
    return Range(tuple(map(ip_network, networks)), word, opened_by)


RANGES = (
    _range(
        phrase("where a cloud gives out credentials"),
        "name",
        (
            *("169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200", "168.63.129.16"),
            *("192.0.0.192", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe"),
            *("fd00:42::42", "fe80::a9fe:a9fe"),
        ),
    ),
    _range(phrase("a loopback address"), "private", ("127.0.0.0/8", "::1")),
    _range(phrase("a private address"), "private", ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")),
    _range(phrase("an address shared within a provider"), "private", ("100.64.0.0/10",)),
    _range(phrase("a link-local address"), "private", ("169.254.0.0/16", "fe80::/10")),
    _range(phrase("an unspecified address"), "nothing", ("0.0.0.0/8", "::")),
    _range(phrase("a multicast address"), "nothing", ("224.0.0.0/4", "ff00::/8")),
    _range(
        phrase("an IPv4 address inside an IPv6 one"),
        "nothing",
        ("::ffff:0:0/96", "::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"),
    ),
    _range(
        phrase("a reserved address"),
        "nothing",
        (
            *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
            *("240.0.0.0/4", "2001::/23", "2001:db8::/32", "3fff::/20"),
            # All that is public in IPv6 lies in 2000::/3.
            *("::/3", "4000::/2", "8000::/1"),
        ),
    ),
)
"""The ranges; the first that has an address says what it is."""

TRANSLATED = IPv6Network("64:ff9b::/96")
"""Where a network without IPv4 reaches IPv4 addresses, each in the last 32 bits."""


def range_of(address: IPAddress) -> Range | None:
    """Return the range that an address lies in; None where it is public.

    >>> range_of(IPv4Address("10.1.2.3")).word, range_of(IPv6Address("64:ff9b::10.1.2.3")).word
    ('a private address', 'a private address')
    >>> range_of(IPv4Address("192.31.196.1")), range_of(IPv6Address("64:ff9b::192.31.196.1"))
    (None, None)
    """
    if address in TRANSLATED:
        return range_of(IPv4Address(int(address) & 0xFFFF_FFFF))
    return next((each for each in RANGES if address in each), None)
