"""The mailbox: from the messages a role offered with its answer to the messages that are posted."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from policies.contracts.reading import MAX_OFFERED
from policies.messages.message import (
    KINDS,
    NAME_PATTERN,
    PRIORITIES,
    Kind,
    Message,
    Messaging,
    Priority,
    Subscription,
    conversations_of,
    receives,
)
from policies.plain import clean_text, is_plain, shown

EVERYBODY = "all"
"""What a role writes to address everybody but itself."""

OPENING = "conversation_start"
"""The key of metadata that marks the note which opens a conversation; roles may not use it."""

MAX_METADATA_VALUES = 20
MAX_METADATA_CHARACTERS = 1_000
MAX_NAMES_SHOWN = 10

_NAME = re.compile(NAME_PATTERN)
_ID = re.compile(r"m([1-9][0-9]{0,15})")
_REFUSED = object()
_NAMING = "a name of a-z, 0-9, _ and -, at most 40 characters, a letter first"


@dataclass(frozen=True, slots=True)
class Draft:
    """A message a role offered that passed: `to` is resolved, `content` is trimmed; it has no id yet."""

    to: tuple[str, ...]
    kind: Kind
    content: str
    priority: Priority = "normal"
    in_reply_to: str | None = None
    conversation: str | None = None
    topic: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an offered message is checked against."""

    sender: str
    others: tuple[str, ...]
    rules: Messaging
    readable: frozenset[str]
    joined: frozenset[str]
    taken: frozenset[str]


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
        return (), (f"`messages` is {shown(offered)}; allowed: a list of messages",)
    asked = _held_against(sender, roles, posted, rules, subscription)
    read = [_read(number, item, asked) for number, item in enumerate(offered[: rules.max_per_turn], 1)]
    drafts = tuple(draft for draft in read if isinstance(draft, Draft))
    return drafts, (*(refusal for refusal in read if isinstance(refusal, str)), *_beyond(offered, rules))


def _held_against(
    sender: str,
    roles: Collection[str],
    posted: Sequence[Message],
    rules: Messaging,
    subscription: Subscription | None,
) -> _Asked:
    conversations = conversations_of(posted)
    joined = frozenset(each.id for each in conversations if sender in each.participants)
    return _Asked(
        sender=sender,
        others=tuple(sorted({*roles} - {sender})),
        rules=rules,
        readable=frozenset(
            message.id
            for message in posted
            if message.sender == sender or message.conversation in joined or receives(message, sender, subscription)
        ),
        joined=joined,
        taken=frozenset(each.id for each in conversations),
    )


def _beyond(offered: list[Any], rules: Messaging) -> Iterator[str]:
    most = rules.max_per_turn
    if len(offered) > most:
        size = len(offered) if len(offered) < MAX_OFFERED else f"more than {MAX_OFFERED - 1}"
        yield f"`messages` has {size} items, from message {most + 1} on refused; allowed: at most {most} a turn"


def _read(number: int, item: object, asked: _Asked) -> Draft | str:
    if not isinstance(item, dict):
        return f"message {number} is {shown(item)}; allowed: an object"
    values: dict[str, Any] = {}
    for name, (read, allowed) in FIELDS.items():
        values[name] = read(item.get(name), asked)
        if values[name] is _REFUSED:
            found = "missing" if item.get(name) is None else shown(item[name])
            return f"message {number}: `{name}` is {found}; allowed: {allowed(asked)}"
    return Draft(**values)


def _word(offered: object) -> str | None:
    return clean_text(offered).strip() if isinstance(offered, str) else None


def _read_to(offered: object, asked: _Asked) -> object:
    words = [_word(item) for item in (offered if isinstance(offered, list) else [offered])]
    named = dict.fromkeys(role for word in words for role in (asked.others if word == EVERYBODY else (word,)))
    named.pop(asked.sender, None)
    return tuple(named) if named and all(role in asked.others for role in named) else _REFUSED


def _read_kind(offered: object, _: _Asked) -> object:
    return _word(offered) if _word(offered) in KINDS else _REFUSED


def _read_content(offered: object, asked: _Asked) -> object:
    text = _word(offered)
    return text if text and len(text) <= asked.rules.max_characters else _REFUSED


def _read_priority(offered: object, _: _Asked) -> object:
    word = "normal" if offered is None else _word(offered)
    return word if word in PRIORITIES else _REFUSED


def _read_in_reply_to(offered: object, asked: _Asked) -> object:
    word = _word(offered)
    return word if offered is None or word in asked.readable else _REFUSED


def _read_conversation(offered: object, asked: _Asked) -> object:
    name = _read_name(offered, asked)
    return _REFUSED if name in asked.taken - asked.joined else name


def _read_name(offered: object, _: _Asked) -> object:
    word = _word(offered)
    return word if offered is None or _NAME.fullmatch(word or "") else _REFUSED


def _read_metadata(offered: object, _: _Asked) -> object:
    if offered is None:
        return {}
    if not isinstance(offered, dict) or not is_plain(offered) or OPENING in offered:
        return _REFUSED
    is_small = _values_in(offered) <= MAX_METADATA_VALUES and len(repr(offered)) <= MAX_METADATA_CHARACTERS
    return offered if is_small else _REFUSED


def _values_in(value: object) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(1 + _values_in(part) for part in parts)


def _allowed_to(asked: _Asked) -> str:
    names = ", ".join(asked.others[:MAX_NAMES_SHOWN])
    more = len(asked.others) - MAX_NAMES_SHOWN
    if not names:
        return f"roles other than {asked.sender}, of which there are none"
    return f"{EVERYBODY}, or one or more of {names}{f' and {more} more' if more > 0 else ''}"


def _always(sentence: str) -> Callable[[_Asked], str]:
    return lambda _: sentence


FIELDS: Mapping[str, tuple[Callable[[object, _Asked], object], Callable[[_Asked], str]]] = {
    "to": (_read_to, _allowed_to),
    "kind": (_read_kind, _always(", ".join(KINDS))),
    "content": (_read_content, lambda asked: f"text of 1 to {asked.rules.max_characters} characters"),
    "priority": (_read_priority, _always(", ".join(PRIORITIES))),
    "in_reply_to": (
        _read_in_reply_to,
        lambda asked: f"the id of a message {asked.sender} sent or received, or of a conversation it takes part in",
    ),
    "conversation": (
        _read_conversation,
        lambda asked: f"a conversation {asked.sender} takes part in, or a new one: {_NAMING}",
    ),
    "topic": (_read_name, _always(_NAMING)),
    "metadata": (
        _read_metadata,
        _always(
            f"a plain object of at most {MAX_METADATA_VALUES} values and {MAX_METADATA_CHARACTERS} characters,"
            f" without the key {OPENING}"
        ),
    ),
}
"""The fields of an offered message, in the order they are checked: how each is read, and what is allowed."""


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
        content=f"{sender} opens the conversation {draft.conversation}.",
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
