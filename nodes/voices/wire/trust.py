"""Whom TLS trusts."""

import errno
import os
import ssl
from pathlib import Path

import httpx2

from nodes.voices.wire.endpoint import Route


def trusted_by(route: Route) -> ssl.SSLContext:
    """Return whom TLS trusts: the authorities that the route names, else the system's.

    Raises:
        OSError: the authorities cannot be read.
    """
    for folder in (route.ca_folder or "").split(os.pathsep):
        if folder and not Path(folder).is_dir():  # OpenSSL would not look before it needs one
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder)
    if route.ca_file or route.ca_folder:
        return ssl.create_default_context(cafile=route.ca_file, capath=route.ca_folder)
    return httpx2.create_ssl_context(trust_env=False)
