"""The messages between the roles of a thread, and those from outside, oldest first."""

from collections.abc import Collection, Sequence

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
    outside = {each["from"] for each in posted if each.get("outside")}
    kept = [_message(work, each, each["id"] in unanswered, outside) for each in posted[:MAX_SHOWN]]
    theirs = sum(bool(each.get("outside")) for each in posted)
    still = f", {counted(len(unanswered), 'question')} without an answer" if unanswered else ""
    return [
        {
            "kind": "messages",
            "title": "Messages",
            "headline": None,
            "summary": f"{counted(len(posted), 'message')} between roles{_theirs(theirs)}{still}.",
            "messages": kept,
            "more": max(len(posted) - MAX_SHOWN, 0),
        }
    ]


def _theirs(number: int) -> str:
    return f", {number} of them from outside" if number else ""


def _named(work: Work, name: str, is_outside: bool) -> str:
    """Return what people call a role; of somebody outside, the name they gave, and that they are outside."""
    return f"{name} (from outside)" if is_outside else work.title_of(name)


def _message(work: Work, posted: Given, is_open: bool, outside: Collection[str]) -> Plain:
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
        "sender": _named(work, posted["from"], bool(posted.get("outside"))),
        "receivers": [_named(work, name, name in outside and name not in work.roles) for name in posted["to"]],
        "beside": ", ".join(filter(None, beside)),
        "content": posted["content"],
        "is_open": is_open,
        "time": f"{posted['at'][:19].replace('T', ' ')} UTC",
    }
