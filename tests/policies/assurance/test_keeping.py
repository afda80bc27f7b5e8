"""Keeping: what is held and released, and what a purge leaves of a record."""

import random
from typing import Any

import pytest

from nodes.fingerprint import fingerprint
from policies.assurance.audit import Break, Event, Head, find_break, head_of, link
from policies.assurance.keeping import entombed, find_disturbed, is_tombstone, of_the_run, standing_hold

Chain = list[Event]


def chain(*kinds: str) -> Chain:
    events: Chain = []
    for number, kind in enumerate(kinds):
        body = {"event": kind, "by": f"p{number}", "because": f"b{number}", "at": f"2026-0{number}"}
        events.append(link(events[-1] if events else None, body, fingerprint))
    return events


def tomb(*kinds: str) -> Chain:
    return entombed(chain(*kinds), {"event": "purged", "thread": "t"}, fingerprint)


def test_what_was_done_to_a_record_says_nothing_of_its_run() -> None:
    events = chain("admitted", "held", "finished", "released", "held", "purged")
    assert [event["event"] for event in of_the_run(events)] == ["admitted", "finished"]
    assert of_the_run([]) == []


@pytest.mark.parametrize(
    ("kinds", "by"),
    [
        ((), None),
        (("finished",), None),
        (("finished", "held"), "p1"),
        (("held", "finished"), "p0"),
        (("finished", "held", "released"), None),
        (("held", "released", "held", "resumed"), "p2"),
    ],
)
def test_a_hold_stands_until_it_is_released(kinds: tuple[str, ...], by: str | None) -> None:
    held = standing_hold(chain(*kinds))
    assert (held and held["by"]) == by
    assert held is None or [*held] == ["by", "because", "at"]


def test_only_holds_and_releases_may_have_come_after_a_head_that_was_noted() -> None:
    events = chain("admitted", "finished", "held", "released")
    heads = [head_of(events[:number]) for number in range(5)]
    found = [find_break(events, fingerprint, head) is None for head in heads]
    assert found == [False, False, True, True, True]
    after = chain("admitted", "held", "resumed", "finished")
    assert [find_break(after, fingerprint, head_of(after[:number])) is None for number in (2, 3, 4)] == [
        *(False, False),
        True,
    ]
    held = chain("held", "held")
    assert find_break(held, fingerprint, head_of(held[:1])) is None
    assert find_break(held, fingerprint, Head(1, "0" * 64)) is not None


def test_a_tombstone_has_the_hashes_of_a_record_and_none_of_its_words() -> None:
    events, left = chain("admitted", "held", "finished"), tomb("admitted", "held", "finished")
    assert left[:-1] == [{key: event[key] for key in ("seq", "prev_hash", "hash")} for event in events]
    assert left[-1]["prev_hash"] == events[-1]["hash"]
    assert left[-1]["stubs"] == fingerprint(left[:-1])
    assert (is_tombstone(left), is_tombstone(events), is_tombstone([]), is_tombstone(["purged"])) == (
        *(True, False),
        *(False, False),
    )
    assert find_disturbed(left, fingerprint) is None


def test_a_head_of_any_time_before_the_purge_is_there() -> None:
    events, left = chain("admitted", "held", "finished"), tomb("admitted", "held", "finished")
    heads = [head_of(events[:number]) for number in (1, 2, 3)] + [head_of(left)]
    assert [find_disturbed(left, fingerprint, head) for head in heads] == [None] * 4
    for wrong, place in ((Head(0, "0" * 64), 0), (Head(2, heads[0].hash), 2), (Head(9, heads[3].hash), 3)):
        found = find_disturbed(left, fingerprint, wrong)
        assert found is not None
        assert (found.place, "was noted as the head" in found.message) == (place, True)


CASES: dict[str, tuple[Any, Any, int, str]] = {
    "no mapping": (1, "stub", 1, "is not what a purge leaves of an event"),
    "a word more": (1, {"event": "x"}, 1, "is not what a purge leaves of an event"),
    "a number": (0, {"seq": 5}, 0, "has the number 5 where 0 was expected"),
    "a bool": (1, {"seq": True}, 1, "has the number True where 1 was expected"),
    "a link": (1, {"prev_hash": "a" * 64}, 1, "does not name the event before it"),
    "no hash": (1, {"hash": "short"}, 1, "has no hash"),
    "the last number": (-1, {"seq": 9}, 2, "has the number 9 where 2 was expected"),
    "the last words": (-1, {"thread": "u"}, 2, "is not what was hashed"),
}


@pytest.mark.parametrize("name", CASES)
def test_each_change_of_a_tombstone_has_its_place(name: str) -> None:
    place, change, at, message = CASES[name]
    left = tomb("admitted", "finished")
    left[place] = {**left[place], **change} if isinstance(change, dict) else change
    assert find_disturbed(left, fingerprint) == Break(at, message)


def test_a_stub_cannot_be_changed_with_the_next_one_alone() -> None:
    left = tomb("admitted", "asked", "finished")
    left[0]["hash"] = left[1]["prev_hash"] = "e" * 64
    assert find_disturbed(left, fingerprint) == Break(3, "does not name what is left of the events before it")


def test_a_purge_of_nothing_leaves_nothing_to_be_named() -> None:
    left = [link(None, {"event": "purged", "stubs": fingerprint([])}, fingerprint)]
    assert find_disturbed(left, fingerprint) == Break(0, "is missing: a record begins with one")


def test_any_single_change_of_a_value_is_found() -> None:
    rng = random.Random(8)
    for _ in range(300):
        left = tomb(*["asked"] * rng.randint(1, 6))
        event = rng.choice(left)
        name = rng.choice([*event])
        others = [None, 77, "0" * 64, "z", [1], {"a": 1}]
        event[name] = rng.choice([each for each in others if each != event[name]])
        assert find_disturbed(left, fingerprint) is not None or not is_tombstone(left)
