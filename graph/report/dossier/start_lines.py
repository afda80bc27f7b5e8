"""The starts of a thread in the timeline: that it was admitted, resumed or brought back, and what was set aside."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graph.report.dossier.facts import at_hand_in
from graph.report.words import joined, listed
from policies.access.owners import TENANT
from policies.language import phrase, say, say_count

Plain = dict[str, Any]

MAX_NAMED = 50
"""Roles or seats named that were asked at once."""

MOVED = {
    "facts": phrase("the facts changed, and that was accepted"),
    "goal": phrase("the goal changed, and that was accepted"),
    "team": phrase("the team changed, and that was accepted"),
    "policy": phrase("the policy changed, and that was accepted"),
}
"""That a field of what a thread was started with is another one now."""


def _admitted(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    told = say("team {team}, policy {policy}", team=event["team"], policy=event["policy"])
    owner = say("for the tenant {tenant}", tenant=event[TENANT]) if TENANT in event else None
    reopened = event.get("reopens")
    reopens = say("it reopens {thread}", thread=reopened["thread"]) if reopened else None
    return {"what": say("Admitted"), "detail": joined([told, owner, fetched_from(event), reopens])}


def _resumed(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    after = say("after {reason}", reason=event["after"]) if event.get("after") else say("after it was cut off")
    moved = say(MOVED[event["moved"]]) if event.get("moved") else None
    return {"what": say("Resumed"), "detail": joined([after, moved, fetched_from(event)])}


def fetched_from(event: Mapping[str, Any]) -> str | None:
    """Return which sources the facts were fetched from, and which failed; None where nobody had to fetch them."""
    sources = event.get("sources") or ()
    if not sources or at_hand_in(sources):
        return None
    named = [say("{name} (failed)", name=each["source"]) if each.get("cause") else each["source"] for each in sources]
    return say("facts from {sources}", sources=listed(named))


def _recovered(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    told = say_count(
        "{number} call was under way when the process died: {seats}",
        "{number} calls were under way when the process died: {seats}",
        len(event["lost"]),
        seats=_lost(event),
    )
    back = say("not asked again for now: {roles}", roles=listed(event["set_back"])) if event["set_back"] else None
    return {"what": say("Brought back"), "detail": joined([told, back])}


def _lost(event: Mapping[str, Any]) -> str:
    return listed_some([call["seat"] for call in event["lost"]])


def listed_some(names: Sequence[str]) -> str:
    """Return names as a sentence lists them; of many the first, and how many more there are."""
    more = [say("{number} more", number=len(names) - MAX_NAMED)] if len(names) > MAX_NAMED else []
    return listed([*names[:MAX_NAMED], *more])


def _superseded(_: list[Mapping[str, Any]]) -> Plain:
    told = say("the open round rested on what changed; its roles are asked again")
    return {"what": say("Set aside"), "detail": told}


SAID_OF_STARTS: Mapping[str, Callable[[list[Mapping[str, Any]]], Plain]] = {
    "admitted": _admitted,
    "resumed": _resumed,
    "recovered": _recovered,
    "superseded": _superseded,
}
