"""Audit: a chain of events, and the first event of it that is not what was written."""

import copy
import hashlib
import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from nodes.fingerprint import fingerprint
from policies.assurance.audit import GENESIS, Break, Event, Head, find_break, head_of, link

Chain = list[Event]


def chain(length: int = 4) -> Chain:
    events: Chain = []
    for number in range(length):
        before = events[-1] if events else None
        events.append(link(before, {"event": "asked", "role": f"r{number}", "rate": 0.5}, fingerprint))
    return events


def test_an_event_is_its_body_with_its_number_and_both_hashes() -> None:
    first = link(None, {"event": "admitted"}, fingerprint)
    second = link(first, {"event": "asked"}, fingerprint)

    canonical = '{"event":"asked","prev_hash":"' + first["hash"] + '","seq":1}'
    assert second == {
        "event": "asked",
        "seq": 1,
        "prev_hash": first["hash"],
        "hash": hashlib.sha256(canonical.encode()).hexdigest(),
    }
    assert (first["seq"], first["prev_hash"]) == (0, GENESIS)


def test_a_body_cannot_choose_its_place() -> None:
    event = link(None, {"event": "asked", "seq": 7, "prev_hash": "mine"}, fingerprint)

    assert (event["seq"], event["prev_hash"]) == (0, GENESIS)
    assert find_break([event], fingerprint) is None


def test_a_chain_as_it_was_written_has_no_break() -> None:
    assert find_break(chain(), fingerprint) is None
    assert find_break(iter(chain(1)), fingerprint) is None
    assert find_break(json.loads(json.dumps(chain())), fingerprint) is None


@pytest.mark.parametrize("noted", [None, Head(0, "0" * 64), Head(1, "a" * 64)])
def test_no_event_at_all_is_no_record(noted: Head | None) -> None:
    assert find_break([], fingerprint, noted) == Break(0, "is missing: a record begins with one")


def test_the_head_is_the_number_of_events_and_the_last_hash() -> None:
    events = chain()

    assert head_of(events) == Head(4, events[-1]["hash"])
    assert str(head_of(events)) == f"4:{events[-1]['hash']}"
    assert head_of([]) == Head(0, GENESIS)
    assert str(head_of([])) == "0:" + "0" * 64
    assert head_of([{}]) == Head(1, "None")


def test_a_noted_head_is_met_by_the_whole_record_alone() -> None:
    events = chain()
    noted = head_of(events)

    assert find_break(events, fingerprint, noted) is None
    assert find_break(events[:3], fingerprint, noted) == Break(
        3, f"is not the end: {noted} was noted as the head, {head_of(events[:3])} is what is here"
    )
    assert find_break(events, fingerprint, head_of(events[:3])) is not None
    assert find_break(events, fingerprint, Head(4, "0" * 64)) is not None
    assert find_break(events[:3], fingerprint) is None


def changed(place: int, **fields: Any) -> Chain:
    events = chain()
    events[place].update(fields)
    return events


@pytest.mark.parametrize(
    ("events", "place", "message"),
    [
        ([*chain(2), "asked"], 2, "is not an event"),
        ([None], 0, "is not an event"),
        ([{}], 0, "has the number None where 0 was expected"),
        (changed(2, seq=5), 2, "has the number 5 where 2 was expected"),
        (changed(1, seq=True), 1, "has the number True where 1 was expected"),
        (changed(0, seq=False), 0, "has the number False where 0 was expected"),
        (changed(2, prev_hash=GENESIS), 2, "does not name the event before it"),
        (changed(0, prev_hash="f" * 64), 0, "does not name the event before it"),
        (changed(2, role="r9"), 2, "is not what was hashed"),
        (changed(2, note="added"), 2, "is not what was hashed"),
        (changed(3, hash="f" * 64), 3, "is not what was hashed"),
        (changed(3, hash=None), 3, "is not what was hashed"),
        (changed(1, rate=2**60), 1, "cannot be hashed: "),
        (changed(1, rate=float("nan")), 1, "cannot be hashed: "),
        (changed(1, role="\ud800"), 1, "cannot be hashed: "),
        (changed(1, role={1: 2}), 1, "cannot be hashed: "),
        (chain()[1:], 0, "has the number 1 where 0 was expected"),
        ([*chain()[:1], *chain()[2:]], 1, "has the number 2 where 1 was expected"),
        ([*chain()[:2], *chain()[1:]], 2, "has the number 1 where 2 was expected"),
    ],
)
def test_the_first_event_that_cannot_be_what_was_written_is_named_with_why(
    events: list[Any], place: int, message: str
) -> None:
    found = find_break(events, fingerprint)

    assert found is not None
    assert found.place == place
    assert found.message.startswith(message)
    assert found.message == message or message.endswith(": ")


def test_an_event_that_is_hashed_anew_breaks_at_the_one_after_it() -> None:
    events = chain()
    body = {key: value for key, value in events[1].items() if key != "hash"}
    events[1] = link(events[0], {**body, "role": "forged"}, fingerprint)

    assert find_break(events, fingerprint) == Break(2, "does not name the event before it")


def test_a_chain_that_is_hashed_anew_to_its_end_is_found_by_the_noted_head_alone() -> None:
    noted, forged = head_of(chain()), chain(2)
    for number in (2, 3):
        forged.append(link(forged[-1], {"event": "asked", "role": f"forged {number}"}, fingerprint))

    assert find_break(forged, fingerprint) is None
    found = find_break(forged, fingerprint, noted)
    assert found is not None
    assert found.place == 4


@pytest.mark.parametrize("depth", [30, 900, 5_000])
def test_an_event_of_any_depth_is_a_break_and_never_an_exception(depth: int) -> None:
    nested: Any = []
    for _ in range(depth):
        nested = [nested]

    found = find_break([{"seq": 0, "prev_hash": GENESIS, "role": nested, "hash": "f"}], fingerprint)
    assert found is not None
    assert found.place == 0


def flip(rng: random.Random, events: Chain) -> None:
    event = rng.choice(events)
    key = rng.choice(sorted(event))
    text = str(event[key])
    at = rng.randrange(len(text))
    event[key] = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]


def delete(rng: random.Random, events: Chain) -> None:
    del events[rng.randrange(len(events))]


def insert(rng: random.Random, events: Chain) -> None:
    events.insert(rng.randrange(len(events) + 1), copy.deepcopy(rng.choice(events)))


def reorder(rng: random.Random, events: Chain) -> None:
    one, two = rng.sample(range(len(events)), 2)
    events[one], events[two] = events[two], events[one]


def truncate(rng: random.Random, events: Chain) -> None:
    del events[rng.randrange(len(events)) :]


@pytest.mark.parametrize("tamper", [flip, delete, insert, reorder, truncate])
def test_every_one_of_two_hundred_tampered_chains_is_found(tamper: Callable[[random.Random, Chain], None]) -> None:
    for seed in range(200):
        rng = random.Random(f"{tamper.__name__} {seed}")
        events = chain(rng.randint(2, 6))
        noted = head_of(events)
        tamper(rng, events)
        assert find_break(events, fingerprint, noted) is not None, (seed, events)
