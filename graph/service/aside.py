"""Aside: what takes a processor's time is done outside the event loop, at most two things at once.

The threads are few and of their own: locks and files of runs are taken by others, and never wait for a report.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_THREADS = ThreadPoolExecutor(2, thread_name_prefix="accord-aside")


async def aside(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what work returns, in the language that is spoken here."""
    do = partial(copy_context().run, partial(work, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(_THREADS, do)
