"""The JSON Schema of a team file, for editors that complete it."""

from typing import Any

from graph.teams.policies import DEFAULT_POLICY, shipped_policies
from graph.teams.presets import shipped_presets
from graph.teams.sentences import parts_of_a_team_file, sentences_of
from policies.team.team import Team

PRESET = "A ready-made role to start from. What the role says itself replaces what the preset says."


def team_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a team file, with a sentence for every key.

    A policy may be named there, or written out.
    """
    parts: dict[str, Any] = Team.model_json_schema(mode="validation")["$defs"]
    _describe(parts)
    team, role = parts.pop("Team"), parts["Role"]
    team["properties"]["policy"] = {**_named_or_written(team["properties"]["policy"]), "default": DEFAULT_POLICY}
    rule = parts["Rule"]["properties"]
    rule["policy"] = _named_or_written(rule["policy"])
    team["required"].remove("policy")
    role["properties"]["preset"] = {"enum": list(shipped_presets()), "description": PRESET}
    role["properties"]["team"] = {"description": role["properties"]["team"]["description"], **_within(team)}
    role.pop("required")
    role["anyOf"] = [{"required": ["title", "mandate"]}, {"required": ["preset"]}]
    outer = {"$schema": "https://json-schema.org/draft/2020-12/schema", **team, "title": "Accord team"}
    return {**outer, "$defs": parts}


def _named_or_written(table: dict[str, Any]) -> dict[str, Any]:
    """Return how a file gives a policy: the name of a shipped one, or the table itself."""
    named = {"enum": list(shipped_policies()), "description": "The name of a shipped policy."}
    return {"description": table.pop("description"), "anyOf": [named, table]}


def _describe(parts: dict[str, Any]) -> None:
    """Give every key of every part the sentence that its field has in the source."""
    classes = parts_of_a_team_file()
    for name, part in parts.items():
        for key, text in sentences_of(classes[name]).items():
            part["properties"][key] = {"description": text, **part["properties"][key]}


def _within(team: dict[str, Any]) -> dict[str, Any]:
    """Return how a file gives the team of a role: by name, or written out without name, title and goal."""
    inner = {**team, "required": [name for name in team["required"] if name not in ("name", "title", "goal")]}
    inner["properties"] = {**team["properties"]}
    named = {
        "type": "string",
        "description": "The name of a shipped team, or the path of a team file, relative to this one.",
    }
    return {"anyOf": [named, inner, {"type": "null"}], "default": None}
