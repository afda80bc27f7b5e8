"""People in the timeline: that they were asked, who answered, whose answer was not taken, and what came of it."""

from collections.abc import Callable, Mapping
from typing import Any

from graph.report.dossier.people import asked_for, on_timeout, waits_until
from graph.report.dossier.people_table import with_reason
from graph.report.words import joined, label_of, listed, tone_of
from nodes.rulings import silence_in_words
from policies.decision.table import DECISIONS
from policies.language import phrase, say

Plain = dict[str, Any]
Event = Mapping[str, Any]


UNKNOWN: Plain = {
    "said": None,
    "tone": "human",
    "who": phrase("somebody"),
    "proof": phrase("to a question that nobody asked"),
    "because": None,
}
"""An answer in a thread that was changed."""


def asked_people(event: Event) -> Plain:
    """Return the words of the event that people were asked."""
    about = event.get("path") or (event["title"] if event["kind"] == "contribute" else None)
    return {
        "what": say("Asked people"),
        "tone": "human",
        "role": None,
        "detail": joined([asked_for(event, about), waits_until(event)]),
        "quote": event["text"],
    }


def _answered(group: list[Event]) -> Plain:
    """Return the words of an answer; what it says is kept back while its question is open."""
    said = group[-1]["answer"] or {**UNKNOWN, "who": say(UNKNOWN["who"]), "proof": say(UNKNOWN["proof"])}
    what = say("Answered: {what}", what=said["said"]) if said["said"] else say("Answered")
    told = joined([said["who"], said["proof"]])
    return {"what": what, "tone": said["tone"], "role": None, "detail": told, "quote": said["because"]}


def _declined(group: list[Event]) -> Plain:
    event = group[-1]
    said = {"what": say("Answer not taken"), "detail": event["by"] or say("somebody")}
    return {**said, "tone": "refused", "role": None, "rule": event["because"]}


def _ruled(group: list[Event]) -> Plain:
    event = group[-1]
    outcome = event["outcome"]
    is_fact = outcome == "supplied"
    what = say("Fact supplied") if is_fact else say("People gave: {outcome}", outcome=label_of(outcome))
    tone = tone_of(outcome) if outcome in DECISIONS else "human"
    if event["how"] == "expired":
        told = say("{silence}: {outcome}", silence=silence_in_words(event["by"]), outcome=on_timeout(outcome))
        return {"what": say("Expired"), "tone": tone, "role": None, "detail": told}
    row = _row(event) if event.get("policy", "sole") != "sole" and outcome in DECISIONS else None
    return {"what": what, "tone": tone, "role": None, "detail": joined([listed([*event["by"]]), row])}


def _row(event: Event) -> str:
    row = say("no row held") if event["row"] is None else say("row {row}", row=event["row"] + 1)
    return with_reason(f"{event['policy']}, {row}", event["because"])


SAID_OF_PEOPLE: Mapping[str, Callable[[list[Event]], Plain]] = {
    "answered": _answered,
    "declined": _declined,
    "ruled": _ruled,
}
