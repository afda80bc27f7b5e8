"""The messages between the roles of a thread, oldest first."""

from collections.abc import Sequence

from graph.report.patterns.work import Given, Plain, Work
from graph.report.words import counted
from policies.messages.message import message_from, open_questions

MAX_SHOWN = 200
"""Messages shown; `accord messages` has them all."""


def messages_of(posted: Sequence[Given], work: Work) -> list[Plain]:
    """Return the messages of a thread, the questions that nobody answered marked; nothing where there are none."""
    if not posted:
        return []
    unanswered = {question.id for question in open_questions([*map(message_from, posted)])}
    kept = [_message(work, each, each["id"] in unanswered) for each in posted[:MAX_SHOWN]]
    still = f", {counted(len(unanswered), 'question')} without an answer" if unanswered else ""
    return [
        {
            "kind": "messages",
            "title": "Messages",
            "headline": None,
            "summary": f"{counted(len(posted), 'message')} between roles{still}.",
            "messages": kept,
            "more": max(len(posted) - MAX_SHOWN, 0),
        }
    ]


def _message(work: Work, posted: Given, is_open: bool) -> Plain:
    beside = [
        posted["kind"],
        posted["priority"] if posted["priority"] != "normal" else None,
        f"in reply to {posted['in_reply_to']}" if posted["in_reply_to"] else None,
        f"conversation {posted['conversation']}" if posted["conversation"] else None,
        f"topic {posted['topic']}" if posted["topic"] else None,
    ]
    return {
        "id": posted["id"],
        "from": posted["from"],
        "to": [*posted["to"]],
        "sender": work.title_of(posted["from"]),
        "receivers": [work.title_of(role) for role in posted["to"]],
        "beside": ", ".join(filter(None, beside)),
        "content": posted["content"],
        "is_open": is_open,
        "time": f"{posted['at'][:19].replace('T', ' ')} UTC",
    }
