"""Agreement: whether a thread's state is what its events say, so that neither can be changed alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from nodes.events import CHANNELS, events_of
from nodes.fingerprint import digest, fingerprint
from nodes.signed import declared_keys, find_unsigned, pinned_keys
from policies.assurance.audit import Break, Event, Head, find_break
from policies.assurance.commitments import find_difference
from policies.assurance.keeping import find_disturbed, is_tombstone
from policies.language import say

State = Mapping[str, Any]

MISREAD = (TypeError, ValueError, LookupError, AttributeError, RecursionError)
"""What comes of values that nothing of ours can have written."""


def find_broken(events: Sequence[Event], noted: Head | None = None) -> Break | None:
    """Return the first event that is not what was written, or an answer without the signature that it needs, or None.

    With a head that was noted elsewhere also whether the end of the chain is missing.
    """
    if is_tombstone(events):
        return find_disturbed(events, fingerprint, noted)
    broken = find_break(events, fingerprint, noted)
    if broken is not None:
        return broken
    try:
        return find_unsigned(events)
    except MISREAD as error:
        return _unlike(events, say("cannot be read: {name}: {error}", name=type(error).__name__, error=error))


def find_disagreement(thread: str, state: State, noted: Head | None = None) -> Break | None:
    """Return the first event that is not what was written, or that the state contradicts; None: all is as it was.

    With a head that was noted elsewhere also whether the end of the chain is missing.
    """
    events = state.get("events", [])
    try:
        broken = find_broken(events, noted)
        if broken is not None:
            return broken
        foreign = [event["seq"] for event in events_of(state, "admitted") if event["thread"] != thread]
        if foreign:
            return Break(foreign[0], say("has a thread id that differs from the thread's"))
        claimed = [event["seq"] for event in events_of(state, "admitted") if not _is_of_its_tenant(event, state)]
        if claimed:
            return Break(claimed[0], say("has a tenant that differs from the thread's"))
        return find_difference(events, state, CHANNELS, digest) or _find_unpinned(events, state)
    except MISREAD as error:
        return _unlike(
            events, say("cannot be compared with the thread: {name}: {error}", name=type(error).__name__, error=error)
        )


def _is_of_its_tenant(admitted: Event, state: State) -> bool:
    return bool(admitted.get("tenant") == state["case"].get("tenant"))


def _find_unpinned(events: Sequence[Event], state: State) -> Break | None:
    """Return whether the keys that the team of a thread declares are not those by which its answers were checked."""
    if declared_keys(state["case"]["team"]) == pinned_keys(events):
        return None
    return _unlike(events, say("is the last, and none before it pins the keys that the thread's team declares"))


def _unlike(events: object, message: str) -> Break:
    return Break(max(len(events) - 1, 0) if isinstance(events, list) else 0, message)
