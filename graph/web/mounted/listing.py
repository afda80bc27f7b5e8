"""The server's list of threads: those of the command line too, and those that it forgot in a crash."""

import asyncio
import uuid
from collections.abc import Coroutine
from contextvars import Context
from functools import cache
from typing import Any, TypeVar

from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from graph.web.mounted.kept import kept_of, newest_of
from policies.access.owners import TENANT

T = TypeVar("T")
NEWEST = 100
"""How many threads of a tenant, those touched last, the list is looked through for."""

_listed: set[str] = set()
"""The threads that this server has in its list since it started."""


@cache
def this_server() -> LangGraphClient:
    """Return a client of the server in this very process; on whose behalf it asks, `unasked` says."""
    return get_client()


async def unasked(asking: Coroutine[Any, Any, T]) -> T:
    """Return what the client of this process is answered, on nobody's behalf: no handler is asked.

    The server takes who calls from the context, so that a handler's own question would come back to the handler.
    """
    return await asyncio.create_task(asking, context=Context())


async def list_newest(tenant: str | None = None) -> dict[str, str]:
    """Add the newest threads of the database, or of one tenant, that the server does not list yet.

    Return the status of each that it lists by now, as the database says.
    """
    newest = await newest_of(tenant, NEWEST)
    for thread in newest:
        await list_thread(thread)
    return {thread: status for thread, status in newest.items() if thread in _listed}


async def list_thread(thread: str) -> None:
    """Add a thread of the database to the server's list, with whose it is; a server takes UUIDs only."""
    if thread in _listed or not is_uuid(thread):
        return
    metadata = await metadata_of(thread)
    if metadata:
        threads = this_server().threads
        row = await unasked(threads.create(thread_id=thread, if_exists="do_nothing", metadata=metadata))
        if not metadata.items() <= (row["metadata"] or {}).items():
            await unasked(threads.update(thread, metadata=metadata))
        _listed.add(thread)


def forget_thread(thread: str) -> None:
    """Note that a thread was deleted."""
    _listed.discard(thread)


async def metadata_of(thread: str) -> dict[str, Any]:
    """Return what the server is to know of a thread of the database: its graph, team and tenant; nothing of a new one.

    It lists what was admitted, too: a run that waits for its turn is there before it begins.
    """
    kept = await kept_of(thread)
    return {} if kept is None else {"graph_id": kept.pattern, "team": kept.team, TENANT: kept.tenant}


def is_uuid(thread: str) -> bool:
    """Return whether the server could have a thread of this id."""
    try:
        return str(uuid.UUID(thread)) == thread
    except ValueError:
        return False


def one_spelling(thread: str) -> str:
    """Return the id of a thread as the server spells it, however a caller does; another text as it is.

    >>> one_spelling("4F98DBAD84634610830532122CCF2B5CD"[:32]), one_spelling("launch-42")
    ('4f98dbad-8463-4610-8305-32122ccf2b5c', 'launch-42')
    """
    try:
        return str(uuid.UUID(thread))
    except ValueError:
        return thread
