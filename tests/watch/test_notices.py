"""The owner of a decision is told that it should be taken again: once for each set of reasons, in plain text."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graph.settings import Settings
from tests.hostile.command import Captured, accord
from tests.notices.receiver import Receiver, receiving
from tests.watch.stage import decide, watch_all, with_rate, write_facts

pytestmark = pytest.mark.slow


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    with receiving() as receiver:
        address = f"json://127.0.0.1:{receiver.port}"
        told = f'notify = {json.dumps([address])}\nnotify_seconds = 20\npublic_url = "https://board.example.org"\n'
        (settings.accord_home or Path()).joinpath("accord.toml").write_text(told)
        yield receiver


def told(receiver: Receiver) -> list[Any]:
    return [each.json for each in receiver.arrivals if each.json["kind"] == "reopen"]


def test_it_is_told_once_for_each_set_of_reasons(settings: Settings, capsys: Captured, receiver: Receiver) -> None:
    decide(settings, "t")
    watch_all(capsys)
    write_facts(with_rate(0.02))
    watch_all(capsys)
    assert told(receiver) == []

    write_facts(with_rate(0.04))
    for _ in range(2):
        watch_all(capsys)
    write_facts(with_rate(0.05))
    watch_all(capsys)
    assert len(told(receiver)) == 1

    write_facts(with_rate(0.04, alerts=9))
    watch_all(capsys)
    accord(capsys, "notify")
    assert len({each["key"] for each in told(receiver)}) == len(told(receiver)) == 2


def test_it_names_the_owner_the_reasons_and_what_to_do(
    settings: Settings, capsys: Captured, receiver: Receiver
) -> None:
    decide(settings, "t")
    write_facts(with_rate(0.04, alerts=9))
    watch_all(capsys)
    [notice] = told(receiver)

    assert notice["title"] == "Accord asks for another decision: Shall we?"
    lines = notice["message"].splitlines()
    assert lines[0] == "Head of risk owns the decision."
    assert lines[1].startswith("Decision: go, of ")
    assert lines[2:5] == [
        "Question: Shall we?",
        "Why: guard fraud; the checks of Risk",
        "Take it again: accord watch t --reopen",
    ]
    assert "See: https://board.example.org/board/runs/t" in lines


def test_a_decision_that_was_taken_again_says_where(settings: Settings, capsys: Captured, receiver: Receiver) -> None:
    decide(settings, "t", watch={})
    write_facts(with_rate(0.04))
    watch_all(capsys, "--reopen")
    watch_all(capsys, "--reopen")
    accord(capsys, "notify")
    [notice] = told(receiver)

    assert "It is taken again as t.r1: accord show t.r1" in notice["message"]
    assert "owns the decision" not in notice["message"]


def test_what_stands_again_before_it_was_told_is_not_told(
    settings: Settings, capsys: Captured, receiver: Receiver
) -> None:
    decide(settings, "t")
    receiver.way = "badly"
    write_facts(with_rate(0.04))
    watch_all(capsys)
    write_facts()
    watch_all(capsys)
    tried = len(told(receiver))
    receiver.way = "well"
    accord(capsys, "notify")

    assert len(told(receiver)) == tried
