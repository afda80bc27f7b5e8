"""Owners: the tenant of a thread or an assistant, for the server's own lists know only what it was told."""

from collections.abc import Mapping
from typing import Any

from langgraph_sdk.errors import NotFoundError

from graph.web.mounted.kept import owner_kept
from graph.web.mounted.listing import TENANT, is_uuid, this_server
from policies.access.caller import LOCAL, Caller

SHARED = ({"offered_by": "accord"}, {"created_by": "system"})
"""What marks the assistants that are everybody's: those of the teams that are offered, and those of the graphs."""
MARKS = (TENANT, "offered_by", "created_by", "graph_id", "assistant_id", "team")
"""Metadata that callers do not set: by it others find, read or run what is theirs."""

Metadata = Mapping[str, Any]


async def owner_of(thread: str) -> str | None:
    """Return the tenant of a thread, as the database says, else the server's list; None where there is no thread."""
    kept = await owner_kept(thread)
    if kept is not None:
        return kept
    if not is_uuid(thread):
        return None
    rows = await this_server().threads.search(ids=[thread], select=["metadata"], limit=1)
    return tenant_in(rows[0]["metadata"]) if rows else None


def tenant_in(metadata: Any) -> str:
    """Return whose something of the server's lists is.

    >>> tenant_in({"tenant": "acme"}), tenant_in(None)
    ('acme', 'local')
    """
    return str((metadata or {}).get(TENANT, LOCAL))


def is_shared(metadata: Any) -> bool:
    """Return whether an assistant is everybody's.

    >>> is_shared({"offered_by": "accord"}), is_shared({"tenant": "acme"})
    (True, False)
    """
    return any((metadata or {}).get(name) == value for mark in SHARED for name, value in mark.items())


def own(caller: Caller) -> dict[str, Any]:
    """Return the filter by which the server finds what is a caller's own."""
    return {TENANT: caller.tenant}


def readable(caller: Caller) -> dict[str, Any]:
    """Return the filter by which the server finds the assistants that a caller may read."""
    return {"$or": [own(caller), *SHARED]}


async def assistant_for(caller: Caller, assistant: str) -> Any:
    """Return an assistant that a caller may read; None where there is none, or it is another tenant's."""
    found = await find_assistant(assistant)
    if found is None or is_shared(found["metadata"]) or tenant_in(found["metadata"]) == caller.tenant:
        return found
    return None


async def find_assistant(assistant: str) -> Any:
    """Return an assistant, whosever it is; None where there is none."""
    try:
        return await this_server().assistants.get(assistant)
    except NotFoundError:
        return None


def claim(metadata: dict[str, Any], caller: Caller, known: Metadata) -> None:
    """Mark as a caller's own what they describe, whatever they say of it; `known` is what the database says.

    >>> said = {"tenant": "acme", "created_by": "system", "note": "mine"}
    >>> claim(said, Caller("globex"), {"team": "loan"}); said
    {'note': 'mine', 'team': 'loan', 'tenant': 'globex'}
    """
    disown(metadata)
    metadata.update(known)
    metadata[TENANT] = caller.tenant


def disown(metadata: dict[str, Any]) -> None:
    """Take out of metadata what callers do not set."""
    for name in MARKS:
        metadata.pop(name, None)
