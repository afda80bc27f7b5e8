"""Unless: work that is broken off where something else ends first."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class EndedError(Exception):
    """Something else ended first."""


async def unless(ends: Coroutine[Any, Any, Any], work: Coroutine[Any, Any, T]) -> T:
    """Return what work returns; afterwards neither the one nor the other is still at it.

    Raises:
        EndedError: the other ended before, and the work was broken off.
    """
    doing, ending = asyncio.create_task(work), asyncio.create_task(ends)
    try:
        await asyncio.wait({doing, ending}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise EndedError
        return doing.result()
    finally:
        for task in (doing, ending):
            task.cancel()
        await asyncio.gather(doing, ending, return_exceptions=True)
