"""Commitments: the last event of each step names the digest of everything that the step wrote into the thread.

So the chain fixes every value that the thread keeps, and a value that was changed where it is stored is found. The
digest is given by the caller.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policies.assurance.audit import LINKS, Break, Digest, Event
from policies.language import say

WROTE = "wrote"
EVENTS = "events"
_COMPARED = (str, bool, int, type(None))
"""Types whose equal values have equal digests; 1 and 1.0 are equal and have not."""

Plain = Mapping[str, Any]
_Step = tuple[int, Plain]
"""A step of a thread: the place of its last event, and what it wrote."""


@dataclass(frozen=True, slots=True)
class Channels:
    """The parts of a state that are committed to: replaced as a whole, replaced key by key, or appended to."""

    values: frozenset[str]
    parted: frozenset[str]
    lists: frozenset[str]


def commit(before: Plain, update: Plain, channels: Channels, digest: Digest) -> dict[str, Any]:
    """Return the digests of what an update writes over the state `before`; what stays the same is left out.

    A list is committed to by the number and the digest of the items that are added, a part that is gone as null.

    >>> channels = Channels(frozenset({"round"}), frozenset({"case"}), frozenset({"trace"}))
    >>> commit({"round": 1}, {"round": 1, "case": {"goal": "?"}, "trace": ["a", "b"]}, channels, str)
    {'case.goal': '?', 'trace': [2, "['a', 'b']"]}
    """
    was = _values(before, channels)
    gone = {name: None for name in was if name.partition(".")[0] in channels.parted.intersection(update)}
    written = gone | _values(update, channels)
    changed = {name: value for name, value in written.items() if not _is_same(was.get(name), value)}
    added = {name: update[name] for name in update if name in channels.lists and update[name]}
    values = {name: digest(value) for name, value in changed.items()}
    return values | {name: [len(items), digest(items)] for name, items in added.items()}


def sealed(bodies: Sequence[Event], wrote: Plain, digest: Digest) -> list[Event]:
    """Return the events of a step, the last of which says what the step wrote and commits to them all.

    >>> sealed([{"event": "asked"}], {"round": "h"}, lambda value: "i")
    [{'event': 'asked', 'wrote': {'round': 'h', 'events': [1, 'i']}}]
    """
    last = {**bodies[-1], WROTE: {**wrote, EVENTS: [len(bodies), digest(list(bodies))]}}
    return [*bodies[:-1], last]


def find_difference(events: Sequence[Event], state: Plain, channels: Channels, digest: Digest) -> Break | None:
    """Return the first event that commits to something else than the state holds, or None; the chain is intact.

    >>> channels = Channels(frozenset({"round"}), frozenset(), frozenset())
    >>> step = sealed([{"event": "asked"}], commit({}, {"round": 1}, channels, str), str)
    >>> find_difference(step, {"round": 1}, channels, str) is None
    True
    >>> find_difference(step, {"round": 2}, channels, str)
    Break(place=0, message="has a `round` that differs from the thread's")
    """
    steps = [(place, event[WROTE]) for place, event in enumerate(events) if WROTE in event]
    end = len(events) - 1
    if not steps or steps[-1][0] != end:
        return Break(end + 1, say("is missing: the record ends within a step"))
    lists = {EVENTS: [_body(event) for event in events], **{name: state.get(name, []) for name in channels.lists}}
    found = [*_replaced(steps, _values(state, channels), digest)]
    for name, items in lists.items():
        found += _appended(name, items, steps, digest)
    place, name = min(found, default=(None, ""))
    return (
        None
        if place is None
        else Break(place, say("has a `{name}` that differs from the thread's", name=name.rpartition(".")[2]))
    )


def _replaced(steps: Sequence[_Step], values: Plain, digest: Digest) -> Iterator[tuple[int, str]]:
    """Yield where a value was last committed to as another one; at the end what was never written and is not null."""
    never = (steps[-1][0], digest(None))
    last = {name: (place, kept) for place, wrote in steps for name, kept in wrote.items() if isinstance(kept, str)}
    for name in {**last, **values}:
        place, kept = last.get(name, never)
        if kept != digest(values.get(name)):
            yield place, name


def _appended(name: str, items: Sequence[Any], steps: Sequence[_Step], digest: Digest) -> Iterator[tuple[int, str]]:
    """Yield the first step that added other items to a list, or the end where the list has more than all of them."""
    taken = 0
    for place, wrote in steps:
        count, kept = wrote.get(name, (0, None))
        part = items[taken : taken + count]
        taken += count
        if count and digest(list(part)) != kept:
            yield place, name
            return
    if taken < len(items):
        yield steps[-1][0], name


def _values(state: Plain, channels: Channels) -> dict[str, Any]:
    """Return what a state or an update has of the channels that are replaced, by name, parts as `channel.part`."""
    whole = {name: state[name] for name in state if name in channels.values}
    parts = ((name, state[name] or {}) for name in state if name in channels.parted)
    return whole | {f"{name}.{part}": value for name, kept in parts for part, value in kept.items()}


def _body(event: Event) -> Event:
    return {key: value for key, value in event.items() if key not in (*LINKS, WROTE)}


def _is_same(before: Any, value: Any) -> bool:
    return type(before) is type(value) and isinstance(value, _COMPARED) and bool(before == value)
