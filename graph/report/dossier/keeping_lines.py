"""What was done to a record, in the timeline: that it was held, or released."""

from collections.abc import Callable, Mapping
from typing import Any

from policies.language import say

Plain = dict[str, Any]


def _held(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    return {"what": say("Held"), "tone": "human", "role": None, "detail": event["by"], "quote": event["because"]}


def _released(group: list[Mapping[str, Any]]) -> Plain:
    return {**_held(group), "what": say("Released")}


SAID_OF_KEEPING: Mapping[str, Callable[[list[Mapping[str, Any]]], Plain]] = {"held": _held, "released": _released}
