"""What a run is given besides its team: where its facts come from; and the facts of a thread, fetched once more."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.past import Past
from graph.problems import UsageError
from nodes.provenance import facts_of_team, with_given
from nodes.services import Fetched
from policies.language import phrase, say
from policies.team.failing import find_lost
from policies.team.provenance import BROUGHT, Gathered
from policies.team.team import Team

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


async def refreshed(past: Past, team: Team, load: Callable[[Team], Awaitable[Fetched]]) -> Plain:
    """Return the inputs of a thread whose sources are asked again: {facts, sources}, or {refresh} while it lacks facts.

    What was brought from outside stays as it is. Where no fact moved, the thread keeps what it has.

    Raises:
        UsageError: the facts come from no source that could be asked, or a source fails.
    """
    before = Gathered.kept(past.facts or {}, past.sources)
    if not team.sources or all(each["kind"] in BROUGHT for each in before.sources):
        told = phrase(
            "the facts came with the run, not from a source that can be asked again; give others with --facts"
        )
        raise UsageError(say("--refresh: {why}", why=say(told)))
    if not past.has_facts:
        return {"refresh": True}
    fetched = await load(team)
    gathered = Gathered.kept(fetched.facts, fetched.sources).with_brought(before)
    for each in fetched.failed:
        if find_lost(each.paths, gathered) is not None:
            told = phrase("the source `{source}` gave no facts that can be used: {cause}; the thread is as it was")
            raise UsageError(say("--refresh: {why}", why=say(told, source=each.source, cause=each.cause)))
    return {"facts": gathered.facts, "sources": gathered.placed}
