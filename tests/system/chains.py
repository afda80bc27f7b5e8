"""The checkpoints of a thread, as one chain or not."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver

from graph.store.database import open_database


async def not_one_chain(location: str, threads: Iterable[str]) -> dict[str, str]:
    """Return the threads whose checkpoints are none, or no single chain, each with what is wrong with it."""
    async with open_database(location) as database:
        found = {thread: await _fault(database.saver, thread) for thread in threads}
    return {thread: fault for thread, fault in found.items() if fault}


async def _fault(saver: BaseCheckpointSaver[Any], thread: str) -> str:
    kept = [each async for each in saver.alist({"configurable": {"thread_id": thread}})]
    own = [_id_of(each.config) for each in kept]
    parents = Counter(_id_of(each.parent_config) for each in kept)
    forks = [parent for parent, children in parents.items() if children > 1]
    if not own:
        return "it has no checkpoint"
    if forks:
        return f"checkpoints with more than one child: {forks}"
    unknown = parents.keys() - {None, *own}
    return f"parents that are missing: {sorted(map(str, unknown))}" if unknown else ""


def _id_of(config: Any) -> str | None:
    return config["configurable"]["checkpoint_id"] if config else None
