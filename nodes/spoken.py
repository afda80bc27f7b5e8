"""Spoken: what the roles said in each round, with the evidence that the history leaves out."""

from collections.abc import Mapping
from typing import Any

from nodes.events import events_of, standing_outcomes
from policies.contracts.answers import Accepted
from policies.contracts.contribution import Contribution, contribution_of

State = Mapping[str, Any]


def spoken_in(state: State) -> dict[tuple[int, str], Contribution]:
    """Return what was accepted last, by round and role; of a round that was asked again, what came then."""
    said = (event for event in events_of(state, "accepted") if "contribution" in event)
    return {
        (event["round"], event["role"]): contribution_of(Accepted(event["role"], "contribution", event["contribution"]))
        for event in said
    }


def spoken_before(state: State) -> list[list[Contribution]]:
    """Return the finished rounds on the team and facts of now: those since changes were last accepted."""
    spoken = spoken_in(state)
    return [
        [spoken[outcome["round"], role] for role, cast in outcome["casts"].items() if cast != "absent"]
        for outcome in standing_outcomes(state)
    ]
