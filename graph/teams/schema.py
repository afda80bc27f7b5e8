"""The JSON Schema of a team file, for editors that complete it."""

from typing import Any

from graph.teams.policies import shipped_policies
from policies.team import Team


def team_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a team file; a policy may be named there, or written out."""
    schema = Team.model_json_schema(mode="validation")
    table = schema["properties"]["policy"]
    named = {"enum": list(shipped_policies()), "description": "A shipped policy; unset: launch."}
    schema["properties"]["policy"] = {"anyOf": [named, table]}
    schema["required"].remove("policy")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Accord team"}
