"""Events with the titles that people call their roles by."""

from collections.abc import Mapping
from typing import Any

from graph.past import Past
from policies.language import say

Plain = dict[str, Any]


def named(event: Mapping[str, Any], past: Past, titles: Mapping[str, str]) -> Plain:
    """Return an event with what people call its role under `title`, and all titles under `titles`.

    Its role stays the key, so that a role titled like the brief is not taken for it; whom else it names is titled.
    """
    role = event.get("role")
    found: Plain = {**event, "titles": titles, "title": role and titles.get(role, role)}
    if event["event"] == "outcome":
        found["changes"] = changes_after(past, event, titles)
    if event.get("set_back"):
        found["set_back"] = [titles.get(each, each) for each in event["set_back"]]
    if event.get("lost"):
        found["lost"] = [{**call, "seat": titles.get(call["seat"], call["seat"])} for call in event["lost"]]
    if event.get("message"):
        found["message"] = _addressed(event["message"], titles)
    return found


def changes_after(past: Past, outcome: Mapping[str, Any], titles: Mapping[str, str]) -> list[str]:
    """Return who joins and who leaves by the outcome of a round, by their titles."""
    change = past.change_after(outcome)
    joins = [say("{role} joins", role=titles.get(change.convene, change.convene))] if change.convene else []
    leaves = [say("{role} leaves", role=titles.get(change.release, change.release))] if change.release else []
    return [*joins, *leaves]


def _addressed(message: Mapping[str, Any], titles: Mapping[str, str]) -> Plain:
    """Return a message whose sender and receivers are named by their titles."""
    to = [titles.get(each, each) for each in message["to"]]
    return {**message, "from": titles.get(message["from"], message["from"]), "to": to}
