"""Fetched facts, and the sources that gave none. A team file is read with them, so LangGraph is not imported here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from policies.team.failing import find_lost
from policies.team.provenance import Gathered


@dataclass(frozen=True, slots=True)
class Failed:
    """A source that gave no facts, or lacks some: its name, why, and the paths of the facts that it was to give."""

    source: str
    cause: str
    paths: tuple[str, ...] = ()


def failed_in(case: Mapping[str, Any]) -> tuple[Failed, ...]:
    """Return the sources that failed, as a case keeps them."""
    return tuple(Failed(each["source"], each["cause"], tuple(each["paths"])) for each in case.get("failed", ()))


@dataclass(frozen=True, slots=True)
class Fetched:
    """Facts from all sources of a team, private ones withheld; what the sources are, and which of them failed.

    A source is as `policies.team.provenance` has it, with its places.
    """

    facts: dict[str, Any]
    sources: tuple[dict[str, Any], ...] = ()
    failed: tuple[Failed, ...] = ()

    def over(self, before: Gathered) -> tuple[Gathered, Failed | None]:
        """Return these facts with what had been brought from outside before, and the first source that is missed."""
        gathered = Gathered.kept(self.facts, self.sources).with_brought(before)
        missed = (each for each in self.failed if find_lost(each.paths, gathered) is not None)
        return gathered, next(missed, None)
