"""A draft: an offered message that passed, and the rule of each of its fields, whoever offers it."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from policies.language import phrase, say
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
"""What is written to address all roles but oneself."""

OPENING = "conversation_start"
"""The key of metadata that marks the note which opens a conversation; nobody may use it in a message."""

MAX_METADATA_VALUES = 20
MAX_METADATA_CHARACTERS = 1_000
MAX_NAMES_SHOWN = 10

_NAME = re.compile(NAME_PATTERN)
_REFUSED = object()
NAMING = phrase("a name of a-z, 0-9, _ and -, at most 40 characters, a letter first")
"""What a conversation, a topic and whoever writes from outside may be called, in words."""


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
class Asked:
    """What an offered message is checked against.

    `others` are the roles that it may be addressed to, `correspondents` those outside whom the sender heard from.
    """

    sender: str
    others: tuple[str, ...]
    correspondents: tuple[str, ...]
    rules: Messaging
    readable: frozenset[str]
    joined: frozenset[str]
    taken: frozenset[str]


def asked_of(
    sender: str,
    roles: Collection[str],
    posted: Sequence[Message],
    rules: Messaging,
    subscription: Subscription | None = None,
) -> Asked:
    """Return what a message of this sender is checked against, after those posted.

    >>> hello = Message("s-1", "dana", ("risk",), "note", "Hello.", "2026-01-01", outside=True)
    >>> asked_of("risk", ["risk", "legal"], [hello], Messaging()).correspondents
    ('dana',)
    """
    conversations = conversations_of(posted)
    joined = frozenset(each.id for each in conversations if sender in each.participants)
    readable = [
        message
        for message in posted
        if message.sender == sender or message.conversation in joined or receives(message, sender, subscription)
    ]
    outsiders = dict.fromkeys(message.sender for message in readable if message.outside)
    return Asked(
        sender=sender,
        others=tuple(sorted({*roles} - {sender})),
        correspondents=tuple(name for name in outsiders if name != sender and name not in roles),
        rules=rules,
        readable=frozenset(message.id for message in readable),
        joined=joined,
        taken=frozenset(each.id for each in conversations),
    )


def read_draft(item: Mapping[str, Any], asked: Asked) -> Draft | str:
    """Return the draft that an offered message makes, or a sentence on its first field that is refused.

    Unknown keys are ignored, null counts as absent.

    >>> asked = asked_of("risk", ["risk", "legal"], [], Messaging())
    >>> read_draft({"to": "all", "kind": "note", "content": " Hello. "}, asked).to
    ('legal',)
    >>> read_draft({"to": "ops", "kind": "note", "content": "Hello."}, asked)
    "`to` is 'ops'; allowed: all, or one or more of legal"
    """
    values: dict[str, Any] = {}
    for name, (read, allowed) in FIELDS.items():
        values[name] = read(item.get(name), asked)
        if values[name] is _REFUSED:
            found = "missing" if item.get(name) is None else shown(item[name])
            return say("`{name}` is {found}; allowed: {allowed}", name=name, found=found, allowed=allowed(asked))
    return Draft(**values)


def _word(offered: object) -> str | None:
    return clean_text(offered).strip() if isinstance(offered, str) else None


def _read_to(offered: object, asked: Asked) -> object:
    words = [_word(item) for item in (offered if isinstance(offered, list) else [offered])]
    named = dict.fromkeys(role for word in words for role in (asked.others if word == EVERYBODY else (word,)))
    named.pop(asked.sender, None)
    known = (*asked.others, *asked.correspondents)
    return tuple(named) if named and all(name in known for name in named) else _REFUSED


def _read_kind(offered: object, _: Asked) -> object:
    return _word(offered) if _word(offered) in KINDS else _REFUSED


def _read_content(offered: object, asked: Asked) -> object:
    text = _word(offered)
    return text if text and len(text) <= asked.rules.max_characters else _REFUSED


def _read_priority(offered: object, _: Asked) -> object:
    word = "normal" if offered is None else _word(offered)
    return word if word in PRIORITIES else _REFUSED


def _read_in_reply_to(offered: object, asked: Asked) -> object:
    word = _word(offered)
    return word if offered is None or word in asked.readable else _REFUSED


def _read_conversation(offered: object, asked: Asked) -> object:
    name = _read_name(offered, asked)
    return _REFUSED if name in asked.taken - asked.joined else name


def _read_name(offered: object, _: Asked) -> object:
    word = _word(offered)
    return word if offered is None or _NAME.fullmatch(word or "") else _REFUSED


def _read_metadata(offered: object, _: Asked) -> object:
    if offered is None:
        return {}
    if not isinstance(offered, dict) or not is_plain(offered) or OPENING in offered:
        return _REFUSED
    is_small = _values_in(offered) <= MAX_METADATA_VALUES and len(repr(offered)) <= MAX_METADATA_CHARACTERS
    return offered if is_small else _REFUSED


def _values_in(value: object) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(1 + _values_in(part) for part in parts)


def _allowed_to(asked: Asked) -> str:
    known = (*asked.others, *asked.correspondents)
    names = ", ".join(known[:MAX_NAMES_SHOWN])
    more = len(known) - MAX_NAMES_SHOWN
    if not names:
        return say("roles other than {sender}, of which there are none", sender=asked.sender)
    if more > 0:
        return say("{all}, or one or more of {names} and {count} more", all=EVERYBODY, names=names, count=more)
    return say("{all}, or one or more of {names}", all=EVERYBODY, names=names)


def _always(sentence: str) -> Callable[[Asked], str]:
    return lambda _: say(sentence)


FIELDS: Mapping[str, tuple[Callable[[object, Asked], object], Callable[[Asked], str]]] = {
    "to": (_read_to, _allowed_to),
    "kind": (_read_kind, _always(", ".join(KINDS))),
    "content": (
        _read_content,
        lambda asked: say("text of 1 to {max_characters} characters", max_characters=asked.rules.max_characters),
    ),
    "priority": (_read_priority, _always(", ".join(PRIORITIES))),
    "in_reply_to": (
        _read_in_reply_to,
        lambda asked: say(
            "the id of a message {sender} sent or received, or of a conversation it takes part in", sender=asked.sender
        ),
    ),
    "conversation": (
        _read_conversation,
        lambda asked: say(
            "a conversation {sender} takes part in, or a new one: {naming}", sender=asked.sender, naming=NAMING
        ),
    ),
    "topic": (_read_name, _always(NAMING)),
    "metadata": (
        _read_metadata,
        lambda _: say(
            "a plain object of at most {values} values and {characters} characters, without the key {key}",
            values=MAX_METADATA_VALUES,
            characters=MAX_METADATA_CHARACTERS,
            key=OPENING,
        ),
    ),
}
"""The fields of an offered message, in the order they are checked: how each is read, and what is allowed."""
