"""A thread is found that is admitted, or begins, between two looks at the database."""

import asyncio
from itertools import product
from types import SimpleNamespace
from typing import Any, cast

import pytest

from graph.reopening import Reopening
from graph.runner import Runner

REOPENS = {"thread": "t"}
ADMITTED = {"inputs": {"reopens": REOPENS}}


class Growing:
    """The thread `t.r1` as a database has it, which is admitted before one look and begins before a later one."""

    def __init__(self, admitted_at: int, begins_at: int) -> None:
        self.admitted_at, self.begins_at, self.looks = admitted_at, begins_at, 0
        self.index = self

    def _look(self) -> tuple[bool, bool]:
        self.looks += 1
        return self.looks > self.admitted_at, self.looks > self.begins_at

    async def state(self, _: str) -> dict[str, Any] | None:
        """Its state, once it begins."""
        return {"case": {"reopens": REOPENS}} if self._look()[1] else None

    async def admitted(self, _: str) -> dict[str, Any] | None:
        """What it was admitted with."""
        return ADMITTED if self._look()[0] else None

    async def entry(self, _: str) -> dict[str, Any] | None:
        """Its line in the index."""
        return {} if self._look()[0] else None


@pytest.mark.parametrize("moments", [*product(range(4), range(6))])
def test_it_is_either_not_there_yet_or_known_for_what_it_is(moments: tuple[int, int]) -> None:
    admitted_at, begins_at = moments[0], max(moments)
    threads = Growing(admitted_at, begins_at)
    reopening = Reopening(cast("Runner", SimpleNamespace(threads=threads)))
    found = asyncio.run(reopening._reopened_by("t.r1"))
    assert found in ({"t"} if admitted_at < 3 else {"t", None})
