"""What `langgraph dev` and Studio load: the round loop of the team that an assistant names.

Compiled without a checkpointer and a store: the server brings both, from `graph/store/served.py`.
"""

import asyncio
from functools import cache
from typing import Any

from langchain_core.runnables import RunnableConfig

from graph.assurance.approval import approved
from graph.build import RECURSION_LIMIT, build_graph
from graph.facts.files import load_facts
from graph.problems import UsageError
from graph.settings import Settings, load_settings
from graph.store.index import note_served
from graph.teams.loader import DEFAULT_TEAM, load_team
from graph.teams.voicing import voiced
from graph.versions import installed_versions
from graph.voices import build_voices
from nodes.services import InputRefusedError, Services


async def rounds(config: RunnableConfig) -> Any:
    """Return the round loop of the team named in `configurable.team`; without a name, of the reference team.

    Raises:
        InputRefusedError: there is no such team, or its file has problems.
    """
    name = config.get("configurable", {}).get("team") or DEFAULT_TEAM
    try:
        return await asyncio.to_thread(_compiled, str(name))  # In its event loop the server refuses to read files.
    except UsageError as error:
        raise InputRefusedError(str(error)) from None


@cache
def _process() -> tuple[Settings, Services]:
    """Return what all runs of this process share, made at the first one."""
    settings = load_settings()
    return settings, Services(
        build_voices(settings), load_facts, versions=installed_versions(), note_thread=note_served
    )


def _compiled(name: str) -> Any:
    settings, services = _process()
    team = approved(voiced(load_team(name), settings))
    graph = build_graph(team, services).compile(name=team.name)
    return graph.with_config(recursion_limit=RECURSION_LIMIT)
