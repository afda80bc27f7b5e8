"""What is sent arrives: once it can, under one key, without holding anybody. The receiver's own log is the judge."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from graph.problems import StorageError
from graph.threads import Threads
from tests.notices.desks import Office, ask, question
from tests.notices.receiver import free_port, receiving

pytestmark = pytest.mark.slow


def test_a_decision_arrives_once_with_its_key_in_a_header_and_in_the_body(database: str, tmp_path: Path) -> None:
    with receiving() as receiver:
        office = Office(tmp_path, database, [receiver.address], public_url="https://board.example.org")
        office.know()
        office.decide("lot-7")
        for _ in range(3):
            [standing] = office.notify()
        [arrival] = receiver.arrivals
    assert standing.waiting == 0
    assert standing.delivered == 1
    assert arrival.key.startswith("lot-7:decided:")
    assert {name: arrival.json[name] for name in ("key", "kind", "thread")} == {
        "key": arrival.key,
        "kind": "decided",
        "thread": "lot-7",
    }
    assert "Decision: go with caution" in arrival.json["message"]
    assert "https://board.example.org/board/runs/lot-7" in arrival.json["message"]


def test_what_was_decided_before_a_receiver_was_named_is_not_sent(database: str, tmp_path: Path) -> None:
    with receiving() as receiver:
        office = Office(tmp_path, database, [receiver.address])
        office.clock.move(days=1)
        office.know()
        office.decide("old")
        office.notify()
        assert receiver.arrivals == []


def test_an_hour_of_errors_is_tried_ever_less_often_and_then_delivered_under_the_same_key(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = {"lot-7": [question()]}
    with receiving("badly") as receiver, receiving() as other:
        office = Office(tmp_path, database, [receiver.address, other.address])
        office.decide("lot-7")
        ask(monkeypatch, waiting)
        tried = []
        for minute in range(61):
            before = len(receiver.arrivals)
            if minute in (0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 44, 45, 59, 60):
                [standing, _] = office.notify()
                tried += [minute] * (len(receiver.arrivals) - before)
            office.clock.move(minutes=1)
        assert tried == [0, 1, 3, 7, 15, 30, 45, 60]
        assert standing.error == "it answered with the status 500"
        receiver.way = "well"
        office.clock.move(minutes=15)
        [standing, _] = office.notify()
    assert receiver.taken == Counter({"q-1": 1})
    assert {each.key for each in receiver.arrivals} == {"q-1"}
    assert other.taken == Counter({"q-1": 1})
    assert (standing.waiting, standing.delivered, standing.error) == (0, 1, None)


@pytest.mark.parametrize("way", ["drips", "silent"])
def test_a_receiver_that_never_ends_holds_nobody_and_is_served_once_it_answers(
    way: Any, database: str, tmp_path: Path
) -> None:
    with receiving(way) as receiver, receiving() as other:
        office = Office(tmp_path, database, [receiver.address, other.address])
        office.know()
        office.decide("lot-7")
        began = time.monotonic()
        [standing, _] = office.notify(seconds=8)
        assert time.monotonic() - began < 30  # it would never end
        assert other.taken.total() == 1
        assert standing.error == "it did not answer in time"
        receiver.way = "well"
        office.clock.move(minutes=1)
        office.notify()
        assert receiver.taken.total() == 1
        assert len({each.key for each in receiver.arrivals}) == 1
        assert receiver.lost == 1, "the caller was cut off, not left behind"


def test_a_receiver_that_is_down_waits_and_the_others_are_served(database: str, tmp_path: Path) -> None:
    with receiving("slowly") as receiver:
        office = Office(tmp_path, database, [f"json://127.0.0.1:{free_port()}/x", receiver.address])
        office.know()
        office.decide("lot-7")
        down, up = office.notify()
    assert down.error == "it could not be reached, or broke off"
    assert (down.waiting, up.waiting) == (1, 0)
    assert receiver.taken.total() == 1


def test_a_question_that_was_answered_before_its_notice_got_through_is_not_sent_any_more(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = {"lot-7": [question("q-1"), question("q-2")]}
    with receiving("badly") as receiver:
        office = Office(tmp_path, database, [receiver.address])
        office.decide("lot-7")
        ask(monkeypatch, waiting)
        office.notify()
        receiver.way = "well"
        waiting["lot-7"] = [question("q-2")]
        office.clock.move(minutes=20)
        office.notify()
        assert receiver.taken == Counter({"q-2": 1})
    assert {row["key"]: row["status"] for row in office.rows()} == {"q-1": "withdrawn", "q-2": "delivered"}


def test_each_of_the_kinds_has_its_own_key_and_is_sent_once(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(tmp_path, database, [])
    began = office.clock.now
    until = began.replace(year=began.year + 1)
    waiting = {"lot-7": [question(expires_at=until.isoformat())]}
    with receiving() as receiver:
        office.addresses = [receiver.address]
        office.know()
        office.decide("lot-7")
        ask(monkeypatch, waiting)
        for part in (0.1, 0.74, 0.76, 0.9):
            office.clock.now = began + (until - began) * part
            office.notify()
        waiting.clear()
        office.notify()
        office.notify()
    keys = [each.key for each in receiver.arrivals]
    assert keys[:2] == ["q-1", "q-1:deadline"]
    assert [key.rpartition(":")[0] for key in keys[2:]] == ["lot-7:decided"]


def test_a_notice_of_a_thread_that_cannot_be_read_waits_and_the_others_are_sent(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving("badly") as receiver:
        office = Office(tmp_path, database, [receiver.address])
        office.know()
        office.decide("a", "b")
        office.notify()
        receiver.way = "well"
        office.clock.move(minutes=2)
        read = Threads.state

        async def state(self: Threads, thread: str) -> Any:
            if thread == "a":
                raise StorageError("damaged")
            return await read(self, thread)

        monkeypatch.setattr(Threads, "state", state)
        [standing] = office.notify()
    assert [key[0] for key in receiver.taken] == ["b"]
    assert (standing.waiting, standing.error) == (1, "its thread cannot be read")
