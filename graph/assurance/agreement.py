"""Agreement: whether a thread's state is what its events say, so that neither can be changed alone."""

from collections.abc import Mapping
from typing import Any

from nodes.events import CHANNELS, events_of
from nodes.fingerprint import digest
from policies.assurance.audit import Break
from policies.assurance.commitments import find_difference

State = Mapping[str, Any]

MISREAD = (TypeError, ValueError, LookupError, AttributeError, RecursionError)
"""What comes of values that nothing of ours can have written."""


def find_disagreement(thread: str, state: State) -> Break | None:
    """Return the first event that the state contradicts, or None; the chain of events is taken to be intact."""
    events = state.get("events", [])
    try:
        foreign = [event["seq"] for event in events_of(state, "admitted") if event["thread"] != thread]
        if foreign:
            return Break(foreign[0], "says another thread id than the thread")
        return find_difference(events, state, CHANNELS, digest)
    except MISREAD as error:
        return Break(max(len(events) - 1, 0), f"cannot be held against the thread: {type(error).__name__}: {error}")
