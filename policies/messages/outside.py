"""From outside: what a person or a program says to a thread, checked by the rules for messages, and heard once.

It is said at any time and waits outside the thread. When the next round or stage opens it is heard: it becomes a
message like any other but for its mark, which no role can set.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from policies.language import say
from policies.messages.draft import EVERYBODY, FIELDS, NAMING, Draft, asked_of, read_draft
from policies.messages.mailbox import post
from policies.messages.message import NAME_PATTERN, Message, Messaging, conversation_of, conversations_of
from policies.plain import find_unplain, shown

BRIEF = "brief"
"""The seat that writes the brief."""

_NAME = re.compile(NAME_PATTERN)
_COUNTED = re.compile(r"m[0-9]*")


@dataclass(frozen=True, slots=True)
class Listening:
    """Who listens: the team's roles, those of them that may be asked, and its limits; None where it has no messages."""

    team: str
    roles: Collection[str]
    speaking: Collection[str]
    rules: Messaging | None


@dataclass(frozen=True, slots=True)
class Unheard:
    """A message from outside that is refused, and why."""

    id: str
    sender: str
    because: str


def accept_said(said: Mapping[str, Any], posted: Sequence[Message], listening: Listening) -> Message | str:
    """Return what is said as the message that waits to be heard, or a sentence on the first thing that is refused.

    >>> risk = Listening("launch", ["risk", "legal"], ["risk", "legal"], Messaging())
    >>> said = {"id": "s-1", "from": "dana", "to": "all", "kind": "note", "content": "Hello.", "at": "2026-01-01"}
    >>> accept_said(said, [], risk).to
    ('legal', 'risk')
    >>> accept_said(said | {"from": "risk"}, [], risk)
    "the sender is 'risk', a role of the team; allowed: a person or a program outside it"
    """
    read = _read(said, posted, listening)
    return read if isinstance(read, str) else _message(said, read)


def find_misplaced(conversation: str, sender: str, opens: bool, posted: Sequence[Message]) -> str | None:
    """Return why a sender cannot write in a conversation, or cannot open one of this name; None where it can.

    >>> find_misplaced("terms", "dana", True, []), find_misplaced("terms", "dana", False, [])
    (None, 'there is no conversation `terms` in which dana takes part; allowed: none yet, one has to be opened')
    """
    found = conversation_of(posted, conversation)
    if opens:
        return (
            None
            if found is None
            else say(
                "there is a conversation `{conversation}` already; allowed: another name", conversation=conversation
            )
        )
    if found is not None and sender in found.participants:
        return None
    joined = [each.id for each in conversations_of(posted) if sender in each.participants]
    allowed = ", ".join(joined) or say("none yet, one has to be opened")
    return say(
        "there is no conversation `{conversation}` in which {sender} takes part; allowed: {allowed}",
        conversation=conversation,
        sender=sender,
        allowed=allowed,
    )


def hear(
    said: Iterable[Mapping[str, Any]],
    posted: Sequence[Message],
    listening: Listening,
    withdrawn: Collection[str] = (),
) -> tuple[list[Message], list[Unheard]]:
    """Return the new messages that what was said makes after those posted, in order, and what is refused of it.

    What was posted before is not posted again; to what was withdrawn nobody can reply. What opens a conversation comes
    after the note that says so.

    >>> risk = Listening("launch", ["risk"], ["risk"], Messaging())
    >>> said = {"id": "s-1", "from": "dana", "to": ["risk"], "kind": "note", "content": "Hello.", "at": "2026-01-01"}
    >>> [(message.id, message.sender, message.outside) for message in hear([said, said], [], risk)[0]]
    [('s-1', 'dana', True)]
    """
    messages, unheard = [*posted], list[Unheard]()
    for each in said:
        if any(each["id"] == message.id for message in messages):
            continue
        read = _read(each, [message for message in messages if message.id not in withdrawn], listening)
        if isinstance(read, str):
            unheard.append(Unheard(each["id"], each["from"], read))
        else:
            messages += _posted(each, read, messages)
    return messages[len(posted) :], unheard


def _posted(said: Mapping[str, Any], draft: Draft, posted: Sequence[Message]) -> list[Message]:
    """Return the message as it is posted, after the note that opens its conversation where it opens one."""
    *opening, last = post(posted, [draft], said["from"], said["at"])
    return [*(replace(note, outside=True) for note in opening), replace(last, id=said["id"], outside=True)]


def _message(said: Mapping[str, Any], draft: Draft) -> Message:
    """Return the message as it waits, whatever it will open or join when it is heard."""
    message = post([], [replace(draft, conversation=None)], said["from"], said["at"])[-1]
    return replace(message, id=said["id"], conversation=draft.conversation, outside=True)


def _read(said: Mapping[str, Any], posted: Sequence[Message], listening: Listening) -> Draft | str:
    if listening.rules is None:
        return say(
            "the team `{team}` exchanges no messages; add `messages: {{}}` to its team file and start a new thread",
            team=listening.team,
        )
    fault = _fault_of_id(said["id"]) or _fault_of_sender(said["from"], listening)
    if fault:
        return fault
    draft = read_draft(said, asked_of(said["from"], listening.speaking, posted, listening.rules))
    unplain = None if isinstance(draft, str) else find_unplain({name: said.get(name) for name in FIELDS})
    return unplain or draft


def _fault_of_id(id: object) -> str | None:
    if isinstance(id, str) and _NAME.fullmatch(id) and not _COUNTED.fullmatch(id):
        return None
    return say(
        "the id is {id}; allowed: {naming}, and not `m` with a number, as messages of roles have",
        id=shown(id),
        naming=NAMING,
    )


def _fault_of_sender(sender: object, listening: Listening) -> str | None:
    if not isinstance(sender, str) or not _NAME.fullmatch(sender):
        return say("the sender is {sender}; allowed: {naming}", sender=shown(sender), naming=NAMING)
    if sender in listening.roles:
        return say(
            "the sender is {sender}, a role of the team; allowed: a person or a program outside it",
            sender=shown(sender),
        )
    if sender in (EVERYBODY, BRIEF):
        return say(
            "the sender is {sender}, which has a meaning of its own; allowed: any other name", sender=shown(sender)
        )
    return None
