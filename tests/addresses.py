"""Addresses: those that this machine has, as the kernel says; nothing is sent to find out."""

import fcntl
import socket
import struct
from contextlib import suppress

SIOCGIFADDR = 0x8915


def own_addresses() -> list[str]:
    """Return the IPv4 addresses of this machine that are not loopback."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            with suppress(OSError):
                asked = struct.pack("256s", name.encode()[:15])
                found.append(socket.inet_ntoa(fcntl.ioctl(probe.fileno(), SIOCGIFADDR, asked)[20:24]))
    return [address for address in found if not address.startswith("127.")]


def no_address() -> str | None:
    """Return that there is none but loopback, where that is so."""
    return None if own_addresses() else "this machine has no address but loopback"


def no_ipv6() -> str | None:
    """Return why nothing can listen on the loopback address of IPv6; None where it can."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        return str(error)
    return None
