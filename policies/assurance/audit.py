"""Audit: the chain of events of a thread, and the first place where it is broken.

Each event names the hash of the one before it and carries the SHA-256 of its own canonical JSON (RFC 8785) without that
hash. The digest is given by the caller.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policies.language import say

Digest = Callable[[Any], str]
Event = dict[str, Any]

GENESIS = "0" * 64
"""What the first event names as the hash before it."""

LINKS = ("seq", "prev_hash", "hash")
"""What links an event to the one before it."""

HOLDS = ("held", "released")
"""The kinds of events that may follow the end of a record without its run having changed."""


@dataclass(frozen=True, slots=True)
class Break:
    """The first event that cannot be what was written: its place, from 0, and why."""

    place: int
    message: str


@dataclass(frozen=True, slots=True)
class Head:
    """Where a record ends: the number of its events, and the hash of the last one."""

    events: int
    hash: str

    def __str__(self) -> str:
        """Return the head as people note it: `<number>:<hash>`."""
        return f"{self.events}:{self.hash}"


def link(before: Mapping[str, Any] | None, body: Mapping[str, Any], digest: Digest) -> Event:
    """Return the event that follows `before` (None: the first one): the body with its number and hashes.

    >>> first = link(None, {"event": "admitted"}, lambda value: "h")
    >>> first["seq"], first["prev_hash"] == GENESIS, link(first, {}, lambda value: "i")["prev_hash"]
    (0, True, 'h')
    """
    place = {"seq": 0, "prev_hash": GENESIS} if before is None else _after(before)
    event = {**body, **place}
    return {**event, "hash": digest(event)}


def _after(before: Mapping[str, Any]) -> Event:
    return {"seq": before["seq"] + 1, "prev_hash": before["hash"]}


def head_of(events: Iterable[Any]) -> Head:
    """Return the head of a record; that of no event at all is `0:000…`."""
    head = Head(0, GENESIS)
    for event in events:
        head = Head(head.events + 1, str(event.get("hash") if isinstance(event, Mapping) else None))
    return head


def find_break(events: Iterable[Any], digest: Digest, noted: Head | None = None) -> Break | None:
    """Return the first event that breaks the chain, or None; with a noted head also whether the end is missing.

    Only that the record was held or released may have come after the head that was noted.

    >>> find_break([link(None, {"event": "admitted"}, lambda value: "h")], lambda value: "h") is None
    True
    >>> find_break([{"seq": 1}], lambda value: "h").message
    'has the number 1 where 0 was expected'
    """
    seen, before = 0, GENESIS
    events = [*events]
    if not events:
        return Break(0, say("is missing: a record begins with one"))
    for place, event in enumerate(events):
        message = fault_at(place, event, before, digest)
        if message:
            return Break(place, message)
        seen, before = place + 1, event["hash"]
    if noted is not None and noted not in _ends(events):
        return Break(
            seen,
            say(
                "is not the end: {noted} was noted as the head, {head} is what is here",
                noted=noted,
                head=Head(seen, before),
            ),
        )
    return None


def _ends(events: Sequence[Event]) -> Iterator[Head]:
    """Yield the head of a record, and those from before it was last held or released."""
    for number in range(len(events), 0, -1):
        yield Head(number, events[number - 1]["hash"])
        if events[number - 1].get("event") not in HOLDS:
            return


def fault_at(place: int, event: Any, before: str, digest: Digest) -> str | None:
    """Return why an event cannot be the one at a place, from 0, after the hash `before`; None where it can.

    >>> fault_at(1, {"seq": 0}, GENESIS, str)
    'has the number 0 where 1 was expected'
    """
    if not isinstance(event, Mapping):
        return say("is not an event")
    if event.get("seq") != place or isinstance(event.get("seq"), bool):
        return say("has the number {number} where {place} was expected", number=event.get("seq"), place=place)
    if event.get("prev_hash") != before:
        return say("does not name the event before it")
    try:
        found = digest({key: value for key, value in event.items() if key != "hash"})
    except (ValueError, TypeError, RecursionError) as error:
        return say("cannot be hashed: {error}", error=error)
    return None if event.get("hash") == found else say("is not what was hashed")
