"""Messages between agents: what one is, who receives it, which conversation it belongs to, how the posted are read.

Posted messages are kept in the order they were posted; age is that order, never a clock.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, StringConstraints

from policies.team.fields import Value

Kind = Literal["task", "result", "question", "feedback", "proposal", "vote", "note"]
"""What a message is for; a `question` stays open until somebody replies."""

Priority = Literal["low", "normal", "high", "urgent"]
"""How early a message is delivered; among equals, the older one comes first."""

KINDS: tuple[Kind, ...] = get_args(Kind)
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
NAME_PATTERN = r"^[a-z][a-z0-9_-]{0,39}$"
"""What a conversation or a topic may be called."""

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]


@dataclass(frozen=True, slots=True)
class Message:
    """A posted message; `to` names its receivers, never everybody at once, and `sender` is not among them.

    `outside` says that a person or a program sent it, and no role; no role's message ever does.
    """

    id: str
    sender: str
    to: tuple[str, ...]
    kind: Kind
    content: str
    at: str
    priority: Priority = "normal"
    conversation: str | None = None
    in_reply_to: str | None = None
    topic: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation: its participants in the order they joined, and all its messages in the order of posting.

    Whoever sends or is sent one of its messages takes part in it.
    """

    id: str
    participants: tuple[str, ...]
    messages: tuple[Message, ...]


class Messaging(Value):
    """The limits of messages between agents."""

    max_per_turn: Annotated[int, Field(ge=1, le=20)] = 3
    """How many messages a role may send with one answer. Of more, the first ones are read."""
    max_characters: Annotated[int, Field(ge=1, le=4_000)] = 1_000
    """How many characters a message may have."""
    max_inbox: Annotated[int, Field(ge=1, le=100)] = 20
    """How many messages a role receives with one question. The others wait for its next one."""


class Subscription(Value):
    """What a role receives in addition to what is addressed to it."""

    kinds: Annotated[tuple[Kind, ...], Field(max_length=len(KINDS), strict=False)] = ()
    """The role receives every message of these kinds."""
    topics: Annotated[tuple[Name, ...], Field(max_length=50, strict=False)] = ()
    """The role receives every message on these topics."""


def plain_message(message: Message) -> dict[str, Any]:
    """Return the message as plain JSON, as the state keeps it.

    >>> plain_message(Message("m1", "risk", ("legal",), "note", "Hello.", "2026-01-01"))["from"]
    'risk'
    """
    return {
        "id": message.id,
        "from": message.sender,
        "to": list(message.to),
        "kind": message.kind,
        "priority": message.priority,
        "content": message.content,
        "conversation": message.conversation,
        "in_reply_to": message.in_reply_to,
        "at": message.at,
        "topic": message.topic,
        "metadata": dict(message.metadata),
        "outside": message.outside,
    }


def message_from(plain: Mapping[str, Any]) -> Message:
    """Return the message that `plain_message` wrote.

    >>> message = Message("m1", "risk", ("legal",), "note", "Hello.", "2026-01-01")
    >>> message_from(plain_message(message)) == message
    True
    """
    fields = {key: value for key, value in plain.items() if key not in ("from", "to")}
    return Message(sender=plain["from"], to=tuple(plain["to"]), **fields)


def receives(message: Message, role: str, subscription: Subscription | None = None) -> bool:
    """Return whether the role is entitled to the message: addressed or subscribed, never its own.

    >>> note = Message("m1", "risk", ("legal",), "note", "Hello.", "2026-01-01")
    >>> receives(note, "legal"), receives(note, "risk"), receives(note, "ops", Subscription(kinds=("note",)))
    (True, False, True)
    """
    if message.sender == role:
        return False
    return role in message.to or (subscription is not None and _is_subscribed(message, subscription))


def _is_subscribed(message: Message, subscription: Subscription) -> bool:
    return message.kind in subscription.kinds or message.topic in subscription.topics


def inbox_of(
    posted: Iterable[Message],
    role: str,
    delivered: Collection[str],
    subscription: Subscription | None = None,
    rules: Messaging | None = None,
) -> list[Message]:
    """Return what is delivered with the role's next turn: the most urgent first, among equals the oldest.

    `delivered` are the ids this role was given before. What is beyond `max_inbox` stays for a later turn.

    >>> low = Message("m1", "risk", ("legal",), "note", "Later.", "2026-01-01", "low")
    >>> high = Message("m2", "risk", ("legal",), "note", "First.", "2026-01-01", "high")
    >>> [message.id for message in inbox_of([low, high], "legal", ())]
    ['m2', 'm1']
    """
    seen = frozenset(delivered)
    waiting = [message for message in posted if message.id not in seen and receives(message, role, subscription)]
    waiting.sort(key=_rank)
    return waiting[: (rules or Messaging()).max_inbox]


def _rank(message: Message) -> int:
    return -PRIORITIES.index(message.priority)


def open_questions(posted: Sequence[Message]) -> list[Message]:
    """Return the questions, oldest first, to which nobody but their own sender has replied.

    >>> question = Message("m1", "risk", ("legal",), "question", "May we?", "2026-01-01")
    >>> answer = Message("m2", "legal", ("risk",), "result", "Yes.", "2026-01-01", in_reply_to="m1")
    >>> len(open_questions([question])), len(open_questions([question, answer]))
    (1, 0)
    """
    senders = {message.id: message.sender for message in posted}
    answered = {message.in_reply_to for message in posted if message.sender != senders.get(message.in_reply_to or "")}
    return [message for message in posted if message.kind == "question" and message.id not in answered]


def conversation_of(posted: Iterable[Message], id: str) -> Conversation | None:
    """Return the conversation of this id, or None.

    >>> opening = Message("m1", "risk", ("legal",), "note", "Hello.", "2026-01-01", conversation="terms")
    >>> conversation_of([opening], "terms").participants, conversation_of([opening], "price")
    (('risk', 'legal'), None)
    """
    found = conversations_of(message for message in posted if message.conversation == id)
    return found[0] if found else None


def conversations_of(posted: Iterable[Message]) -> list[Conversation]:
    """Return every conversation, in the order they were opened."""
    grouped: dict[str, list[Message]] = {}
    for message in posted:
        if message.conversation is not None:
            grouped.setdefault(message.conversation, []).append(message)
    return [Conversation(id, _participants(messages), tuple(messages)) for id, messages in grouped.items()]


def _participants(messages: Iterable[Message]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(role for message in messages for role in (message.sender, *message.to)))


def find_messages(
    posted: Iterable[Message],
    agent: str | None = None,
    kind: str | None = None,
    conversation: str | None = None,
    offset: int = 0,
    limit: int = 50,
) -> tuple[list[Message], int]:
    """Return a page of the messages that match, newest last, and how many match in all.

    `agent` is the sender or a receiver. An unknown name matches nothing; a negative offset or limit counts as 0.

    >>> note = Message("m1", "risk", ("legal",), "note", "Hello.", "2026-01-01")
    >>> find_messages([note], agent="ops"), find_messages([note], kind="note")[1]
    (([], 0), 1)
    """
    found = [
        message
        for message in posted
        if (agent is None or agent == message.sender or agent in message.to)
        and (kind is None or kind == message.kind)
        and (conversation is None or conversation == message.conversation)
    ]
    start = max(offset, 0)
    return found[start : start + max(limit, 0)], len(found)
