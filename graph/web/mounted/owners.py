"""Owners: whose a thread or an assistant of the server's own lists is, as far as those lists say."""

from collections.abc import Mapping
from typing import Any

from langgraph_sdk.errors import NotFoundError

from graph.web.mounted.kept import claim_kept, owner_kept
from graph.web.mounted.listing import is_uuid, this_server, unasked
from policies.access.caller import Caller
from policies.access.owners import TENANT, tenant_of

OFFERED_TO = "offered_to"
"""Under this key the assistant of a team that is offered holds the tenants that may use the team."""
EVERYBODY = "*"
"""Stands for all tenants."""
OF_THE_GRAPHS = {"created_by": "system"}
"""What marks the server's own assistants, one a graph."""
WHO = (TENANT, "person", "user_id")
"""What says who somebody is, which the gate finds out; the server copies it from wherever a caller writes it."""
MARKS = (*WHO, OFFERED_TO, "offered_by", "created_by", "graph_id", "assistant_id", "team")
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
    return tenant_of(rows[0]["metadata"] or {}) if rows else None


async def claimed_by(caller: Caller, thread: str) -> bool:
    """Return whether a thread is the caller's tenant's; one that is nobody's is from now on."""
    return await claim_kept(thread, caller.tenant, owner_of) == caller.tenant


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
    return is_shared(said) or tenant_of(said) == caller.tenant


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


def disown_configuration(config: dict[str, Any], context: dict[str, Any]) -> None:
    """Take out of a configuration what callers do not set; all of it gets into the checkpoints of its runs.

    >>> said = {"recursion_limit": 1, "configurable": {"team": "loan", "person": "eve"}, "metadata": {"tenant": "acme"}}
    >>> disown_configuration(said, {}); said
    {'configurable': {'team': 'loan'}, 'metadata': {}}
    """
    for name in ("recursion_limit", "callbacks"):
        config.pop(name, None)
    if isinstance(config.get("metadata"), dict):
        disown(config["metadata"])
    else:
        config.pop("metadata", None)
    for entries in (config.get("configurable") or {}, context):
        for name in WHO:
            entries.pop(name, None)
