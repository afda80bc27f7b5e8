"""Assistants: one for each team that the server offers, with a fixed id, on the graph of the team's pattern."""

import asyncio
import logging
import uuid
from collections import defaultdict
from pathlib import Path
from typing import Any

from graph.problems import UsageError
from graph.serving import compiled_for, team_for
from graph.settings import load_settings
from graph.teams.loader import load_team, shipped_teams
from graph.teams.offered import offered_teams
from graph.web.mounted.listing import this_server
from graph.web.mounted.owners import EVERYBODY, OFFERED_TO
from policies.language import ENGLISH, speaking
from policies.team.nesting import teams_within
from policies.team.team import Team

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "accord:team")
MARK = {"offered_by": "accord"}
"""What the assistants of the teams have that are offered."""
MAX_ASSISTANTS = 1_000
LOG = logging.getLogger(__name__)


def assistant_of(team: str) -> str:
    """Return the id of a team's assistant, the same on every server."""
    return str(uuid.uuid5(NAMESPACE, team))


async def offer_assistants() -> None:
    """Make an assistant for each team that is offered, bring those of before up to date, and take away the others.

    A team whose file has problems has none; the log says why. The graphs are made ready on the way.
    """
    client = this_server()
    offered = await asyncio.to_thread(_offered)
    wanted = {assistant_of(name): each for name, each in offered.items()}
    there = await client.assistants.search(metadata=MARK, limit=MAX_ASSISTANTS)
    for each in there:
        if each["assistant_id"] not in wanted or each["graph_id"] != wanted[each["assistant_id"]]["graph_id"]:
            await client.assistants.delete(each["assistant_id"])
    for assistant, fields in wanted.items():
        await compiled_for(fields["graph_id"], fields["context"], None)
        await client.assistants.create(assistant_id=assistant, if_exists="do_nothing", **fields)
        known: Any = next((each for each in there if each["assistant_id"] == assistant), fields)
        now = {name: fields[name] for name in ("description", "metadata")}
        if any(known[name] != value for name, value in now.items()):
            await client.assistants.update(assistant, **now)


def _offered() -> dict[str, dict[str, Any]]:
    """Return what the assistant of each offered team is made of; the log says once why there is none."""
    found: dict[str, dict[str, Any]] = {}
    faults = defaultdict[str, list[str]](list)
    for name, path in _paths().items():
        try:
            with speaking(ENGLISH):  # the log is in one language
                team = load_team(str(path))
                found[name] = _fields(name, team_for(team.pattern, {"team": name}, None))
        except UsageError as error:
            faults[str(error)].append(name)
    for fault, names in faults.items():
        LOG.error("no assistant for %s: %s", ", ".join(names), fault)
    return found


def _paths() -> dict[str, Path]:
    try:
        return offered_teams(load_settings())
    except UsageError as error:
        LOG.error("only the shipped teams have assistants: %s", error)
        return shipped_teams()


def _fields(name: str, team: Team) -> dict[str, Any]:
    metadata = {**MARK, OFFERED_TO: offered_to(team)}
    about = {"name": name, "description": team.goal, "metadata": metadata}
    return {"graph_id": team.pattern, "context": {"team": name}, **about}


def offered_to(team: Team) -> list[str]:
    """Return the tenants that may use all of a team, or that everybody may."""
    parts = [part for _, each in teams_within(team) for part in (*each.roles.values(), *each.sources)]
    limits = [set(part.tenants) for part in parts if part.tenants is not None]
    return sorted(set.intersection(*limits)) if limits else [EVERYBODY]
