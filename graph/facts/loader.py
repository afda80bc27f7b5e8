"""Facts of a run that brings none, from the source that its team names."""

import asyncio
from typing import Any

from graph.facts.table import source_of
from graph.problems import UsageError
from nodes.services import FactsUnavailableError
from policies.language import say
from policies.team.privacy import withhold
from policies.team.team import Team


async def load_facts(team: Team) -> dict[str, Any]:
    """Return the facts of a run that brings none, the private ones withheld.

    Raises:
        FactsUnavailableError: the team has no facts, or its source has none of use.
    """
    found = source_of(dict(team))
    if found is None:
        told = say("the team `{name}` has no facts; give them with the run", name=team.name)
        raise FactsUnavailableError("team", told)
    source, named = found
    try:
        facts = source.load(named) if source.is_at_hand else await asyncio.to_thread(source.load, named)
    except UsageError as error:
        raise FactsUnavailableError(source.called(named), str(error)) from None
    return withhold(facts, team.private)
