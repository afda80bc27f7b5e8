"""Listening: the socket of a service, taken before anything is served, and where it is then."""

import errno
import socket

from graph.problems import UsageError, reason_of
from graph.service.terms import in_header
from policies.language import phrase, say

BACKLOG = 2048
HOST = phrase("--host {host} is not an address of this machine: {why}; allowed: 127.0.0.1, ::1, 0.0.0.0, a name of it")
PORT = phrase("--port {port} is taken on {host}; choose another, or 0 for any that is free")
FORBIDDEN = phrase("--port {port} is not for this user; choose one from 1024 on")


def listen_on(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address of this machine, IPv4 or IPv6; of a name, on the first one it has.

    Raises:
        UsageError: there is no such address, or the port is taken or not for this user.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except (UnicodeError, socket.gaierror) as error:
        why = error.strerror if isinstance(error, OSError) else say("it is not a name")
        raise UsageError(say(HOST, host=host[:80] or "''", why=why)) from None
    except OSError as error:
        told = {errno.EADDRINUSE: PORT, errno.EACCES: FORBIDDEN}.get(error.errno or 0, HOST)
        raise UsageError(say(told, host=host[:80], port=port, why=reason_of(error))) from None


def url_of(host: str, listening: socket.socket) -> str:
    """Return the address at which a socket is asked."""
    return f"http://{in_header(host)}:{listening.getsockname()[1]}"
