"""Facts are read for their numbers once a case, whatever the rounds, and again where they are others."""

from pathlib import Path
from typing import Any

import pytest

import nodes.grounding
from policies.grounding.grounds import Grounds, grounds_in
from tests.runs.stage import RISK, play, rounds
from tests.scripted_server import says

ROUNDS = (("go", "go", "block"), ("go", "go", "block"), ("go", "go", "go"))


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The facts that were read, in order."""
    read: list[Any] = []

    def reading(facts: Any, *more: Any) -> Grounds:
        read.append(facts)
        return grounds_in(facts, *more)

    monkeypatch.setattr(nodes.grounding, "grounds_in", reading)
    nodes.grounding._read.cache_clear()
    return read


@pytest.mark.slow
def test_three_rounds_and_the_brief_read_the_facts_once(tmp_path: Path, readings: list[Any]) -> None:
    played = play(tmp_path, rounds(*ROUNDS), "ground=true")
    assert played.record["rounds_used"] == 3
    assert len(readings) == 1


@pytest.mark.slow
def test_where_the_team_does_not_ask_nothing_is_read(tmp_path: Path, readings: list[Any]) -> None:
    play(tmp_path, rounds(*ROUNDS))
    assert readings == []


@pytest.mark.slow
def test_other_facts_and_other_derivations_are_read_as_they_are(tmp_path: Path, readings: list[Any]) -> None:
    lines = {**rounds(("go", "go", "go")), (RISK, 1): says("go", summary="It is 4321.")}
    plain = play(tmp_path, lines, "ground=true", thread="plain")
    other = play(tmp_path, lines, "ground=true", "facts.risk_signals.extra=4321", thread="other")
    worked_out = "derive.some=facts.finance_signals.promo_cost_usd * 0 + 4321"
    derived = play(tmp_path, lines, "ground=true", worked_out, thread="derived")
    assert [bool(each.record.get("ungrounded")) for each in (plain, other, derived)] == [True, False, False]
    assert len(readings) == 3


@pytest.mark.slow
def test_what_is_counted_is_counted_anew_in_each_round(tmp_path: Path, readings: list[Any]) -> None:
    said = {(RISK, number): says("block", summary="So much for 6 answers.") for number in (1, 2)}
    played = play(tmp_path, {**rounds(*ROUNDS), **said}, "ground=true", "budget.max_rounds=9", "budget.max_messages=50")
    assert [each["round"] for each in played.record.get("ungrounded", [])] == [1]
    assert len(readings) == 1
