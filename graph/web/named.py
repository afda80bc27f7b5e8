"""Named: the thread that a path names, which is there, and whoever calls may see."""

from typing import Annotated

from fastapi import Depends, Path

from graph.web.calls import Calling, Serving

Id = Annotated[str, Path(max_length=128, description="The id of a thread.")]


async def _kept(thread: Id, service: Serving, caller: Calling) -> str:
    await service.check_owner(caller, thread)
    return thread


async def _there(thread: Annotated[str, Depends(_kept)], service: Serving) -> str:
    await service.runner.threads.tombstones.refuse(thread)
    return thread


Kept = Annotated[str, Depends(_kept)]
"""A thread of the caller's tenant, also one that was purged."""
There = Annotated[str, Depends(_there)]
"""A thread of the caller's tenant that was not purged."""
