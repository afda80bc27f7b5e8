"""Targets: a request line may name the host itself, as in `GET http://HOST/PATH`, and then the header does not count.

uvicorn drops the host of such a line. RFC 9112, 3.2.2: it is put in place of what the header says.
"""

import re

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from graph.web.running import server_of_process

_NAMED = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")


class TargetProtocol(HttpToolsProtocol):
    """Reads requests as uvicorn does, and the host that a request line names."""

    def on_headers_complete(self) -> None:
        """Put the host of the request line into the headers, which are the scope's from now on."""
        named = _NAMED.match(self.url)
        if named is not None:
            others = [(name, value) for name, value in self.headers if name != b"host"]
            self.headers[:] = [*others, (b"host", named[1])]
        super().on_headers_complete()


def read_targets() -> None:
    """Have the server that runs this process read requests so, where it is another's; it asks with each connection."""
    server = server_of_process()
    if server is not None and server.config.http_protocol_class is HttpToolsProtocol:
        server.config.http_protocol_class = TargetProtocol
