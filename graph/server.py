"""What `langgraph dev` and Studio load: a graph for each pattern, of the team that an assistant names.

Compiled without a checkpointer and a store: the server brings both, from `graph/store/served.py`.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any

from langchain_core.runnables import RunnableConfig

from graph.assurance.approval import approved
from graph.build import RECURSION_LIMIT, build_graph
from graph.facts.files import load_facts
from graph.patterns.examples import examples
from graph.problems import UsageError
from graph.settings import Settings, load_settings
from graph.store.index import note_served
from graph.teams.loader import load_team
from graph.teams.voicing import voiced
from graph.versions import installed_versions
from graph.voices import build_voices
from nodes.services import InputRefusedError, Services
from policies.team import PatternName

Factory = Callable[[RunnableConfig], Coroutine[Any, Any, Any]]


def _serve(pattern: PatternName) -> Factory:
    """Return the factory of a pattern's graph, as langgraph.json names it."""

    async def graph(config: RunnableConfig) -> Any:
        """Return the graph of the team named in `configurable.team`; without a name, of the pattern's example.

        Raises:
            InputRefusedError: there is no such team, its pattern is another one, or its file has problems.
        """
        named = config.get("configurable", {}).get("team")
        try:
            # In a thread: in its event loop the server refuses to read files.
            return await asyncio.to_thread(_compiled, pattern, None if named is None else str(named))
        except UsageError as error:
            raise InputRefusedError(str(error)) from None

    return graph


rounds = _serve("rounds")
orchestrator = _serve("orchestrator")
pipeline = _serve("pipeline")
parallel = _serve("parallel")
debate = _serve("debate")
hierarchy = _serve("hierarchy")
manager = _serve("manager")
workspace = _serve("workspace")
conversation = _serve("conversation")
vote = _serve("vote")


@cache
def _process() -> tuple[Settings, Services]:
    """Return what all runs of this process share, made at the first one."""
    settings = load_settings()
    return settings, Services(
        build_voices(settings), load_facts, versions=installed_versions(), note_thread=note_served
    )


def _compiled(pattern: PatternName, name: str | None) -> Any:
    settings, services = _process()
    team = load_team(name or examples()[pattern])
    if team.pattern != pattern:
        raise UsageError(f"the team `{name}` works by `{team.pattern}`; run it on the graph `{team.pattern}`")
    team = approved(voiced(team, settings))
    graph = build_graph(team, services).compile(name=team.name)
    return graph.with_config(recursion_limit=RECURSION_LIMIT)
