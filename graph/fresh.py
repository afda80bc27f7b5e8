"""Fresh facts: the current ones, for decisions that were taken before."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.facts.loader import load_sources
from graph.facts.sharing import SharedReading
from graph.facts.source import Reading
from graph.facts.table import sources_in
from nodes.provenance import with_given
from policies.access.limits import is_open_to
from policies.access.owners import tenant_of
from policies.language import phrase, say
from policies.team.privacy import withhold
from policies.team.provenance import GIVEN, Gathered

NO_SOURCE = phrase(
    "Its facts came with the run or are in the team file, so no source can be asked; give current ones with --facts."
)
OTHER_VERSION = phrase("Its sources are of another version of Accord; give the current facts with --facts.")
LIMITED = phrase("Its sources are limited to other tenants; give the current facts with --facts.")
UNUSABLE = phrase("The source `{source}` gave no facts that can be used: {cause}.")

Plain = dict[str, Any]
Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fresh:
    """The current facts, the private ones withheld, with where they come from; or why they cannot be had."""

    facts: Plain | None
    sources: Sequence[Plain] = ()
    cause: str | None = None
    has_source: bool = True
    """Whether there is anything to ask: facts that came with a run have no source."""
    pinned: tuple[Plain, Sequence[Plain]] | None = None
    """The facts of the decision and where they come from, where nobody can be asked for others."""

    @property
    def known(self) -> tuple[Plain, Sequence[Plain]] | None:
        """The facts to take the decision again on, and where they come from; None where they are not known."""
        return self.pinned if self.facts is None else (self.facts, self.sources)


def noted(thread: str, at: str, fresh: Fresh, verdict: str) -> Plain:
    """Return the row of `Watches` on a thread whose decision was checked against these facts, and not taken again."""
    found = {"facts": fresh.facts, "sources": [*fresh.sources], "cause": fresh.cause}
    return {"thread_id": thread, "at": at, **found, "verdict": verdict, "reopened_as": None}


Ask = Callable[[Entry], Awaitable[Fresh]]
"""Returns the current facts for the decision that an entry of the archive keeps."""


def given_facts(facts: Plain, now: Callable[[], str]) -> Ask:
    """Return what answers with the same facts for every decision."""

    async def ask(entry: Entry) -> Fresh:
        own = withhold(facts, entry["private"])
        return Fresh(own, with_given(Gathered(), own, now()).placed)

    return ask


def or_given(fresh: Fresh, kept: Mapping[str, Any] | None) -> Fresh:
    """Return what is found; where nobody can be asked, the facts that were given at the last look, of `Watches`."""
    if fresh.has_source or kept is None or kept["facts"] is None:
        return fresh
    was_given = GIVEN in [each["kind"] for each in kept["sources"]]
    return Fresh(kept["facts"], kept["sources"]) if was_given else fresh


def has_source(entry: Entry) -> bool:
    """Return whether there is anything to ask: facts that came with a run, or are in the team file, have no source."""
    return bool(entry["sources"]) and Gathered.kept(entry["facts"], entry["provenance"]).was_fetched


def asked_sources(reading: Reading) -> Ask:
    """Return what asks the sources of each decision's team, each distinct one once."""
    shared = SharedReading()

    async def ask(entry: Entry) -> Fresh:
        before = Gathered.kept(entry["facts"], entry["provenance"])
        if not has_source(entry):
            pinned = entry["facts"], entry["provenance"]
            return Fresh(None, cause=say(NO_SOURCE), has_source=False, pinned=pinned)
        sources = sources_in(entry["sources"])
        if sources is None:
            return Fresh(None, cause=say(OTHER_VERSION))
        if any(not is_open_to(each.tenants, tenant_of(entry)) for each in sources):
            return Fresh(None, cause=say(LIMITED))
        fetched = await load_sources(sources, entry["private"], reading, shared.read)
        gathered, missed = fetched.over(before)
        if missed is not None:
            return Fresh(None, gathered.placed, say(UNUSABLE, source=missed.source, cause=missed.cause))
        return Fresh(gathered.facts, gathered.placed)

    return ask
