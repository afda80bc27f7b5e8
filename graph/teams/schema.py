"""The JSON Schema of a team file, for editors that complete it."""

from typing import Any

from graph.teams.policies import shipped_policies
from graph.teams.presets import shipped_presets
from policies.team.team import Team


def team_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a team file; a policy may be named there, or written out."""
    schema = Team.model_json_schema(mode="validation")
    parts: dict[str, Any] = schema["$defs"]
    team, role = parts.pop("Team"), parts["Role"]
    table = team["properties"]["policy"]
    named = {"enum": list(shipped_policies()), "description": "A shipped policy; unset: launch."}
    team["properties"]["policy"] = {"anyOf": [named, table]}
    team["required"].remove("policy")
    role["properties"]["preset"] = {"enum": list(shipped_presets()), "description": "A ready-made agent to start from."}
    role["properties"]["team"] = _within(team)
    role.pop("required")
    role["anyOf"] = [{"required": ["title", "mandate"]}, {"required": ["preset"]}]
    outer = {"$schema": "https://json-schema.org/draft/2020-12/schema", **team, "title": "Accord team"}
    return {**outer, "$defs": parts}


def _within(team: dict[str, Any]) -> dict[str, Any]:
    """Return how a role's team may stand in the file: by name, or written out, its name, title and goal left out."""
    inner = {**team, "required": [name for name in team["required"] if name not in ("name", "title", "goal")]}
    inner["properties"] = {**team["properties"]}
    named = {"type": "string", "description": "A shipped team, or a team file relative to this one."}
    return {"anyOf": [named, inner, {"type": "null"}], "default": None}
