"""Sharing: each distinct source asked once for many teams, and only so many of them at the same time."""

import asyncio
from collections.abc import Awaitable

from graph.facts.source import Raw, Reading
from graph.facts.table import kind_of
from nodes.fingerprint import canonical
from policies.team.sources import Source

MOST_AT_ONCE = 32
"""Sources that are asked at the same time."""


class SharedReading:
    """Reads sources for as long as one command works."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._free = asyncio.Semaphore(most)
        self._asked: dict[str, asyncio.Task[Raw]] = {}

    def read(self, source: Source, reading: Reading) -> Awaitable[Raw]:
        """Return what a source gives; one that differs only in what becomes of that is not asked again.

        Raises:
            SourceError: it gives nothing, or nothing of use.
        """
        name = _name_of(source)
        if name not in self._asked:
            self._asked[name] = asyncio.create_task(self._read(source, reading))
        return asyncio.shield(self._asked[name])

    async def _read(self, source: Source, reading: Reading) -> Raw:
        async with self._free:
            return await kind_of(source).read(source, reading)


def _name_of(source: Source) -> str:
    """Return what identifies a source, whatever its data is called and wherever it goes."""
    own = set(type(source).model_fields) - set(Source.model_fields)
    return canonical([source.key, source.model_dump(mode="json", include=own)])
