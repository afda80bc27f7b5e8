"""Scopes: what is asked for, and whether a caller may have it."""

from collections.abc import Mapping, Sequence

from policies.access.caller import SCOPES, Caller, Scope
from policies.language import phrase, say

STRANGER = Caller("-", "-", frozenset())
"""Whoever asks what needs no token where tokens are needed: of no tenant, since none can be called so."""


def find_unknown(name: str) -> str | None:
    """Return why a text names no scope, in a sentence; None where it does.

    >>> find_unknown("read"), find_unknown("write")
    (None, "'write' is not a scope; allowed: read, run, decide, admin")
    """
    if name in SCOPES:
        return None
    told = phrase("{name} is not a scope; allowed: {scopes}")
    return say(told, name=repr(name[:80]), scopes=", ".join(SCOPES))


def find_lacking(caller: Caller, scopes: Sequence[Scope]) -> str | None:
    """Return why a caller may not do what needs one of these scopes, in a sentence; None where they may.

    Nobody may do what needs none of them.

    >>> find_lacking(Caller(person="ada", scopes=frozenset({"read"})), ("run", "decide"))
    'this needs the scope run or decide; the token of ada has read'
    >>> find_lacking(Caller(), ("run",))
    """
    if any(map(caller.may, scopes)):
        return None
    told = phrase("this needs the scope {needed}; the token of {person} has {scopes}")
    has = ", ".join(sorted(caller.scopes))
    return say(told, needed=say(" or ").join(scopes), person=caller.person, scopes=has)


def scope_of_run(command: Mapping[str, object] | None) -> Scope:
    """Return what a run on the LangGraph server needs: to answer what people are asked, or to run.

    >>> scope_of_run({"resume": "go"}), scope_of_run({"resume": None}), scope_of_run({}), scope_of_run(None)
    ('decide', 'decide', 'run', 'run')
    """
    return "decide" if "resume" in (command or {}) else "run"
