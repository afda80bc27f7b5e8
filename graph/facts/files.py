"""Facts from the team file, from the file it names, or from one given with the run."""

import asyncio
from pathlib import Path
from typing import Any

from graph.problems import UsageError
from graph.teams.source import read_source
from nodes.services import FactsUnavailableError
from policies.plain import find_unplain
from policies.privacy import withhold
from policies.team import Team


def load_facts_file(path: Path) -> dict[str, Any]:
    """Return the JSON or YAML object in a file of facts.

    Raises:
        UsageError: the file cannot be read, is no object, or holds what may not enter the state.
    """
    facts = read_source(path, is_json=path.suffix.lower() == ".json").value
    if not isinstance(facts, dict):
        raise UsageError(f"{path}: is no object; allowed: a mapping of facts")
    fault = find_unplain(facts)
    if fault:
        raise UsageError(f"{path}: {fault}")
    return facts


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
