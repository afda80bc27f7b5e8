"""The mailbox: from the messages a role offered with its answer to the messages that are posted."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from policies.contracts.reading import MAX_OFFERED
from policies.language import say
from policies.messages.draft import OPENING, Asked, Draft, asked_of, read_draft
from policies.messages.message import Message, Messaging, Subscription
from policies.plain import shown

_ID = re.compile(r"m([1-9][0-9]{0,15})")


def accept_messages(
    offered: object,
    sender: str,
    roles: Collection[str],
    posted: Sequence[Message],
    rules: Messaging,
    subscription: Subscription | None = None,
) -> tuple[tuple[Draft, ...], tuple[str, ...]]:
    """Return the drafts among what a role offered as its `messages`, and a sentence on each that is refused.

    Where nothing is offered, there is no message. The first `max_per_turn` items are read; the others are refused in
    one sentence. A refused message never takes another with it. Unknown keys are ignored, null counts as absent. By
    its subscription the sender may reply to what it received although it was addressed to others.

    >>> offered = [{"to": role, "kind": "note", "content": "Hello."} for role in ("legal", "ops")]
    >>> drafts, refusals = accept_messages(offered, "risk", ["risk", "legal"], [], Messaging())
    >>> [draft.to for draft in drafts], refusals
    ([('legal',)], ("message 2: `to` is 'ops'; allowed: all, or one or more of legal",))
    """
    if offered is None:
        return (), ()
    if not isinstance(offered, list):
        return (), (say("`messages` is {offered}; allowed: a list of messages", offered=shown(offered)),)
    asked = asked_of(sender, roles, posted, rules, subscription)
    read = [_read(number, item, asked) for number, item in enumerate(offered[: rules.max_per_turn], 1)]
    drafts = tuple(draft for draft in read if isinstance(draft, Draft))
    return drafts, (*(refusal for refusal in read if isinstance(refusal, str)), *_beyond(offered, rules))


def _beyond(offered: list[Any], rules: Messaging) -> Iterator[str]:
    most = rules.max_per_turn
    if len(offered) > most:
        size = len(offered) if len(offered) < MAX_OFFERED else say("more than {most}", most=MAX_OFFERED - 1)
        yield say(
            "`messages` has {size} items, from message {most} on refused; allowed: at most {other} a turn",
            size=size,
            most=most + 1,
            other=most,
        )


def _read(number: int, item: object, asked: Asked) -> Draft | str:
    if not isinstance(item, dict):
        return say("message {number} is {item}; allowed: an object", number=number, item=shown(item))
    read = read_draft(item, asked)
    return read if isinstance(read, Draft) else say("message {number}: {read}", number=number, read=read)


def post(posted: Sequence[Message], drafts: Iterable[Draft], sender: str, at: str) -> list[Message]:
    """Return the new messages in order, their ids counting on from those posted.

    A draft that opens a conversation comes after a note that says so to its participants, of the same priority.
    A reply without a conversation joins that of the message it replies to. Roles of a wave are accepted and posted one
    after another: a conversation that another role opened in between would be joined, not refused.

    >>> opening = Draft(("legal",), "question", "May we?", conversation="terms")
    >>> [(message.id, message.content) for message in post([], [opening], "risk", "2026-01-01")]
    [('m1', 'risk opens the conversation terms.'), ('m2', 'May we?')]
    """
    numbers = count(1 + _last_number(posted))
    return [_message(f"m{next(numbers)}", draft, sender, at) for draft in _announced(posted, drafts, sender)]


def _last_number(posted: Iterable[Message]) -> int:
    found = (_ID.fullmatch(message.id) for message in posted)
    return max((int(match[1]) for match in found if match), default=0)


def _announced(posted: Iterable[Message], drafts: Iterable[Draft], sender: str) -> Iterator[Draft]:
    conversations = {message.id: message.conversation for message in posted}
    known = {None, *conversations.values()}
    for draft in drafts:
        conversation = draft.conversation or conversations.get(draft.in_reply_to or "")
        if conversation not in known:
            known.add(conversation)
            yield _opening(draft, sender)
        yield replace(draft, conversation=conversation)


def _opening(draft: Draft, sender: str) -> Draft:
    return Draft(
        to=draft.to,
        kind="note",
        content=say("{sender} opens the conversation {conversation}.", sender=sender, conversation=draft.conversation),
        priority=draft.priority,
        conversation=draft.conversation,
        metadata={OPENING: True, "participants": [sender, *draft.to]},
    )


def _message(id: str, draft: Draft, sender: str, at: str) -> Message:
    return Message(
        id=id,
        sender=sender,
        to=draft.to,
        kind=draft.kind,
        content=draft.content,
        at=at,
        priority=draft.priority,
        conversation=draft.conversation,
        in_reply_to=draft.in_reply_to,
        topic=draft.topic,
        metadata=draft.metadata,
    )
