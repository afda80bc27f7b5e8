"""Callers: on whose behalf something is asked, and what they may do."""

from dataclasses import dataclass
from typing import Literal, get_args

Scope = Literal["read", "run", "decide", "admin"]
"""What a token allows: to read, to run teams and say things to threads, to answer what people are asked, or all."""

SCOPES: tuple[Scope, ...] = get_args(Scope)
LOCAL = "local"
"""The tenant of what the command line does, unless it names another, and of a service that no token protects."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a tenant, a person or program of it, and what they may do.

    `is_proved` says whether a token names them; else they are whoever reaches a service that has no tokens.
    """

    tenant: str = LOCAL
    person: str = LOCAL
    scopes: frozenset[Scope] = frozenset(SCOPES)
    is_proved: bool = False

    def may(self, scope: Scope) -> bool:
        """Return whether the caller may do what needs this scope; `admin` may do all.

        >>> Caller(scopes=frozenset({"read"})).may("read"), Caller(scopes=frozenset({"read"})).may("run")
        (True, False)
        >>> Caller(scopes=frozenset({"admin"})).may("decide")
        True
        """
        return scope in self.scopes or "admin" in self.scopes


def identity_of(caller: Caller) -> str:
    """Return who a caller is, in a word, as a server keeps it: the tenant and the person.

    >>> identity_of(Caller("acme", "ada"))
    'acme/ada'
    """
    return f"{caller.tenant}/{caller.person}"


def tenant_in(identity: str) -> str:
    """Return the tenant of whoever has an identity.

    >>> tenant_in("acme/ada"), tenant_in("local")
    ('acme', 'local')
    """
    return identity.partition("/")[0]


NOBODY = Caller()
"""Whoever reaches a service that has no tokens."""
