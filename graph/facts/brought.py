"""What a run brings besides its team: whose facts it has, where they come from, and which decision it reopens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nodes.provenance import facts_of_team, with_given
from policies.team.provenance import Gathered

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Brought:
    """What a run brings besides its team: whether its facts were given with it, or where they were fetched before."""

    are_given: bool = False
    facts: Plain | None = None
    """Facts that were fetched before, withheld, in place of the team's own; `sources` says where they come from."""
    sources: Sequence[Plain] | None = None
    reopens: Plain | None = None
    """The decision that a new thread reopens: {thread, head, record}."""

    def inputs(self, facts: Mapping[str, Any] | None, at: str) -> Plain:
        """Return the inputs of a run besides its goal and its facts; private facts are withheld already."""
        return {"sources": self._sources(facts, at), "reopens": self.reopens}

    def _sources(self, facts: Mapping[str, Any] | None, at: str) -> list[Plain] | None:
        if self.sources is not None or facts is None:
            return None if self.sources is None else [*self.sources]
        gathered = with_given(Gathered(), facts, at) if self.are_given else facts_of_team(facts, at)
        return gathered.placed


OF_THE_TEAM = Brought()
"""Nothing: the facts are the team's own."""
