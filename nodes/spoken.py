"""Spoken: what the roles said in each round, with the evidence that the history leaves out."""

from collections.abc import Mapping
from typing import Any

from nodes.events import events_of
from policies.contracts.answers import Accepted
from policies.contracts.contribution import Contribution, contribution_of
from policies.team.evidence import Keys

State = Mapping[str, Any]


def spoken_in(state: State) -> dict[tuple[int, str], Contribution]:
    """Return what was accepted last, by round and role; of a round that was asked again, what came then."""
    said = (event for event in events_of(state, "accepted") if "contribution" in event)
    return {
        (event["round"], event["role"]): contribution_of(Accepted(event["role"], "contribution", event["contribution"]))
        for event in said
    }


def spoken_before(state: State) -> list[list[Contribution]]:
    """Return what was said in each finished round; ballots are left out."""
    spoken = spoken_in(state)
    return [
        [
            spoken[outcome["round"], role]
            for role, cast in outcome["casts"].items()
            if cast != "absent" and (outcome["round"], role) in spoken
        ]
        for outcome in events_of(state, "outcome")
    ]


def altered_since(state: State) -> list[set[Keys]]:
    """Return for each finished round the places of the facts that were altered since, where changes were accepted."""
    resumed = events_of(state, "resumed")
    return [
        {tuple(keys) for event in resumed if event["seq"] > outcome["seq"] for keys in event["altered"]}
        for outcome in events_of(state, "outcome")
    ]
