"""Admitting: a run as the server is to keep it, checked and changed before anything of it is stored."""

import asyncio
from typing import Any

from langgraph_sdk.errors import NotFoundError

from graph.languages.catalogue import speak_as
from graph.problems import UsageError
from graph.serving import Thread, own_facts, team_for
from graph.settings import load_settings
from graph.teams.forms import Configuration, defaults_of
from graph.teams.limiting import refuse_foreign
from graph.teams.offered import load_offered
from graph.web.mounted.listing import list_thread, this_server, unasked
from graph.web.mounted.owners import claim, disown_configuration
from graph.web.mounted.requests import (
    admitted_input,
    changed,
    check_answerer,
    check_command,
    check_configuration,
    check_keeping,
    refuse_another,
)
from policies.access.caller import Caller

PROVIDED = "__context_provided__"
"""Under this key the server notes that a run names its configuration as context."""


async def admit_run(run: Any, assistant: Any, caller: Caller, found: Thread) -> None:
    """Check what a run of a thread is configured with, and replace its input by what is admitted of it.

    Raises:
        UsageError: it cannot be run so.
    """
    thread, kwargs = str(run["thread_id"]), run["kwargs"]
    await list_thread(thread)
    check_keeping(run)
    given = _cleared(kwargs)
    claim(run["metadata"], caller, {})
    if PROVIDED in given:
        check_configuration(kwargs.get("context") or {})
    configurable = {**_configurable(assistant), **await _configured(thread), **given}
    if kwargs.get("command"):
        check_command(kwargs["command"], found.past, found.interrupts)
        check_answerer(kwargs["command"], caller)
    graph: Any = assistant["graph_id"]
    team = await asyncio.to_thread(team_for, graph, configurable, found.team, caller.tenant)
    speak_as(team.language)
    refuse_foreign(team, caller.tenant)
    if kwargs.get("input") is not None:
        filled = changed(kwargs["input"], await _form(graph, _configurable(assistant)))
        facts = await own_facts(team) if isinstance(filled, dict) and filled.get("facts") else None
        kwargs["input"] = admitted_input(filled, team, facts, found.past)
        if found.is_over:
            refuse_another(kwargs["input"], team, found.past)


async def check_team(name: str, caller: Caller) -> None:
    """Check that a team is offered to a caller.

    Raises:
        UsageError: it is not, or has problems.
    """
    offered = await asyncio.to_thread(lambda: load_offered(load_settings(), name, tenant=caller.tenant))
    refuse_foreign(offered, caller.tenant)


def _configurable(assistant: Any) -> dict[str, Any]:
    return assistant["config"].get("configurable") or {}


def team_named(assistant: Any) -> str | None:
    """Return the team that an assistant names; None where it names none.

    >>> team_named({"config": {"configurable": {"team": "loan"}}}), team_named({"config": {}})
    ('loan', None)
    """
    named = _configurable(assistant).get("team")
    return None if named is None else str(named)


async def _form(graph: Any, configurable: dict[str, Any]) -> dict[str, Any]:
    """Return what the form of an assistant is filled with; nothing where there is none."""
    try:
        team = await asyncio.to_thread(team_for, graph, configurable, None)
        return defaults_of(team, await own_facts(team))
    except UsageError:
        return {}


def _cleared(kwargs: Any) -> dict[str, Any]:
    """Return what a run is configured with, once what is empty, and what callers do not set, is taken out of it."""
    config, context = kwargs.get("config") or {}, kwargs.get("context") or {}
    disown_configuration(config, context)
    given: dict[str, Any] = config.get("configurable") or {}
    for entries in (given, context):
        for name in [name for name in Configuration.model_fields if entries.get(name) in ("", {}, None)]:
            entries.pop(name, None)
    return given


async def _configured(thread: str) -> dict[str, Any]:
    """Return what a thread was configured with by its earlier runs."""
    try:
        row: Any = await unasked(this_server().threads.get(thread))
    except NotFoundError:  # the run creates it
        return {}
    return (row.get("config") or {}).get("configurable") or {}
