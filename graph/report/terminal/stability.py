"""What a stability check adds to a proof, in a sentence."""

from collections.abc import Mapping

from policies.decision.stability import in_percent
from policies.language import phrase, say, say_count
from policies.team.stability import Stability, Unstable

CHECKED: Mapping[Unstable, str] = {
    "escalate": phrase(
        "A decision is announced after its last round was asked {asked}; where more than {limit} of these differ, "
        "people decide. A check never gives a more permissive outcome."
    ),
    "stop": phrase(
        "A decision is announced after its last round was asked {asked}; where more than {limit} of these differ, "
        "the run stops. A check never gives a more permissive outcome."
    ),
}


def said_stability(stability: Stability) -> str:
    """Return what a stability check adds to what is proved."""
    asked = say_count("once more", "{number} more times", stability.samples)
    return say(CHECKED[stability.otherwise], asked=asked, limit=in_percent(stability.max_flip_rate))
