"""Events in which each role has the name that people call it by."""

from collections.abc import Mapping
from typing import Any

Plain = dict[str, Any]


def named(event: Mapping[str, Any], titles: Mapping[str, str]) -> Plain:
    """Return an event whose roles are named by their titles; all titles are under `titles`."""
    found: Plain = {**event, "titles": titles}
    for key in ("role", "convene"):
        if event.get(key):
            found[key] = titles.get(event[key], event[key])
    if event.get("set_back"):
        found["set_back"] = [titles.get(each, each) for each in event["set_back"]]
    if event.get("lost"):
        found["lost"] = [{**call, "seat": titles.get(call["seat"], call["seat"])} for call in event["lost"]]
    if event.get("message"):
        found["message"] = _addressed(event["message"], titles)
    return found


def _addressed(message: Mapping[str, Any], titles: Mapping[str, str]) -> Plain:
    """Return a message whose sender and receivers are named by their titles."""
    to = [titles.get(each, each) for each in message["to"]]
    return {**message, "from": titles.get(message["from"], message["from"]), "to": to}
