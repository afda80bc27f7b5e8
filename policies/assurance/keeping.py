"""Keeping: what is done to a record once its run is over. It is held, released, and in the end purged to a tombstone.

A tombstone keeps the number and the hashes of every event, and the event that says who purged the rest. The digest is
given by the caller.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from policies.assurance.audit import GENESIS, HOLDS, LINKS, Break, Digest, Event, Head, fault_at, head_of, link
from policies.language import say

PURGED = "purged"
KEEPING = (*HOLDS, PURGED)
"""The kinds of events that commands add to a record that is there already; they say nothing of how the run went."""

E = TypeVar("E", bound=Mapping[str, Any])

STUBS = "stubs"
"""Under which name the event of a purge has the digest of all that is left of the events before it."""

_HASH = re.compile(r"[0-9a-f]{64}")


def of_the_run(events: Iterable[E]) -> list[E]:
    """Return the events that say how the run went.

    >>> [event["event"] for event in of_the_run([{"event": "finished"}, {"event": "held"}])]
    ['finished']
    """
    return [event for event in events if event["event"] not in KEEPING]


def standing_hold(events: Iterable[Event]) -> dict[str, Any] | None:
    """Return who holds a record, why and since when, as {by, because, at}; None where nobody does.

    >>> held = {"event": "held", "by": "ada", "because": "A claim.", "at": "2026-03-01"}
    >>> standing_hold([held]), standing_hold([held, {"event": "released"}])
    ({'by': 'ada', 'because': 'A claim.', 'at': '2026-03-01'}, None)
    """
    said = [event for event in events if event["event"] in HOLDS]
    if not said or said[-1]["event"] != "held":
        return None
    return {name: said[-1][name] for name in ("by", "because", "at")}


def entombed(events: Sequence[Event], body: Mapping[str, Any], digest: Digest) -> list[Event]:
    """Return the tombstone of a record: its stubs, and last the event that is its body, which commits to them.

    >>> [*tomb] = entombed([link(None, {"event": "admitted"}, str)], {"event": "purged"}, lambda value: "h")
    >>> [sorted(each) for each in tomb]
    [['hash', 'prev_hash', 'seq'], ['event', 'hash', 'prev_hash', 'seq', 'stubs']]
    """
    stubs = [{name: event[name] for name in LINKS} for event in events]
    return [*stubs, link(events[-1], {**body, STUBS: digest(stubs)}, digest)]


def is_tombstone(events: Sequence[Any]) -> bool:
    """Return whether events are what is left of a record that was purged: they end with the event that says so.

    >>> is_tombstone([{"seq": 0}, {"event": "purged"}]), is_tombstone([{"event": "held"}]), is_tombstone([])
    (True, False, False)
    """
    return bool(events) and isinstance(events[-1], Mapping) and events[-1].get("event") == PURGED


def find_disturbed(events: Sequence[Any], digest: Digest, noted: Head | None = None) -> Break | None:
    """Return the first event of a tombstone that is not what was written, or None.

    With a head that was noted elsewhere, before the purge or after it, also whether the record ever had it.

    >>> tomb = entombed([link(None, {"event": "admitted"}, str)], {"event": "purged"}, str)
    >>> find_disturbed([{**tomb[0], "seq": 1}, tomb[1]], str).message
    'has the number 1 where 0 was expected'
    """
    *stubs, last = events
    if not stubs:
        return Break(0, say("is missing: a record begins with one"))
    before = GENESIS
    for place, stub in enumerate(stubs):
        message = _stub_fault(place, stub, before)
        if message:
            return Break(place, message)
        before = stub["hash"]
    message = fault_at(len(stubs), last, before, digest)
    if message is None and last.get(STUBS) != digest(stubs):
        message = say("does not name what is left of the events before it")
    if message:
        return Break(len(stubs), message)
    return _not_noted(events, noted)


def _stub_fault(place: int, stub: Any, before: str) -> str | None:
    if not isinstance(stub, Mapping) or sorted(map(str, stub)) != sorted(LINKS):
        return say("is not what a purge leaves of an event")
    if stub["seq"] != place or isinstance(stub["seq"], bool):
        return say("has the number {number} where {place} was expected", number=stub["seq"], place=place)
    if stub["prev_hash"] != before:
        return say("does not name the event before it")
    return None if _HASH.fullmatch(str(stub["hash"])) else say("has no hash")


def _not_noted(events: Sequence[Event], noted: Head | None) -> Break | None:
    if noted is None:
        return None
    there = head_of(events[: noted.events])
    if noted.events > 0 and there == noted:
        return None
    told = say("is not what was noted: {noted} was noted as the head, {head} is what is here", noted=noted, head=there)
    return Break(min(noted.events, len(events) - 1), told)
