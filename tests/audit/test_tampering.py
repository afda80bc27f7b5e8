"""Whatever is changed in an exported record is found, and the first event that is not what was written is named."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from graph.assurance.records import check_events, check_file
from policies.assurance.audit import Event, Head
from tests.audit.chronicle import events_in, head_in, lines_of, told
from tests.audit.tampering import FOUND_BY_THE_HEAD_ALONE, WAYS, Lines, Tamper

pytestmark = pytest.mark.slow

TRIALS = 20
"""Seeds for each way."""
ODD: list[Any] = [None, 5, "event", [], {}, {"seq": True}, {"seq": 4.0, "prev_hash": None}]


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    settings, _ = told(tmp_path_factory.mktemp("audit"))
    return events_in(settings)


@pytest.fixture(scope="module")
def lines(events: list[Event]) -> Lines:
    return lines_of(events)


@pytest.fixture(scope="module")
def head(events: list[Event]) -> Head:
    return head_in(events)


def test_the_record_that_is_tampered_with_tells_of_rounds_refusals_and_repairs(events: list[Event]) -> None:
    kinds = Counter(event["event"] for event in events)

    assert kinds == {
        "admitted": 1,
        "asked": 14,
        "proposed": 14,
        "accepted": 9,
        "refused": 4,
        "conflict": kinds["conflict"],
        "outcome": 3,
        "finished": 1,
    }
    assert kinds["conflict"] >= 2


def test_an_untouched_record_is_intact_with_and_without_its_head(tmp_path: Path, lines: Lines, head: Head) -> None:
    path = tmp_path / "record.jsonl"
    path.write_bytes(b"".join(lines))

    for noted in (None, head):
        found, broken = check_file(path, noted)
        assert (len(found), broken) == (len(lines), None)


@pytest.mark.parametrize("way", WAYS)
def test_a_tampering_is_found_where_it_begins_and_one_that_cuts_the_end_only_with_a_head(
    way: Tamper, tmp_path: Path, lines: Lines, head: Head
) -> None:
    path = tmp_path / "record.jsonl"
    for seed in range(TRIALS):
        data, place = way(random.Random(seed), lines)
        path.write_bytes(data)
        whole = data.endswith(b"\n") and place >= data.count(b"\n")

        without, noted = check_file(path)[1], check_file(path, head)[1]

        assert noted is not None
        assert noted.place == place, seed
        assert (without is None) == whole, (seed, without, place)
        assert way not in FOUND_BY_THE_HEAD_ALONE or without is None


def test_events_that_are_no_events_are_named_and_break_nothing(events: list[Event]) -> None:
    for place, odd in enumerate(ODD):
        broken = check_events([*events[:place], odd, *events[place + 1 :]])
        assert broken is not None
        assert broken.place == place


def test_a_noted_head_of_another_length_or_hash_is_not_the_end(events: list[Event], head: Head) -> None:
    count = len(events)
    for noted in (Head(count - 1, head.hash), Head(count + 1, head.hash), Head(count, events[-2]["hash"]), Head(0, "")):
        broken = check_events(events, noted)
        assert broken is not None
        assert broken.place == count
        assert str(noted) in broken.message


def test_no_event_at_all_is_no_record(head: Head) -> None:
    for broken in (check_events([]), check_events([], head)):
        assert broken is not None
        assert broken.place == 0
