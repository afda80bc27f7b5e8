"""Facts from the team file, or from the file it names."""

import asyncio
from pathlib import Path
from typing import Any

from graph.problems import UsageError
from graph.teams.loader import load_facts_file
from nodes.services import FactsUnavailableError
from policies.plain import find_unplain
from policies.team import Team


async def load_facts(team: Team) -> dict[str, Any]:
    """Return the facts of a run that brings none.

    Raises:
        FactsUnavailableError: the team has no facts, or its file of facts cannot be used.
    """
    if team.facts is not None:
        return team.facts
    if team.facts_file is None:
        raise FactsUnavailableError("team", f"the team `{team.name}` has no facts; give them with the run")
    path = Path(team.facts_file)
    try:
        facts = await asyncio.to_thread(load_facts_file, path)
    except UsageError as error:
        raise FactsUnavailableError(path.name, str(error)) from None
    fault = find_unplain(facts)
    if fault:
        raise FactsUnavailableError(path.name, f"{path}: {fault}")
    return facts
