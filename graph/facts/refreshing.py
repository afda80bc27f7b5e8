"""Refreshing: the sources of a thread's facts, asked once more, or compared where nobody has to be asked."""

from collections.abc import Awaitable, Callable
from typing import Any

from graph.facts.table import are_local
from graph.past import Past
from graph.problems import UsageError
from nodes.fetched import Fetched
from policies.language import phrase, say
from policies.run.resumption import resumption_of
from policies.team.provenance import Gathered
from policies.team.team import Team

Plain = dict[str, Any]
Load = Callable[[Team], Awaitable[Fetched]]


async def refreshed(past: Past, team: Team, load: Load) -> Plain:
    """Return the inputs of a thread whose sources are asked again: {facts, sources}, or {refresh} while it lacks facts.

    What was brought from outside stays as it is. Where no fact moved, the thread keeps what it has. Nobody is asked for
    a thread that has ended for good: it returns its record.

    Raises:
        UsageError: the facts come from no source that could be asked, or a source fails.
    """
    if resumption_of(past.stop_reason).way == "show":
        return {}
    before = Gathered.kept(past.facts or {}, past.sources)
    if not team.sources or not before.was_fetched:
        told = phrase(
            "the facts came with the run, not from a source that can be asked again; give others with --facts"
        )
        raise UsageError(say("--refresh: {why}", why=say(told)))
    if not past.has_facts:
        return {"refresh": True}
    gathered, missed = (await load(team)).over(before)
    if missed is not None:
        told = phrase("the source `{source}` gave no facts that can be used: {cause}; the thread is as it was")
        raise UsageError(say("--refresh: {why}", why=say(told, source=missed.source, cause=missed.cause)))
    return {"facts": gathered.facts, "sources": gathered.placed}


async def compared(past: Past, team: Team, load: Load) -> Plain:
    """Return the facts with which a new run of a team would start, as its inputs; nothing where somebody is asked."""
    if not past.has_facts or not team.sources or not are_local(team.sources):
        return {}
    fetched = await load(team)
    return {} if fetched.failed else {"facts": fetched.facts, "sources": [*fetched.sources]}
