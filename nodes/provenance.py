"""Where facts come from, as the state keeps it: a source with its digest, the time it was asked, and its age."""

from collections.abc import Mapping
from typing import Any

from nodes.fingerprint import fingerprint
from policies.team.provenance import GIVEN, SUPPLIED, Gathered

Plain = dict[str, Any]

OWN, INLINE = "team", "inline"
"""The source of facts that are in the team file itself, and its kind."""


def source_told(
    source: str, kind: str, at: str, data: Mapping[str, Any] | None, as_of: str | None = None, cause: str | None = None
) -> Plain:
    """Return a source without its places; `data` is what it gave to the facts, withheld, or None."""
    digest = None if data is None else fingerprint(data)
    return {"source": source, "kind": kind, "fetched_at": at, "as_of": as_of, "digest": digest, "cause": cause}


def facts_of_team(facts: Mapping[str, Any], at: str) -> Gathered:
    """Return the facts that are in a team file, with where they come from."""
    return Gathered().plus(source_told(OWN, INLINE, at, facts), facts)


def with_given(before: Gathered, facts: Mapping[str, Any], at: str) -> Gathered:
    """Return what was gathered, with the facts that a run was given over it."""
    return before.plus(source_told(GIVEN, GIVEN, at, facts), facts)


def with_supplied(before: Gathered, fact: Mapping[str, Any], by: str, at: str) -> Gathered:
    """Return what was gathered, with a fact over it that a person supplied."""
    return before.plus(source_told(by, SUPPLIED, at, fact), fact)
