"""Tokens: how one is written, where a request carries it, and which of them are good."""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from policies.access.caller import Caller, Scope
from policies.team.people import seconds_of

PREFIX = "accord_"
RANDOM_BYTES = 32

_TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
_HALF = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{22}}")
_CODED = re.compile("%([0-9A-Fa-f]{2})")
_BEARER = re.compile(rf"(?i:bearer) +({_TOKEN.pattern})")


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token: whose it is and what it allows, and from when until when; never the token itself."""

    id: str
    tenant: str
    person: str
    scopes: tuple[Scope, ...]
    created_at: str
    expires_at: str | None = None
    revoked_at: str | None = None

    def is_good(self, now: str) -> bool:
        """Return whether the token is accepted at this time; from the time at which it expires it is not.

        >>> token = Token("1", "acme", "ada", ("read",), "2026-03-01T00:00:00Z", expires_at="2026-03-02T00:00:00Z")
        >>> token.is_good("2026-03-01T23:59:59Z"), token.is_good("2026-03-02T00:00:00Z")
        (True, False)
        >>> Token("1", "acme", "ada", ("read",), "2026-03-01T00:00:00Z").is_good("2036-03-01T00:00:00Z")
        True
        """
        if self.revoked_at is not None:
            return False
        return self.expires_at is None or datetime.fromisoformat(now) < datetime.fromisoformat(self.expires_at)

    def caller(self) -> Caller:
        """Return who calls with the token.

        >>> Token("1", "acme", "ada", ("read",), "2026-03-01T00:00:00Z").caller()
        Caller(tenant='acme', person='ada', scopes=frozenset({'read'}), is_proved=True)
        """
        return Caller(self.tenant, self.person, frozenset(self.scopes), is_proved=True)


def text_of(random: bytes) -> str:
    """Return random bytes as 43 letters, digits, hyphens and underscores.

    >>> text_of(bytes(32))
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

    Raises:
        ValueError: they are not as many as a token or a cookie has.
    """
    if len(random) != RANDOM_BYTES:
        raise ValueError(len(random))
    return base64.urlsafe_b64encode(random).decode().rstrip("=")


def token_of(random: bytes) -> str:
    """Return the token that is made of random bytes.

    >>> token_of(bytes(32))
    'accord_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

    Raises:
        ValueError: they are not as many as a token has.
    """
    return PREFIX + text_of(random)


def digest_of(token: str) -> str:
    """Return what is kept in place of a token: 256 random bits need no slow hash.

    >>> digest_of(token_of(bytes(32)))[:16]
    '7bba77f331ba6aba'
    """
    return hashlib.sha256(token.encode()).hexdigest()


def holds_token(text: str) -> bool:
    """Return whether there is a token in a text, as it is or percent-encoded.

    >>> token = token_of(bytes(32))
    >>> holds_token(f"x-api-key={token}"), holds_token(token.replace("_", "%5F")), holds_token(token[:-1])
    (True, True, False)
    """
    return bool(_TOKEN.search(_decoded(text)))


def holds_half_token(text: str) -> bool:
    """Return whether there is a token in a text, or half of one: such a text is not logged.

    >>> holds_half_token(token_of(bytes(32))[:30]), holds_half_token("accord_is_reached")
    (True, False)
    """
    return bool(_HALF.search(_decoded(text)))


def _decoded(text: str) -> str:
    return _CODED.sub(lambda each: chr(int(each[1], 16)), text)


def time_after(now: str, duration: str) -> str:
    """Return the time at which a duration from now is over.

    >>> time_after("2026-03-01T12:00:00.000+00:00", "90d")
    '2026-05-30T12:00:00.000+00:00'
    """
    end = datetime.fromisoformat(now) + timedelta(seconds=seconds_of(duration))
    return end.isoformat(timespec="milliseconds")


def find_token(authorization: Iterable[str], api_key: Iterable[str]) -> str | None:
    """Return the token in the headers of a request: `Authorization: Bearer TOKEN`, or `x-api-key: TOKEN`.

    None where there is none, or one that nobody was given, or more than one.

    >>> token = token_of(bytes(32))
    >>> {find_token([f"bearer {token}"], []), find_token([], [token]), find_token([f"Bearer {token}"], [token])}
    {'accord_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'}
    >>> find_token([], []), find_token([token], []), find_token([f"Bearer {token}"], [token_of(bytes([1] * 32))])
    (None, None, None)
    """
    bearers = [found[1] if (found := _BEARER.fullmatch(text.strip())) else None for text in authorization]
    keys = [text.strip() if _TOKEN.fullmatch(text.strip()) else None for text in api_key]
    found_all = {*bearers, *keys}
    return found_all.pop() if len(found_all) == 1 else None
