"""Facts of a run that brings none: those in its team file, or in the file that it names."""

import asyncio
from pathlib import Path
from typing import Any

from graph.problems import UsageError
from graph.teams.facts_file import load_facts_file
from nodes.services import FactsUnavailableError
from policies.team.privacy import withhold
from policies.team.team import Team


async def load_facts(team: Team) -> dict[str, Any]:
    """Return the facts of a run that brings none, the private ones withheld.

    Raises:
        FactsUnavailableError: the team has no facts, or its file of facts cannot be used.
    """
    if team.facts is not None:
        return withhold(team.facts, team.private)
    if team.facts_file is None:
        raise FactsUnavailableError("team", f"the team `{team.name}` has no facts; give them with the run")
    path = Path(team.facts_file)
    try:
        return withhold(await asyncio.to_thread(load_facts_file, path), team.private)
    except UsageError as error:
        raise FactsUnavailableError(path.name, str(error)) from None
