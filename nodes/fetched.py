"""Fetched facts, and the sources that gave none. A team file is read with them, so LangGraph is not imported here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
