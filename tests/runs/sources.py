"""A live source for tests: URLs that give what a test says, each asked as often as it is noted."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from graph.facts import table
from graph.facts.source import Raw, Reading, SourceError, SourceKind
from policies.team.sources import HttpSource

AS_OF = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@dataclass
class World:
    """What each URL gives: data, a sentence why it gives none, or something to do first; and which were asked."""

    gives: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def read(self, source: HttpSource, _: Reading) -> Raw:
        self.asked.append(source.http)
        given = self.gives[source.http]
        if isinstance(given, str):
            raise SourceError(given)
        return Raw(given() if callable(given) else given, AS_OF)


@contextmanager
def asking(world: World) -> Iterator[World]:
    """Let sources with a URL ask this world."""
    kinds: Mapping[Any, SourceKind[Any]] = {
        **table.KINDS,
        HttpSource: SourceKind(HttpSource, "http", world.read, lambda each: each.http),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "KINDS", kinds)
        yield world
