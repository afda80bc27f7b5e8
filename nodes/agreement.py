"""Agreement: whether a thread's state is what its events say, so that neither can be changed alone."""

from collections.abc import Mapping
from typing import Any

from nodes.events import CHANNELS, events_of
from nodes.fingerprint import digest, fingerprint
from policies.assurance.audit import Break, Head, find_break
from policies.assurance.commitments import find_difference

State = Mapping[str, Any]

MISREAD = (TypeError, ValueError, LookupError, AttributeError, RecursionError)
"""What comes of values that nothing of ours can have written."""


def find_disagreement(thread: str, state: State, noted: Head | None = None) -> Break | None:
    """Return the first event that is not what was written, or that the state contradicts; None: all is as it was.

    With a head that was noted elsewhere also whether the end of the chain is missing.
    """
    events = state.get("events", [])
    try:
        broken = find_break(events, fingerprint, noted)
        if broken is not None:
            return broken
        foreign = [event["seq"] for event in events_of(state, "admitted") if event["thread"] != thread]
        if foreign:
            return Break(foreign[0], "has a thread id that differs from the thread's")
        return find_difference(events, state, CHANNELS, digest)
    except MISREAD as error:
        end = len(events) - 1 if isinstance(events, list) else 0
        return Break(max(end, 0), f"cannot be compared with the thread: {type(error).__name__}: {error}")
