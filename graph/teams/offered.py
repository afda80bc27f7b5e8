"""What a server offers: the shipped teams and those that `accord.toml` registers, by name and never by path."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from graph.config.file import config_path
from graph.documents import read_document
from graph.endpoints import registered_teams
from graph.languages.catalogue import language_of
from graph.problems import UsageError
from graph.settings import Settings
from graph.teams.limiting import refuse_foreign
from graph.teams.loader import Changes, load_team, shipped_teams
from policies.access.limits import find_foreign
from policies.language import ENGLISH, phrase, say, speaking
from policies.nearest import allowed_names
from policies.team.team import PATTERN_NAMES, PatternName, Team

MAX_NAME = 80
NO_TENANT = ""
"""No tenant is called so: what is open to it is open to all."""
UNUSABLE = phrase(
    "the team `{name}` cannot be used; whoever runs the service finds why in its log, or with `accord doctor`"
)
ANY_GOAL = "-"
"""Stands for the goal of a team that leaves it to its runs."""
_log = logging.getLogger(__name__)


def offered_teams(settings: Settings) -> dict[str, Path]:
    """Return the files of the teams that a server offers, by name, sorted.

    Raises:
        UsageError: `accord.toml` cannot be read, or registers a team under the name of a shipped one.
    """
    shipped, registered = shipped_teams(), registered_teams(settings)
    taken = sorted(shipped.keys() & registered.keys())
    if taken:
        told = say("`teams.{name}` has the name of a shipped team; register it under another", name=taken[0])
        raise UsageError(f"{config_path(settings)}: {told}")
    return dict(sorted({**shipped, **registered}.items()))


def open_to(settings: Settings, tenant: str) -> dict[str, Path]:
    """Return the files of the teams that a server offers a tenant, by name, sorted.

    Those are left out of which every run of the tenant would be refused. One whose file has problems is there: a run of
    it says so.

    Raises:
        UsageError: as `offered_teams`.
    """
    shipped = shipped_teams()  # nobody's in particular
    offered = offered_teams(settings).items()
    return {name: path for name, path in offered if name in shipped or _is_open(path, tenant)}


def _is_open(path: Path, tenant: str) -> bool:
    with suppress(UsageError):
        return find_foreign(load_team(str(path)), tenant) is None
    return True


def load_offered(
    settings: Settings,
    name: str,
    overrides: Mapping[str, Any] | None = None,
    *,
    changes: Changes | None = None,
    tenant: str | None = None,
) -> Team:
    """Return a team that a server offers, changed by the overrides that a run's context names, or by other changes.

    The team is judged as it is registered, and with it whether the tenant may use it, before anything is changed: what
    is wrong with the changes is said to those alone who may. What is wrong with the file itself is for the log.
    The sentence on an unknown name lists the teams that are open to the tenant; without one, those open to all.

    Raises:
        UsageError: no team of that name is offered, its file has problems, it is limited to other tenants, or every
            problem of the changes.
    """
    path = shipped_teams().get(name) or offered_teams(settings).get(name)
    if path is None:
        raise UsageError(unknown_team(settings, name, tenant))
    team = _registered(name, path)
    if tenant is not None:
        with speaking(language_of(team.language)):
            refuse_foreign(team, tenant)
    changes = changes or Changes(overrides=overrides or {}, called="context")
    return load_team(str(path), replace(changes, file_called=say("the team `{name}`", name=name)))


def _registered(name: str, path: Path) -> Team:
    """Return a team as its file has it; the log says in English what is wrong there."""
    try:
        with speaking(ENGLISH):
            return load_team(str(path), Changes(goal=ANY_GOAL))
    except UsageError as error:
        _log.error("team_unusable:%s: %s", name, error)
        raise UsageError(say(UNUSABLE, name=name)) from None


def unknown_team(settings: Settings, name: str, tenant: str | None) -> str:
    """Return in a sentence that a team is not there; to a tenant, one that it cannot run is not either.

    Raises:
        UsageError: as `offered_teams`.
    """
    allowed = allowed_names(name, open_to(settings, NO_TENANT if tenant is None else tenant))
    return say("there is no team `{name}`{allowed}", name=name[:MAX_NAME], allowed=allowed)


def names_of(settings: Settings, pattern: PatternName) -> list[str]:
    """Return the names of the teams that a server offers all tenants on the graph of a pattern, sorted."""
    try:
        teams = open_to(settings, NO_TENANT)
    except UsageError:  # said where a team is run; what a thread keeps can be read without
        teams = shipped_teams()
    return [name for name, path in teams.items() if _pattern_in(path) == pattern]


def _pattern_in(path: Path) -> PatternName | None:
    try:
        said = read_document(path).value
    except UsageError:  # told to whoever runs the team
        return None
    named = said.get("pattern", Team.model_fields["pattern"].default) if isinstance(said, dict) else None
    return named if named in PATTERN_NAMES else None
