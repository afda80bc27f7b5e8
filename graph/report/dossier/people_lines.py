"""People in the timeline: that they were asked, who answered, whose answer was not taken, and what came of it."""

from collections.abc import Callable, Mapping
from typing import Any

from graph.report.dossier.people import ON_TIMEOUT, moment
from graph.report.words import KINDS_ASKED, label_of, listed, plain_word, tone_of
from nodes.rulings import silence_in_words
from policies.decision.table import DECISIONS

Plain = dict[str, Any]
Event = Mapping[str, Any]


UNKNOWN = {
    "said": None,
    "tone": "human",
    "who": "somebody",
    "proof": "to a question that nobody asked",
    "because": None,
}
"""An answer in a thread that was changed."""


def asked_people(event: Event) -> Plain:
    """Return the words of the event that people were asked."""
    whom = listed([*event["asked"]]) or "anybody who says a name"
    until = f"; until {moment(event['expires_at'])}" if event["expires_at"] else ""
    about = event.get("path") or (event["title"] if event["kind"] == "contribute" else None)
    return {
        "what": "Asked people",
        "tone": "human",
        "role": None,
        "detail": f"{KINDS_ASKED[event['kind']]}{f' ({about})' if about else ''} of {whom}{until}",
        "quote": event["text"],
    }


def _answered(group: list[Event]) -> Plain:
    """Return the words of an answer; what it says is kept back while its question is open."""
    said = group[-1]["answer"] or UNKNOWN
    what = f"Answered: {said['said']}" if said["said"] else "Answered"
    told = f"{said['who']}; {said['proof']}"
    return {"what": what, "tone": said["tone"], "role": None, "detail": told, "quote": said["because"]}


def _declined(group: list[Event]) -> Plain:
    event = group[-1]
    who = event["by"] or "somebody"
    return {"what": "Answer not taken", "tone": "refused", "role": None, "detail": who, "rule": event["because"]}


def _ruled(group: list[Event]) -> Plain:
    event = group[-1]
    outcome = event["outcome"]
    what = {"supplied": "Fact supplied"}.get(outcome, f"People gave: {label_of(outcome)}")
    tone = tone_of(outcome) if outcome in DECISIONS else "human"
    if event["how"] == "expired":
        gave = ON_TIMEOUT.get(outcome, plain_word(outcome))
        return {"what": "Expired", "tone": tone, "role": None, "detail": f"{silence_in_words(event['by'])}: {gave}"}
    row = _row(event) if event.get("policy", "sole") != "sole" and outcome in DECISIONS else None
    by = listed([*event["by"]])
    return {"what": what, "tone": tone, "role": None, "detail": f"{by}; {row}" if row else by}


def _row(event: Event) -> str:
    row = "no row held" if event["row"] is None else f"row {event['row'] + 1}"
    because = f": {event['because']}" if event["because"] else ""
    return f"{event['policy']}, {row}{because}"


SAID_OF_PEOPLE: Mapping[str, Callable[[list[Event]], Plain]] = {
    "answered": _answered,
    "declined": _declined,
    "ruled": _ruled,
}
