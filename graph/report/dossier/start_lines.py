"""The starts of a thread in the timeline: that it was admitted, resumed or brought back, and what was set aside."""

from collections.abc import Callable, Mapping
from typing import Any

from graph.report.words import listed

Plain = dict[str, Any]

MAX_NAMED = 50
"""Roles or seats named that were asked at once."""


def _admitted(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    return {"what": "Admitted", "detail": f"team {event['team']}, policy {event['policy']}"}


def _resumed(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    after = f"after {event['after']}" if event.get("after") else "after it was cut off"
    moved = f"; the {event['moved']} changed, and that was accepted" if event.get("moved") else ""
    return {"what": "Resumed", "detail": after + moved}


def _recovered(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    calls = "1 call was" if len(event["lost"]) == 1 else f"{len(event['lost'])} calls were"
    back = f"; not asked again for now: {listed(event['set_back'])}" if event["set_back"] else ""
    return {"what": "Brought back", "detail": f"{calls} under way when the process died: {_lost(event)}{back}"}


def _lost(event: Mapping[str, Any]) -> str:
    more = [f"{len(event['lost']) - MAX_NAMED} more"] if len(event["lost"]) > MAX_NAMED else []
    return listed([*(call["seat"] for call in event["lost"][:MAX_NAMED]), *more])


def _superseded(_: list[Mapping[str, Any]]) -> Plain:
    return {"what": "Set aside", "detail": "the open round rested on what changed; its roles are asked again"}


SAID_OF_STARTS: Mapping[str, Callable[[list[Mapping[str, Any]]], Plain]] = {
    "admitted": _admitted,
    "resumed": _resumed,
    "recovered": _recovered,
    "superseded": _superseded,
}
