"""The server's list of threads: those of the command line too, and those that it forgot in a crash."""

import uuid
from functools import cache
from typing import Any

from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from graph.problems import UsageError
from graph.serving import past_of
from graph.store.database import served_database
from graph.store.index import Index

NEWEST = 100
"""How many threads, those touched last, the list is looked through for."""

_listed: set[str] = set()
"""The threads that this server has in its list since it started."""


@cache
def this_server() -> LangGraphClient:
    """Return a client of the server in this very process; nothing that it does is asked of the handlers."""
    return get_client()


async def list_newest() -> None:
    """Add the newest threads of the database that the server does not list yet."""
    for entry in await Index(served_database().store).newest(NEWEST):
        await list_thread(entry["thread_id"])


async def list_thread(thread: str) -> None:
    """Add a thread that has begun to the server's list, unless it is there; a server takes UUIDs only."""
    if thread in _listed or not _is_uuid(thread):
        return
    metadata = await metadata_of(thread)
    if metadata:
        await this_server().threads.create(thread_id=thread, if_exists="do_nothing", metadata=metadata)
        _listed.add(thread)


def forget_thread(thread: str) -> None:
    """Note that a thread was deleted."""
    _listed.discard(thread)


async def metadata_of(thread: str) -> dict[str, Any]:
    """Return what the server is to know of a thread of the database, its graph and its team; nothing of a new one."""
    try:
        past = await past_of(thread)
    except UsageError:  # it cannot be read; `accord audit verify` names it
        return {}
    return {"graph_id": past.team["pattern"], "team": past.team["name"]} if past.case else {}


def _is_uuid(thread: str) -> bool:
    try:
        return str(uuid.UUID(thread)) == thread
    except ValueError:
        return False
