"""Named: the thread that a path names, which is there, and whoever calls may see."""

from typing import Annotated

from fastapi import Depends, Path

from graph.web.calls import Calling, Serving

Id = Annotated[str, Path(max_length=128, description="The id of a thread.")]


async def kept(thread: Id, service: Serving, caller: Calling) -> str:
    """Return a thread of the caller's tenant, also one that was purged."""
    await service.check_owner(caller, thread)
    return thread


async def there(thread: Annotated[str, Depends(kept)], service: Serving) -> str:
    """Return a thread of the caller's tenant that was not purged."""
    await service.runner.threads.tombstones.refuse(thread)
    return thread


Kept = Annotated[str, Depends(kept)]
"""A thread of the caller's tenant, also one that was purged."""
There = Annotated[str, Depends(there)]
"""A thread of the caller's tenant that was not purged."""
