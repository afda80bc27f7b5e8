"""Forms: what a client such as Studio may send to a team's graph, and configure it with, as JSON Schema."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, create_model
from pydantic.fields import FieldInfo

from nodes.state import Input
from policies.language import phrase, say
from policies.team.team import Budget, Team
from policies.team.voices import VoiceName

MAX_SHOWN = 64_000
"""Characters of facts that a form shows; longer ones are left to the team."""

TITLES = {
    "max_rounds": phrase("Max Rounds"),
    "max_messages": phrase("Max Messages"),
    "max_seconds": phrase("Max Seconds"),
    "max_tokens": phrase("Max Tokens"),
    "max_cost_usd": phrase("Max Cost Usd"),
    "max_recoveries": phrase("Max Recoveries"),
    "min_go_votes": phrase("Min Go Votes"),
}
"""What a form calls the limits."""


def limits_schema() -> dict[str, Any]:
    """Return the JSON Schema of limits by name, their titles in the language that is spoken."""
    limits = {
        name: {**{key: value for key, value in each.items() if key != "default"}, "title": say(TITLES[name])}
        for name, each in Budget.model_json_schema()["properties"].items()
    }
    return {"anyOf": [{"type": "object", "properties": limits, "additionalProperties": False}, {"type": "null"}]}


Limits = Annotated[dict[str, Any] | None, WithJsonSchema(limits_schema())]
"""Limits of a run by name; those that are not named stay as the team has them."""


class Configuration(BaseModel):
    """How a run is set up: which team, who answers, within which limits."""

    model_config = ConfigDict(extra="ignore")  # a server adds entries of its own

    team: str | None = None
    voice: VoiceName | None = Field(
        default=None,
        title=phrase("Voice"),
        description=phrase("Who answers for every role: a model, or the roles' own rules. Empty: as the team says."),
        examples=["rules"],
    )
    budget: Limits = Field(
        default=None,
        title=phrase("Budget"),
        description=phrase("Limits to set over the team's own. A thread keeps those that it began with."),
        examples=[{"max_rounds": 5}],
    )


def input_of(team: Team, facts: dict[str, Any] | None) -> type[Input]:
    """Return the form of a team's input: sent unchanged, it asks the team's own question.

    It shows the team's facts, the private ones withheld before.
    """
    own = defaults_of(team, facts)
    fields: dict[str, Any] = {name: _with(Input.model_fields[name], value) for name, value in own.items()}
    return create_model("Input", __base__=Input, __doc__=say("A run of the team {name}.", name=team.name), **fields)


def defaults_of(team: Team, facts: dict[str, Any] | None) -> dict[str, Any]:
    """Return what the form of a team is filled with."""
    shown = facts if len(str(facts)) <= MAX_SHOWN else None
    limits = team.budget.model_dump(mode="json")
    return {"goal": team.goal, "facts": shown, "budget": limits, "accept_changes": False}


def _with(field: FieldInfo, value: Any) -> tuple[Any, Any]:
    """Return a field of a form with a default, which is its example too."""
    annotation = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    examples = field.examples if value is None else [value]
    title, description = say(field.title or ""), say(field.description or "")
    return annotation, Field(default=value, title=title, description=description, examples=examples)


def configuration_of(names: Iterable[str], usual: str) -> type[Configuration]:
    """Return the configuration of a graph on which the teams of these names run; without a name, the usual one does."""
    field = Field(
        default=None,
        title=say("Team"),
        description=say(
            "The team that decides. Empty: {team}, or on a thread that has begun its own team.", team=usual
        ),
        examples=[usual],
    )
    choice: Any = Literal[tuple(names)] | None
    said: Any = {name: _with(Configuration.model_fields[name], None) for name in ("voice", "budget")}
    said["budget"] = (Annotated[dict[str, Any] | None, WithJsonSchema(limits_schema())], said["budget"][1])
    told = say("How a run is set up: which team, who answers, within which limits.")
    return create_model("Configuration", __base__=Configuration, __doc__=told, team=(choice, field), **said)
