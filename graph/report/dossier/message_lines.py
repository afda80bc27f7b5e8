"""Messages in the timeline: who sent which kind to whom, and what was not delivered."""

from collections.abc import Callable, Mapping
from typing import Any

from graph.report.dossier.answer_lines import MAX_RAW
from graph.report.words import listed, written
from policies.language import phrase, say
from policies.messages.message import Kind

Plain = dict[str, Any]

SENT: Mapping[Kind, str] = {
    "task": phrase("Sent a task"),
    "result": phrase("Sent a result"),
    "question": phrase("Sent a question"),
    "feedback": phrase("Sent a feedback"),
    "proposal": phrase("Sent a proposal"),
    "vote": phrase("Sent a vote"),
    "note": phrase("Sent a note"),
}
HEARD: Mapping[Kind, str] = {
    "task": phrase("Heard a task from outside"),
    "result": phrase("Heard a result from outside"),
    "question": phrase("Heard a question from outside"),
    "feedback": phrase("Heard a feedback from outside"),
    "proposal": phrase("Heard a proposal from outside"),
    "vote": phrase("Heard a vote from outside"),
    "note": phrase("Heard a note from outside"),
}
"""That a role sent a message, or that one came from outside, by its kind."""


def _sent(group: list[Mapping[str, Any]]) -> Plain:
    message = group[-1]["message"]
    kind, to = message["kind"], listed(message["to"])
    said = {"what": say(SENT[kind]), "role": message["from"], "detail": say("to {names}", names=to)}
    if message.get("outside"):
        said = {"what": say(HEARD[kind]), "detail": say("{sender} to {names}", sender=message["from"], names=to)}
    return {**said, "quote": written(message["content"], MAX_RAW)}


def _unsent(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    who = {"detail": say("said by {sender}, from outside", sender=event["from"])} if "said" in event else {}
    return {"what": say("Message refused"), "tone": "refused", "rule": event["because"], **who}


SAID_OF_MESSAGES: Mapping[str, Callable[[list[Mapping[str, Any]]], Plain]] = {
    "sent": _sent,
    "message_refused": _unsent,
}
