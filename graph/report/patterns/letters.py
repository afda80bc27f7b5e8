"""The messages between the roles of a thread, and those from outside, oldest first."""

from collections.abc import Collection, Mapping, Sequence

from graph.report.patterns.work import Given, Plain, Work
from policies.language import phrase, say, say_count
from policies.messages.message import Kind, Priority, message_from, open_questions

MAX_SHOWN = 200
"""Messages shown; `accord messages` has them all."""


KINDS: Mapping[Kind, str] = {
    "task": phrase("task"),
    "result": phrase("result"),
    "question": phrase("question"),
    "feedback": phrase("feedback"),
    "proposal": phrase("proposal"),
    "vote": phrase("vote"),
    "note": phrase("note"),
}
"""What a message is for, in words."""

PRIORITIES: Mapping[Priority, str] = {
    "low": phrase("low"),
    "normal": phrase("normal"),
    "high": phrase("high"),
    "urgent": phrase("urgent"),
}


def messages_of(posted: Sequence[Given], work: Work) -> list[Plain]:
    """Return the messages of a thread, the questions that nobody answered marked; nothing where there are none."""
    if not posted:
        return []
    unanswered = {question.id for question in open_questions([*map(message_from, posted)])}
    outside = {each["from"] for each in posted if each.get("outside")}
    kept = [_message(work, each, each["id"] in unanswered, outside) for each in posted[:MAX_SHOWN]]
    theirs = sum(bool(each.get("outside")) for each in posted)
    return [
        {
            "kind": "messages",
            "title": say("Messages"),
            "headline": None,
            "summary": _summary(len(posted), theirs, len(unanswered)),
            "messages": kept,
            "more": max(len(posted) - MAX_SHOWN, 0),
        }
    ]


def _summary(posted: int, theirs: int, unanswered: int) -> str:
    parts = [
        say_count("{number} message between roles", "{number} messages between roles", posted),
        say_count("{number} of them from outside", "{number} of them from outside", theirs) if theirs else None,
        say_count("{number} question without an answer", "{number} questions without an answer", unanswered)
        if unanswered
        else None,
    ]
    return f"{', '.join(filter(None, parts))}."


def _named(work: Work, name: str, is_outside: bool) -> str:
    """Return what people call a role; of somebody outside, the name they gave, and that they are outside."""
    return say("{name} (from outside)", name=name) if is_outside else work.title_of(name)


def _message(work: Work, posted: Given, is_open: bool, outside: Collection[str]) -> Plain:
    beside = [
        say(KINDS[posted["kind"]]),
        say(PRIORITIES[posted["priority"]]) if posted["priority"] != "normal" else None,
        say("in reply to {message}", message=posted["in_reply_to"]) if posted["in_reply_to"] else None,
        say("conversation {name}", name=posted["conversation"]) if posted["conversation"] else None,
        say("topic {name}", name=posted["topic"]) if posted["topic"] else None,
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
