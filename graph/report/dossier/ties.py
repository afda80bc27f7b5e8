"""Ties of a thread: the decision that it reopens, and that somebody holds it, also in the timeline."""

from collections.abc import Callable, Mapping
from typing import Any

from graph.past import Past
from graph.report.dossier.people import moment
from policies.language import say

Plain = dict[str, Any]


def held_of(past: Past) -> str | None:
    """Return who holds a thread since when and why, so that no purge takes it; None where nobody does."""
    said = [event for event in past.events if event["event"] in ("held", "released")]
    if not said or said[-1]["event"] == "released":
        return None
    held = said[-1]
    return say("by {name} since {time}: {because}", name=held["by"], time=moment(held["at"]), because=held["because"])


def _added(group: list[Mapping[str, Any]]) -> Plain:
    """Return the line of the timeline that a thread was held or released."""
    event = group[-1]
    what = say("Held: no purge takes it") if event["event"] == "held" else say("Released")
    return {"what": what, "role": None, "detail": event["by"], "quote": event["because"]}


SAID_OF_HOLDS: Mapping[str, Callable[[list[Mapping[str, Any]]], Plain]] = {"held": _added, "released": _added}
