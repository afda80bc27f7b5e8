"""The JSON Schema of a team file, for editors that complete it."""

from typing import Any

from policies.team import Team


def team_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a team file."""
    schema = Team.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Accord team"}
