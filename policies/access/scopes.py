"""Scopes: what is asked for, and whether a caller may have it."""

from collections.abc import Iterable, Mapping

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


def may_any(caller: Caller, scopes: Iterable[Scope]) -> bool:
    """Return whether a caller may do what needs one of these scopes; nobody may do what needs none of them.

    >>> may_any(Caller(scopes=frozenset({"decide"})), ("run", "decide")), may_any(Caller(), ())
    (True, False)
    """
    return any(map(caller.may, scopes))


def scope_of_run(command: Mapping[str, object] | None) -> Scope:
    """Return what a run on the LangGraph server needs: to answer what people are asked, or to run.

    >>> scope_of_run({"resume": "go"}), scope_of_run({"resume": None}), scope_of_run({}), scope_of_run(None)
    ('decide', 'decide', 'run', 'run')
    """
    return "decide" if "resume" in (command or {}) else "run"
