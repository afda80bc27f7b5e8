"""Commitments: each step's last event fixes what the step wrote, and any other value is found at that event."""

import copy
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.fingerprint import digest
from policies.assurance.audit import Break, Event, find_break, link
from policies.assurance.commitments import Channels, commit, find_difference, sealed

CHANNELS = Channels(frozenset({"round", "answer", "seats"}), frozenset({"case"}), frozenset({"trace", "history"}))

Plain = dict[str, Any]
scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-2, 2) | st.text(max_size=3)
values = st.recursive(
    scalars, lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=2), part, max_size=3)
)
updates = st.fixed_dictionaries(
    {},
    optional={
        "round": values,
        "answer": values,
        "seats": st.lists(values, max_size=3),
        "case": st.dictionaries(st.sampled_from(["goal", "facts", "team"]), values, max_size=3),
        "trace": st.lists(values, max_size=3),
        "history": st.lists(values, max_size=2),
        "unseen": values,
    },
)


def played(steps: list[Plain]) -> tuple[list[Event], Plain]:
    """Return the events and the state of a thread in which each step wrote this."""
    events, state = list[Event](), Plain()
    for number, update in enumerate(steps):
        wrote = commit(state, update, CHANNELS, digest)
        for body in sealed([{"event": "asked", "number": number}, {"event": "proposed"}], wrote, digest):
            events.append(link(events[-1] if events else None, body, digest))
        for name, value in update.items():
            state[name] = [*state.get(name, []), *value] if name in CHANNELS.lists else value
    return events, state


@pytest.mark.slow
@settings(max_examples=40)
@given(st.lists(updates, min_size=1, max_size=5))
def test_a_thread_as_it_was_written_agrees_with_its_events(steps: list[Plain]) -> None:
    events, state = played(steps)

    assert find_break(events, digest) is None
    assert find_difference(events, copy.deepcopy(state), CHANNELS, digest) is None


@pytest.mark.slow
@given(st.lists(updates, min_size=1, max_size=5), st.randoms(use_true_random=False), values)
def test_another_value_in_any_channel_is_found(steps: list[Plain], rng: random.Random, other: Any) -> None:
    events, state = played(steps)
    name = rng.choice([*CHANNELS.values, *CHANNELS.lists, "case"])
    before = state.get(name)
    if name in CHANNELS.lists:
        kept = list(before or [])
        at = rng.randrange(len(kept) + 1)
        state[name] = rng.choice([[*kept[:at], other, *kept[at:]], [*kept[:at], other, *kept[at + 1 :]], kept[:at]])
    elif name == "case":
        state[name] = {**(before or {}), "goal": other}
    else:
        state[name] = other
    is_changed = digest(before or empty(name)) != digest(state[name] or empty(name))
    if name == "case":
        is_changed = digest((before or {}).get("goal")) != digest(other)
    elif name in CHANNELS.values:
        is_changed = digest(before) != digest(other)

    found = find_difference(events, state, CHANNELS, digest)

    assert (found is not None) == is_changed, (before, state[name])
    if found is not None:
        assert found.message == f"has a `{'goal' if name == 'case' else name}` that differs from the thread's"


def empty(name: str) -> Any:
    return [] if name in CHANNELS.lists else {}


def test_the_event_that_wrote_last_is_named() -> None:
    events, state = played([{"round": 1, "trace": ["a"]}, {"trace": ["b", "c"]}, {"round": 2}])

    assert find_difference(events, {**state, "round": 3}, CHANNELS, digest) == break_at(5, "round")
    assert find_difference(events, {**state, "trace": ["a", "b", "d"]}, CHANNELS, digest) == break_at(3, "trace")
    assert find_difference(events, {**state, "trace": ["a", "b"]}, CHANNELS, digest) == break_at(3, "trace")
    assert find_difference(events, {**state, "trace": ["a", "b", "c", "d"]}, CHANNELS, digest) == break_at(5, "trace")
    assert find_difference(events, {**state, "answer": "new"}, CHANNELS, digest) == break_at(5, "answer")
    assert find_difference(events, {**state, "unseen": "new"}, CHANNELS, digest) is None


def break_at(place: int, name: str) -> Break:
    return Break(place, f"has a `{name}` that differs from the thread's")


def test_a_record_that_ends_within_a_step_lacks_an_event() -> None:
    events, state = played([{"round": 1}, {"round": 2}])

    for cut in (0, 1, 3):
        missing = Break(cut, "is missing: the record ends within a step")
        assert find_difference(events[:cut], state, CHANNELS, digest) == missing


def test_what_an_event_says_beside_its_links_is_committed_to_in_its_very_form() -> None:
    events, state = played([{"round": 1}])
    for first in ({"number": 0, "event": "asked"}, {"event": "asked", "number": 0.0}, {"event": "asked"}):
        forged = [{**first, **{key: events[0][key] for key in ("seq", "prev_hash", "hash")}}, *events[1:]]

        assert find_difference(forged, state, CHANNELS, digest) == break_at(1, "events")


@pytest.mark.parametrize("value", [1.0, [1], {"a": None}])
def test_only_what_is_surely_the_same_is_left_out(value: Any) -> None:
    assert commit({"answer": value}, {"answer": value}, CHANNELS, digest) == {"answer": digest(value)}
    for same in (1, True, None, "text"):
        assert commit({"answer": same}, {"answer": same}, CHANNELS, digest) == {}
    assert commit({"answer": 1}, {"answer": True}, CHANNELS, digest) == {"answer": digest(True)}
    assert commit({}, {"answer": None, "trace": [], "case": None}, CHANNELS, digest) == {}


def test_a_digest_tells_apart_what_is_printed_differently() -> None:
    alike: list[Any] = [1, 1.0, True, "1", -0.0, 0.0, 0, None, [], {}, "", {"a": 1, "b": 2}, {"b": 2, "a": 1}, [None]]

    assert len({digest(value) for value in alike}) == len(alike)
