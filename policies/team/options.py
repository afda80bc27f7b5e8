"""Options: what only some patterns read of a team file."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from policies.team.fields import Value

Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\n\r]+$")]
Show = Literal["stances", "arguments", "both"]
"""What is shown of a round: who took which stance, the reasons with the facts they rest on, or all of it."""


class Options(Value):
    """Settings that only some patterns read; a team of another pattern may not set them."""

    max_steps: Annotated[int, Field(ge=1, le=500)] = 20
    """How many steps a plan may have (orchestrator), or how many assignments a lead may make (manager, hierarchy)."""
    max_replans: Annotated[int, Field(ge=0, le=10)] = 1
    """How often the planner is asked again after a step failed (orchestrator)."""
    max_turns: Annotated[int, Field(ge=1, le=1_000)] = 10
    """How many turns the talk may have before it stops with `max_turns_reached` (conversation)."""
    phrase: Phrase = "TASK_COMPLETE"
    """What a speaker writes on a line of its own to end the talk (conversation)."""
    speakers: Literal["round_robin", "named"] = "round_robin"
    """Who speaks next (conversation): in the order of the sequence, or whom the speaker names."""
    synthesis: bool = True
    """Whether a text is written from the results, or they are shown as they are (parallel, workspace, conversation)."""


class Rounds(Value):
    """What a role reads of the rounds before its own (pattern `rounds`)."""

    show: Show = "stances"
    """What is shown: the `stances` of the last two rounds, the `arguments` of all rounds without stances, or `both`.

    An argument is a reason with the facts it cites. With `arguments` and `both`, the roles' prompts begin alike, so
    that a provider can cache them.
    """
    names: bool = True
    """Whether a role reads who said what. Without names, the order says nothing about roles either."""

    @property
    def is_shared(self) -> bool:
        """Whether the prompts of all roles begin alike.

        >>> Rounds().is_shared, Rounds(show="arguments").is_shared
        (False, True)
        """
        return self.show != "stances"
