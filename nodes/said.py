"""What is said to a thread from outside, in the store: whoever says something takes no lock of the thread.

Nothing here says what was heard of it: the thread's own state does, see `nodes.mail`.
"""

from collections.abc import Mapping
from typing import Any

from langgraph.store.base import BaseStore

from nodes.journal import entries_in, part_of, put_whole, whole_of

NAMESPACE = "said"

Plain = dict[str, Any]
_FIELDS = {
    **{"id": str, "from": str, "to": list, "kind": str, "priority": str, "content": str, "at": str},
    **{"metadata": dict, "outside": bool},
}


async def keep_said(store: BaseStore, thread: str, message: Mapping[str, Any], offered: str) -> None:
    """Keep what was said, as a message under its id, with the digest of how it was offered; committed on return."""
    await put_whole(store, _namespace_of(thread), message["id"], {"message": message, "offered": offered})


async def said_to(store: BaseStore, thread: str) -> list[Plain]:
    """Return what was said to a thread, heard or not, oldest first; what was changed since is left out.

    Nobody is to read words that somebody else put into a person's mouth.
    """
    said = [kept["message"] for kept in await _kept(store, thread)]
    return sorted(said, key=lambda each: (each["at"], each["id"]))


async def offers_to(store: BaseStore, thread: str) -> dict[str, str]:
    """Return the digest of how each thing was offered that was said to a thread, by id."""
    return {kept["message"]["id"]: kept["offered"] for kept in await _kept(store, thread)}


async def _kept(store: BaseStore, thread: str) -> list[Plain]:
    found = [(item.key, whole_of(item)) for item in await entries_in(store, _namespace_of(thread))]
    return [kept for key, kept in found if kept is not None and _is_said(kept, key)]


def _namespace_of(thread: str) -> tuple[str, str]:
    return (NAMESPACE, part_of(thread))


def _is_said(kept: Plain, key: str) -> bool:
    message = kept.get("message")
    if not isinstance(message, dict) or message.get("id") != key:
        return False
    return all(type(message.get(name)) is kind for name, kind in _FIELDS.items())
