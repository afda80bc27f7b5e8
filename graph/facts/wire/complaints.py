"""What is said of a host that gives no facts: one sentence, without a query, a header or a credential."""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp

from graph.facts.source import SourceError
from graph.facts.wire.body import BodyError
from graph.facts.wire.connection import ForeignPeerError
from graph.facts.wire.hosts import Hop
from graph.problems import neutral
from policies.language import phrase, say
from policies.plain import clean_text

MAX_SAID = 160
_RAW = re.compile(r"[:\s]*b['\"].*", re.DOTALL)
"""Where an error begins to quote what was sent, which may be a header."""

JSON = "application/json"

_STATUSES = {
    404: phrase("{address} answered 404: nothing is there; check the address in the team file"),
    410: phrase("{address} answered 410: nothing is there any more; check the address in the team file"),
    429: phrase("{address} answered 429: it was asked too often; try again later"),
}
_FAULTS_OF_ITS_OWN = phrase("{address} answered {status}: the server has a fault of its own; try again later")
_OTHER = phrase("{address} answered {status} in place of facts")
_REFUSED = phrase("{address} answered {status}: it does not accept the credentials that {table} in accord.toml names")
_ASKS = phrase(
    "{address} answered {status}: it wants credentials; name the variable that has its token as `token_env` under "
    "{table} in accord.toml"
)


def of_status(hop: Hop, status: int, has_credentials: bool) -> str:
    """Return what is said of a status other than 200."""
    told = _STATUSES.get(status, _FAULTS_OF_ITS_OWN if status >= 500 else _OTHER)
    if status in (401, 403):
        told = _REFUSED if has_credentials else _ASKS
    return say(told, address=hop.named, status=status, table=hop.host.table)


def of_type(named: str, content_type: str) -> str | None:
    """Return what is said of an answer that is not JSON by its type; None where it is."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == JSON or (kind.startswith("application/") and kind.endswith("+json")):
        return None
    if not kind:
        return say("{address} does not say that it answers with JSON; allowed: {allowed}", address=named, allowed=JSON)
    return say("{address} answered with {kind}; allowed: {allowed}", address=named, kind=_said(kind), allowed=JSON)


def _said(text: str) -> str:
    shown = neutral(" ".join(clean_text(text).split()))
    return shown if len(shown) <= MAX_SAID else f"{shown[: MAX_SAID - 1]}\u2026"


@contextmanager
def faults_of(named: str) -> Iterator[None]:
    """Raise as one sentence whatever goes wrong on the way to a host, and in what it sends.

    Raises:
        SourceError: it did.
    """
    try:
        yield
    except (SourceError, TimeoutError):
        raise
    except (aiohttp.ClientError, ForeignPeerError, BodyError, OSError, ValueError, LookupError) as error:
        raise SourceError(say("{address}: {problem}", address=named, problem=_problem(error))) from None


_PROBLEMS: tuple[tuple[type[Exception], str], ...] = (
    (ForeignPeerError, phrase("the connection went to an address that was not looked up, and nothing was sent")),
    (
        aiohttp.ClientConnectorCertificateError,
        phrase("its certificate is not trusted ({said}); see SSL_CERT_FILE"),
    ),
    (
        aiohttp.ClientConnectorSSLError,
        phrase("it does not speak TLS as expected ({said}); is it an http:// address?"),
    ),
    (aiohttp.ClientConnectorError, phrase("cannot be reached: {said}")),
    (aiohttp.ServerDisconnectedError, phrase("the connection was closed without an answer")),
    (aiohttp.ClientPayloadError, phrase("the connection was lost before the answer was whole")),
    (OSError, phrase("the connection was lost: {said}")),
    (Exception, phrase("sent what is not an HTTP answer: {said}")),
)
"""What is said of each error; the first kind that it is of counts."""


def _problem(error: Exception) -> str:
    if isinstance(error, BodyError):
        return str(error)
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ConnectionRefusedError):
        return say("refused the connection")
    told = next(told for kind, told in _PROBLEMS if isinstance(error, kind))
    return say(told, said=_said(_cause(error)))


def _cause(error: BaseException) -> str:
    """Return what an error says by itself: most add the address that was asked, whose query may be a secret."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        error = error.certificate_error
    elif isinstance(error, aiohttp.ClientConnectorError):
        error = error.os_error
    told = {
        ssl.SSLCertVerificationError: "verify_message",
        ssl.SSLError: "reason",
        OSError: "strerror",
        aiohttp.ClientResponseError: "message",
    }
    found = next((getattr(error, name) for kind, name in told.items() if isinstance(error, kind)), None)
    return _RAW.sub("", str(found or "")) or type(error).__name__
