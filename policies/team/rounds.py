"""What a role reads of the rounds before its own."""

from typing import Literal

from policies.team.fields import Value

Show = Literal["stances", "arguments", "both"]
"""What is shown of a round: who took which stance, the reasons with the facts they rest on, or all of it."""


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
