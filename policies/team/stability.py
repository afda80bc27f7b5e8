"""The stability check of a team file: how often a decision is tried again before it is announced, and what follows."""

from typing import Annotated, Literal

from pydantic import Field

from policies.team.fields import Value

MAX_SAMPLES = 50

Unstable = Literal["escalate", "stop"]
"""What an unstable decision becomes."""


class Stability(Value):
    """How a decision is checked before it is announced: its last round is asked again, several times."""

    samples: Annotated[int, Field(ge=1, le=MAX_SAMPLES)]
    """How many times the last round is asked again, each time with the facts in another order and another seed."""
    max_flip_rate: Annotated[float, Field(ge=0, le=1)]
    """The largest share of samples with another outcome under which the decision is announced."""
    max_messages: Annotated[int, Field(ge=1, le=100_000)]
    """How many answers a check may ask for. They do not count against the budget's own `max_messages`."""
    otherwise: Unstable = "escalate"
    """What follows on a larger share: a person decides, or the run stops with `unstable_decision`."""
