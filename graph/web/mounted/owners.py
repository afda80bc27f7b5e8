"""Owners: whose a thread or an assistant of the server's own lists is, as far as those lists say."""

from collections.abc import Mapping
from typing import Any

from langgraph_sdk.errors import NotFoundError

from graph.web.mounted.kept import owner_kept
from graph.web.mounted.listing import is_uuid, this_server, unasked
from policies.access.caller import LOCAL, Caller
from policies.access.owners import TENANT

OFFERED_TO = "offered_to"
"""Under this key the assistant of a team that is offered holds the tenants that may use the team."""
EVERYBODY = "*"
"""Stands for all tenants."""
OF_THE_GRAPHS = {"created_by": "system"}
"""What marks the server's own assistants, one a graph."""
MARKS = (TENANT, OFFERED_TO, "offered_by", "created_by", "graph_id", "assistant_id", "team")
"""Metadata that callers do not set: by it others find, read or run what is theirs."""

Metadata = Mapping[str, Any]


async def owner_of(thread: str) -> str | None:
    """Return the tenant of a thread, as the database says, else the server's list; None where there is no thread."""
    kept = await owner_kept(thread)
    if kept is not None:
        return kept
    if not is_uuid(thread):
        return None
    rows = await unasked(this_server().threads.search(ids=[thread], select=["metadata"], limit=1))
    return tenant_in(rows[0]["metadata"]) if rows else None


def tenant_in(metadata: Any) -> str:
    """Return whose something of the server's lists is.

    >>> tenant_in({"tenant": "acme"}), tenant_in(None)
    ('acme', 'local')
    """
    return str((metadata or {}).get(TENANT, LOCAL))


def is_shared(metadata: Any) -> bool:
    """Return whether an assistant belongs to no tenant.

    >>> is_shared({"offered_to": ["*"]}), is_shared({"tenant": "acme"})
    (True, False)
    """
    return OFFERED_TO in (metadata or {}) or OF_THE_GRAPHS.items() <= (metadata or {}).items()


def own(caller: Caller) -> dict[str, Any]:
    """Return the filter by which the server finds what is a caller's own."""
    return {TENANT: caller.tenant}


def readable(caller: Caller) -> dict[str, Any]:
    """Return the filter by which the server finds the assistants that a caller may read."""
    offered = [{OFFERED_TO: {"$contains": name}} for name in (EVERYBODY, caller.tenant)]
    return {"$or": [own(caller), OF_THE_GRAPHS, *offered]}


def is_readable(metadata: Any, caller: Caller) -> bool:
    """Return whether a caller may read an assistant: what `readable` asks, asked of one.

    >>> [is_readable({"offered_to": ["acme"]}, Caller(tenant)) for tenant in ("acme", "globex")]
    [True, False]
    """
    said = metadata or {}
    if OFFERED_TO in said:
        return bool({EVERYBODY, caller.tenant} & {*said[OFFERED_TO]})
    return is_shared(said) or tenant_in(said) == caller.tenant


async def assistant_for(caller: Caller, assistant: str) -> Any:
    """Return an assistant that a caller may read; None where there is none, or it is another tenant's."""
    found = await find_assistant(assistant)
    return found if found and is_readable(found["metadata"], caller) else None


async def find_assistant(assistant: str) -> Any:
    """Return an assistant, whosever it is; None where there is none."""
    try:
        return await unasked(this_server().assistants.get(assistant))
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
