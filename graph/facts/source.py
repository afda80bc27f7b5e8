"""A kind of fact source: how facts of a run that brings none are read from one kind of place."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from graph.facts.settings import FactSettings
from graph.problems import UsageError
from policies.team.sources import Source

Spec = TypeVar("Spec", bound=Source)
Given = TypeVar("Given", bound=Source, contravariant=True)


class SourceError(UsageError):
    """A source gives no facts, or none of use; its sentence holds no credential."""


def utc_time() -> datetime:
    """Return the time now in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source may use while it is read."""

    settings: FactSettings
    now: Callable[[], datetime] = utc_time
    is_served: bool = False
    """Whether who reads what failed need not know where the sources are: they are called by their names alone."""


@dataclass(frozen=True, slots=True)
class Raw:
    """What a source gave, and how old that is by what the source says; None where it does not say."""

    value: Any
    as_of: datetime | None = None


def as_it_is(spec: Spec, folder: Path) -> Spec:
    """Return a source that means the same in every folder."""
    return spec


class AtHand(Protocol[Given]):
    """Reads a local source."""

    def __call__(self, spec: Given, name: str | None = None, /) -> Raw:
        """Return what it gives; its problems name its place, or it by its name alone where one is given."""
        ...


@dataclass(frozen=True, slots=True)
class SourceKind(Generic[Spec]):
    """What is known of one kind of source, whose specification in a team file is a `spec`."""

    spec: type[Spec]
    word: str
    """What provenance calls the kind."""
    read: Callable[[Spec, Reading], Awaitable[Raw]]
    """Returns what it gives. Raises SourceError where it gives nothing, or nothing of use."""
    called: Callable[[Spec], str]
    """Returns what a source without a name is called."""
    anchored: Callable[[Spec, Path], Spec] = as_it_is
    """Returns what a team keeps of a source in a file of this folder: what it names, named from anywhere."""
    at_hand: AtHand[Spec] | None = None
    """Reads it at once where it is local: when the team file is loaded, and when a thread is run again."""

    @property
    def is_local(self) -> bool:
        """Whether it can be read when the team file is loaded."""
        return self.at_hand is not None


def local_kind(
    spec: type[Spec],
    word: str,
    at_hand: AtHand[Spec],
    called: Callable[[Spec], str],
    anchored: Callable[[Spec, Path], Spec] = as_it_is,
) -> SourceKind[Spec]:
    """Return a kind that can be read at any time, without asking anybody."""

    async def read(each: Spec, reading: Reading) -> Raw:
        name = each.name or called(each) if reading.is_served else None
        return await asyncio.to_thread(at_hand, each, name)  # in its event loop a server refuses to read files

    return SourceKind(spec, word, read, called, anchored, at_hand)
