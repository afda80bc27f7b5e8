"""Recoveries: how often in a row a run is brought back, and what a death costs."""

import pytest

from policies.run.budgets import Spent
from policies.run.recovery import Recoveries, charge_lost, one_more, refuse_recovery
from policies.run.seats import Seat
from policies.run.stop import Stop
from policies.run.stop_table import STOP_TABLE
from policies.run.usage import Reservation, Usage, learn_ratio, reserve
from policies.run.waves import plan_wave
from policies.team.access import Access
from policies.team.team import Budget


def test_recoveries_are_counted_in_all_and_in_a_row() -> None:
    recoveries = Recoveries()
    rows = []
    for answered in (0, 0, 2, 2, 2, 5):
        recoveries = one_more(recoveries, answered)
        rows.append((recoveries.made, recoveries.in_a_row))
    assert rows == [(1, 1), (2, 2), (3, 1), (4, 2), (5, 3), (6, 1)]


@pytest.mark.parametrize(("limit", "in_a_row", "reason"), [
    (5, 5, None), (5, 6, "recovery_exhausted"), (0, 1, "recovery_exhausted"), (6, 6, None),
])  # fmt: skip
def test_as_many_recoveries_in_a_row_are_made_as_the_limit_says(limit: int, in_a_row: int, reason: str | None) -> None:
    assert refuse_recovery(Budget(max_recoveries=limit), Recoveries(made=9, in_a_row=in_a_row)) == reason


def test_what_was_under_way_is_charged_in_calls_tokens_and_cost_and_in_no_second() -> None:
    before = Usage(calls=2, prompt_tokens=100, completion_tokens=20, cost_usd=0.5, seconds=3.0)
    lost = [Reservation(900, 0.25), Reservation(1000, 0.125)]
    assert charge_lost(before, lost) == Usage(4, 2000, 20, 0.875, 3.0)
    assert charge_lost(before, []) == before


def test_every_limit_that_a_stop_names_is_one_of_the_budget() -> None:
    limits = {rule.raised_by for rule in STOP_TABLE.values() if rule.raised_by}
    assert limits == {*Budget.model_fields} - {"min_go_votes"}
    assert all(rule.is_resumable for rule in STOP_TABLE.values() if rule.raised_by)
    assert Stop.parse("recovery_exhausted").rule.raised_by == "max_recoveries"


@pytest.mark.parametrize(("prompt_tokens", "completion_tokens", "beyond", "ratio"), [
    (30, 5, 0, 3.0), (10, 5, 0, 1.0), (4, 5, 0, 1.0), (810, 0, 0, 1.0), (30, 900, 100, 13.0),
])  # fmt: skip
def test_a_ratio_is_what_was_counted_for_one_of_ours_and_never_below_one(
    prompt_tokens: int, completion_tokens: int, beyond: int, ratio: float
) -> None:
    used = Usage(1, prompt_tokens, completion_tokens)
    assert learn_ratio("x" * 30, used, beyond) == ratio
    assert learn_ratio("", used, beyond) == 1.0


def test_a_ratio_stretches_the_prompt_and_not_the_answer() -> None:
    assert reserve("x" * 30, 800, None, 2.05).tokens == 821


def test_of_seats_whose_reservation_is_a_guess_one_is_asked_at_a_time() -> None:
    seats = [Seat(name) for name in ("a", "b", "c", "d")]
    access = Access(frozenset("abcd"), frozenset("abcd"))
    guess, known = Reservation(10, is_guess=True), Reservation(10)
    wave = plan_wave(seats, 1, access, Budget(), Spent(), 1, {"a": known, "b": guess, "c": known, "d": guess})
    assert ([ask.role for ask in wave.asks], wave.blocked, wave.spent.messages) == (["a", "b", "c"], None, 3)
