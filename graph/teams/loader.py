"""Loads teams: by the name of a shipped one, or from any file."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from graph.problems import UsageError
from graph.teams.overrides import apply_settings, keys_of, merge
from graph.teams.source import MAX_BYTES, Source, read_json, read_yaml
from policies.team import Team
from policies.team_rules import Problem, parse_team

DEFAULT_TEAM = "checkout_launch"


@dataclass(frozen=True, slots=True)
class Changes:
    """What a run sets over its team file: facts and goal, `--set` settings, and a batch line's overrides."""

    goal: str | None = None
    facts: dict[str, Any] | None = None
    settings: Sequence[str] = ()
    overrides: Mapping[str, Any] = field(default_factory=dict)


def shipped_teams() -> dict[str, Path]:
    """Return the files of the shipped teams by name, sorted."""
    folder = Path(str(files("graph") / "teams"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def load_team(name: str, changes: Changes | None = None) -> Team:
    """Return the team of that name or file, with the changes applied.

    Raises:
        UsageError: no such team, or every problem of its file with file, line, field, value and what is allowed.
    """
    path = _locate(name)
    source = read_source(path)
    raw = _changed(source, changes or Changes())
    team = parse_team(_absolute(raw, path))
    if isinstance(team, Team):
        return team
    raise UsageError(*(_sentence(problem, source, changes or Changes()) for problem in team))


def _locate(name: str) -> Path:
    shipped = shipped_teams()
    if name in shipped:
        return shipped[name]
    if name.endswith((".yaml", ".yml", ".json")) or "/" in name or os.path.exists(name):  # False where Path raises
        return Path(name)
    raise UsageError(f"there is no team `{name}`; allowed: {', '.join(shipped)}, or the path of a team file")


def read_source(path: Path, is_json: bool = False) -> Source:
    """Return the values of a file.

    Raises:
        UsageError: the file cannot be read, or is not strict YAML (or JSON).
    """
    try:
        with path.open("rb") as file:
            return _parsed(file.read(MAX_BYTES + 1), str(path), is_json)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None


@lru_cache(maxsize=32)
def _parsed(data: bytes, name: str, is_json: bool) -> Source:
    """Return the source, parsed once for all the cases of a batch; nobody changes it."""
    return read_json(data, name) if is_json else read_yaml(data, name)


def _changed(source: Source, changes: Changes) -> Any:
    raw = source.value
    if not isinstance(raw, dict):
        return raw
    if changes.goal is not None:
        raw = {**raw, "goal": changes.goal}
    if changes.facts is not None:
        raw = {**raw, "facts": changes.facts, "facts_file": None}
    return apply_settings(merge(raw, changes.overrides), changes.settings)


def _absolute(raw: Any, path: Path) -> Any:
    named = raw.get("facts_file") if isinstance(raw, dict) else None
    try:
        return {**raw, "facts_file": str((path.parent / named).resolve())} if isinstance(named, str) else raw
    except ValueError:  # a NUL or a lone surrogate, which the team's own types refuse
        return raw


def _sentence(problem: Problem, source: Source, changes: Changes) -> str:
    field = ".".join(map(str, problem.path))
    where = _changed_by(field, changes) or source.at(problem.path)
    allowed = f"; allowed: {', '.join(problem.allowed)}" if problem.allowed else ""
    return f"{where}: {f'`{field}` ' if field else 'the team '}{problem.message}{allowed}"


def _changed_by(field: str, changes: Changes) -> str | None:
    """Return the change that brought the field's value, if it does not come from the file."""
    for setting in changes.settings:
        path = ".".join(keys_of(setting.partition("=")[0]))
        if f"{field}.".startswith(f"{path}.") or f"{path}.".startswith(f"{field}."):
            return f"--set {setting}"
    top = field.partition(".")[0]
    if top in changes.overrides:
        return "`overrides`"
    given = {"goal": changes.goal, "facts": changes.facts}
    return f"the {top} of this run" if given.get(top) is not None else None
