"""A source of facts: one kind of place where the facts of a run that brings none can be."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from policies.team.team import FactsField

Named = TypeVar("Named")


def as_named(named: Named, folder: Path) -> Named:
    """Return what a team file names where it means the same in every folder."""
    return named


@dataclass(frozen=True, slots=True)
class FactSource(Generic[Named]):
    """What is known of one kind of source; its field in a team file, where it is not null, says that it is asked."""

    field: FactsField
    """The field of a team that names a source of this kind."""
    holds: type[Named]
    """What that field holds in a team file."""
    load: Callable[[Named], dict[str, Any]]
    """Returns the facts. It may wait for them, and raises UsageError where there are none, or none of use."""
    called: Callable[[Named], str]
    """Returns what the stop reason `facts_unavailable:<source>` calls it."""
    is_at_hand: bool = False
    """Whether the facts are in the team itself, so that nothing is waited for."""
    placed: Callable[[Named, Path], Named] = as_named
    """Returns what a team keeps of a value in a file of this folder: what it names, named from anywhere."""
