"""IANA's special-purpose address registries, and what else is not public, written down from the registries alone.

Each row is a block as first and last address. `REFUSED` may never be connected to without leave; `EITHER` are blocks
within those that the registries call globally reachable, of which nothing is claimed here.
"""

import ipaddress
from random import Random

Span = tuple[str, str]

REFUSED_4: dict[str, Span] = {
    "this network": ("0.0.0.0", "0.255.255.255"),
    "private use, ten": ("10.0.0.0", "10.255.255.255"),
    "shared address space": ("100.64.0.0", "100.127.255.255"),
    "loopback": ("127.0.0.0", "127.255.255.255"),
    "link local": ("169.254.0.0", "169.254.255.255"),
    "private use, 172": ("172.16.0.0", "172.31.255.255"),
    "protocol assignments": ("192.0.0.0", "192.0.0.255"),
    "documentation 1": ("192.0.2.0", "192.0.2.255"),
    "the relay of 6to4": ("192.88.99.0", "192.88.99.255"),
    "private use, 192": ("192.168.0.0", "192.168.255.255"),
    "benchmarking": ("198.18.0.0", "198.19.255.255"),
    "documentation 2": ("198.51.100.0", "198.51.100.255"),
    "documentation 3": ("203.0.113.0", "203.0.113.255"),
    "multicast": ("224.0.0.0", "239.255.255.255"),
    "reserved, and broadcast": ("240.0.0.0", "255.255.255.255"),
    "the wire server of Azure": ("168.63.129.16", "168.63.129.16"),
}
EITHER_4: dict[str, Span] = {"anycast for port control and TURN": ("192.0.0.9", "192.0.0.10")}

REFUSED_6: dict[str, Span] = {
    "unspecified, loopback, IPv4-compatible": ("::", "::ffff:ffff"),
    "IPv4-mapped": ("::ffff:0:0", "::ffff:ffff:ffff"),
    "IPv4-translated": ("::ffff:0:0:0", "::ffff:0:ffff:ffff"),
    "translation of local use": ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"),
    "discard-only": ("100::", "100::ffff:ffff:ffff:ffff"),
    "dummy": ("100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff"),
    "protocol assignments, with Teredo": ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "documentation": ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
    "6to4": ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "documentation of 2024": ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "segment routing": ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "unique local": ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "link local": ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "site local": ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "multicast": ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "unassigned below": ("200::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "unassigned above": ("4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
}
EITHER_6: dict[str, Span] = {
    "anycast": ("2001:1::1", "2001:1::3"),
    "AMT": ("2001:3::", "2001:3:ffff:ffff:ffff:ffff:ffff:ffff"),
    "AS112": ("2001:4:112::", "2001:4:112:ffff:ffff:ffff:ffff:ffff"),
    "ORCHIDv2 and drones": ("2001:20::", "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff"),
}
PUBLIC_4: dict[str, Span] = {
    "AS112, direct": ("192.31.196.0", "192.31.196.255"),
    "AMT": ("192.52.193.0", "192.52.193.255"),
    "AS112": ("192.175.48.0", "192.175.48.255"),
    "one, to ten": ("1.0.0.0", "9.255.255.255"),
    "eleven to a hundred": ("11.0.0.0", "100.63.255.255"),
}
PUBLIC_6: dict[str, Span] = {
    "AS112": ("2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff"),
    "Europe": ("2a00::", "2a0f:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "North America": ("2600::", "2600:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
}
TRANSLATED = int(ipaddress.IPv6Address("64:ff9b::"))

METADATA = ("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254")


def number(text: str) -> int:
    """The address as a number."""
    return int(ipaddress.ip_address(text))


def lies_in(value: int, blocks: dict[str, Span]) -> bool:
    return any(number(first) <= value <= number(last) for first, last in blocks.values())


def verdict(value: int, bits: int) -> bool | None:
    """Whether an address must be refused; None where nothing is claimed."""
    if bits == 128 and TRANSLATED <= value <= TRANSLATED + 2**32 - 1:
        return verdict(value - TRANSLATED, 32)
    refused, either = (REFUSED_4, EITHER_4) if bits == 32 else (REFUSED_6, EITHER_6)
    if lies_in(value, either):
        return None
    if lies_in(value, refused):
        return True
    is_unicast = bits == 32 or number("2000::") <= value <= number("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
    return not is_unicast


def draw(random: Random) -> tuple[int, int]:
    """An address as a number with its bits: anywhere, in a block, at one of its ends, or inside another address."""
    bits = random.choice((32, 128))
    blocks = (
        [*(REFUSED_4 | EITHER_4 | PUBLIC_4).values()] if bits == 32 else [*(REFUSED_6 | EITHER_6 | PUBLIC_6).values()]
    )
    first, last = map(number, random.choice(blocks))
    within = (random.randint(first, last), first, last, first - 1, last + 1, random.getrandbits(bits))
    value = random.choice(within) % 2**bits
    if bits == 32 and random.random() < 0.3:
        return TRANSLATED + value, 128
    return value, bits
