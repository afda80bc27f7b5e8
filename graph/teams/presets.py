"""Presets: ready-made agents, and the teams that answer for a role, written out in a team's raw values."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from graph.documents import read_document
from policies.language import say
from policies.nearest import allowed_names
from policies.team.rules import Problem

FOLDER = "presets"
Raw = dict[str, Any]


@cache
def shipped_presets() -> Mapping[str, Path]:
    """Return the files of the ready-made agents by name, sorted."""
    folder = Path(str(files("graph") / "teams" / FOLDER))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def with_presets(raw: Any) -> Any:
    """Return a team's values, each role that names a `preset` filled from it; what the role says itself is kept."""
    return _each_role(raw, lambda _, role: _filled(role))


def preset_problems(raw: Any) -> list[Problem]:
    """Return what is wrong with the presets that roles name."""
    roles = raw.get("roles") if isinstance(raw, dict) else None
    known = roles.items() if isinstance(roles, dict) else ()
    named = {name: role["preset"] for name, role in known if isinstance(role, dict) and "preset" in role}
    return [
        Problem(
            ("roles", name, "preset"),
            say("is {value}{allowed}", value=repr(preset), allowed=allowed_names(_text(preset), shipped_presets())),
        )
        for name, preset in named.items()
    ]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def with_teams(raw: Any, load: Callable[[Any, Raw], Any]) -> Any:
    """Return a team's values, the `team` of each role as `load(named or written out, role)` gives it."""

    def embedded(name: str, role: Raw) -> Raw:
        if role.get("team") is None:
            return role
        return {**role, "team": load(role["team"], {"name": name, **role})}

    return _each_role(raw, embedded)


def _each_role(raw: Any, change: Callable[[str, Raw], Raw]) -> Any:
    roles = raw.get("roles") if isinstance(raw, dict) else None
    if not isinstance(roles, dict):
        return raw
    changed = {name: change(name, role) if isinstance(role, dict) else role for name, role in roles.items()}
    return {**raw, "roles": changed}


def _filled(role: Raw) -> Raw:
    path = shipped_presets().get(role["preset"]) if isinstance(role.get("preset"), str) else None
    if path is None:
        return role
    return {**read_document(path).value, **{key: value for key, value in role.items() if key != "preset"}}
