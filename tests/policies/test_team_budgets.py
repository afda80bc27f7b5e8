"""Budgets of a team that answers for a role: what it may use of the run's, and what it is charged for."""

from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.run.budgets import Charge, Spent, charge, grant, limits_of_team, raised, refuse_message, reserve_team
from policies.run.usage import Reservation, Usage
from policies.team.team import Budget

LEAST_SECONDS, LEAST_COST = 1e-6, 1e-9


def used(messages: int = 0, tokens: int = 0, cost: float = 0.0, seconds: float = 0.0) -> Charge:
    return Charge(messages, Usage(messages, tokens, 0, cost, seconds))


def spent(messages: int = 0, tokens: int = 0, cost: float = 0.0, seconds: float = 0.0) -> Spent:
    return Spent(messages, usage=Usage(0, tokens, 0, cost, seconds))


@pytest.mark.parametrize(
    ("own", "charged", "limit", "total", "reserved"),
    [
        (4, 0, 12, 0, 4),
        (4, 0, 12, 9, 3),
        (4, 3, 12, 3, 1),
        (4, 1, 12, 10, 2),
        # Its own limit used up: it is granted none, and stops again.
        (4, 4, 12, 4, 0),
        (4, 9, 12, 9, 0),
        # Nothing left: one message is reserved all the same, so that it is refused and not forgotten.
        (4, 0, 12, 12, 1),
        (4, 0, 12, 15, 1),
        (4, 4, 12, 12, 1),
    ],
)
def test_messages_are_its_own_limit_as_far_as_it_goes_within_what_the_run_has_left(
    own: int, charged: int, limit: int, total: int, reserved: int
) -> None:
    found = reserve_team(Budget(max_messages=own), used(charged), Budget(max_messages=limit), spent(total))
    assert found == Reservation(0, 0.0, reserved)
    fits = total < limit
    assert (refuse_message(Budget(max_messages=limit), spent(total), found) is None) == fits


@pytest.mark.parametrize(
    ("own", "charged", "limit", "total", "reserved"),
    [
        (None, 0, None, 0, 0),
        (500, 0, None, 900, 500),
        (500, 100, None, 900, 400),
        (500, 500, None, 900, 0),
        (None, 0, 1_000, 200, 800),
        (500, 0, 1_000, 200, 500),
        (500, 0, 1_000, 800, 200),
        (500, 500, 1_000, 800, 0),
        (500, 0, 1_000, 1_000, 0),
        (500, 0, 1_000, 1_200, 0),
    ],
)
def test_tokens_and_dollars_are_reserved_by_the_same_rule(
    own: int | None, charged: int, limit: int | None, total: int, reserved: int
) -> None:
    tokens = reserve_team(Budget(max_tokens=own), used(tokens=charged), Budget(max_tokens=limit), spent(tokens=total))
    assert (tokens.tokens, tokens.cost_usd) == (reserved, 0.0)
    dollars = reserve_team(
        Budget(max_cost_usd=own and own / 1_000),
        used(cost=charged / 1_000),
        Budget(max_cost_usd=limit and limit / 1_000),
        spent(cost=total / 1_000),
    )
    assert (dollars.tokens, dollars.cost_usd) == (0, reserved / 1_000)


@pytest.mark.parametrize(
    ("own", "before", "now", "expected"),
    [
        (4, 12, 12, 4),
        (4, 12, 20, 20),
        (30, 12, 20, 30),
        (4, 12, 8, 4),
    ],
)
def test_a_limit_that_was_raised_for_the_run_is_raised_for_the_teams_within(
    own: int, before: int, now: int, expected: int
) -> None:
    found = raised(Budget(max_messages=own), Budget(max_messages=before), Budget(max_messages=now))
    assert found == Budget(max_messages=expected)


@pytest.mark.parametrize(
    ("own", "before", "now", "expected"),
    [(None, 100, 200, None), (50, None, None, 50), (50, None, 200, 50), (50, 100, None, None), (50, 100, 100, 50)],
)
def test_a_limit_that_was_lifted_for_the_run_is_lifted_for_the_teams_within(
    own: int | None, before: int | None, now: int | None, expected: int | None
) -> None:
    found = raised(Budget(max_tokens=own), Budget(max_tokens=before), Budget(max_tokens=now))
    assert found.max_tokens == expected


def test_what_was_reserved_for_one_team_is_not_there_for_the_next() -> None:
    budget, inner = Budget(max_messages=6), Budget(max_messages=4)
    first = grant(Spent(), reserve_team(inner, Charge(), budget, Spent()))
    second = reserve_team(inner, Charge(), budget, first)
    assert (first.messages, second.messages) == (4, 2)
    assert refuse_message(budget, grant(first, second), Reservation()) == "max_messages"


@pytest.mark.parametrize(
    ("own", "charged", "limit", "total", "seconds"),
    [
        (40.0, 0.0, 60.0, 0.0, 40.0),
        (40.0, 0.0, 60.0, 45.0, 15.0),
        (40.0, 10.0, 60.0, 20.0, 40.0),
        (40.0, 40.0, 60.0, 50.0, 40.0),
        (40.0, 0.0, 60.0, 60.0, LEAST_SECONDS),
        (40.0, 0.0, 60.0, 61.0, LEAST_SECONDS),
    ],
)
def test_a_team_works_against_the_deadline_of_the_run(
    own: float, charged: float, limit: float, total: float, seconds: float
) -> None:
    found = limits_of_team(
        Budget(max_seconds=own), used(seconds=charged), 1, Budget(max_seconds=limit), spent(seconds=total)
    )
    assert found["max_seconds"] == seconds


@pytest.mark.parametrize(
    ("own", "charged", "limit", "total", "tokens"),
    [
        (None, 0, None, 0, None),
        (None, 200, None, 900, None),
        (500, 200, None, 900, 500),
        (500, 500, None, 900, 500),
        (None, 200, 1_000, 300, 900),
        (500, 200, 1_000, 300, 500),
        (500, 200, 1_000, 900, 300),
        (500, 500, 1_000, 900, 500),
        (500, 0, 1_000, 1_000, 0),
        (500, 200, 1_000, 1_100, 200),
    ],
)
def test_the_limits_of_a_team_count_what_it_used_before(
    own: int | None, charged: int, limit: int | None, total: int, tokens: int | None
) -> None:
    found = limits_of_team(
        Budget(max_tokens=own, max_cost_usd=own and own / 1_000),
        used(3, charged, charged / 1_000),
        5,
        Budget(max_tokens=limit, max_cost_usd=limit and limit / 1_000),
        spent(3, total, total / 1_000),
    )
    assert found["max_messages"] == 8
    assert found["max_tokens"] == (None if tokens is None else max(tokens, 1))
    assert found["max_cost_usd"] == (None if tokens is None else max(tokens / 1_000, LEAST_COST))


def test_a_team_is_charged_for_what_it_used_since_it_was_charged_last() -> None:
    before = Charge(2, Usage(3, 100, 40, 0.1, 1.5))
    now = Charge(5, Usage(4, 160, 90, 0.3, 4.0))
    assert charge(now, before) == Charge(3, Usage(1, 60, 50, 0.2, 2.5))
    assert charge(now, Charge()) == now
    assert charge(now, now) == Charge()


AMOUNTS = st.integers(0, 30)
LIMITS = st.integers(1, 30)
OPEN = st.none() | LIMITS


def _budget(messages: int, tokens: int | None, cents: int | None, seconds: int) -> Budget:
    return Budget(
        max_messages=messages,
        max_tokens=tokens,
        max_cost_usd=None if cents is None else cents / 100,
        max_seconds=float(seconds),
    )


BUDGETS = st.builds(_budget, LIMITS, OPEN, OPEN, LIMITS)
CHARGES = st.builds(lambda m, t, c, s: used(m, t, c / 100, float(s)), AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)
SPENT = st.builds(lambda m, t, c, s: spent(m, t, c / 100, float(s)), AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)


@given(inner=BUDGETS, charged=CHARGES, budget=BUDGETS, total=SPENT)
def test_the_limits_of_a_team_are_a_budget_within_what_the_run_has_left(
    inner: Budget, charged: Charge, budget: Budget, total: Spent
) -> None:
    reserved = reserve_team(inner, charged, budget, total)
    found: dict[str, Any] = limits_of_team(inner, charged, reserved.messages, budget, total)
    Budget.model_validate(found)
    assert reserved.messages >= 1 or charged.messages >= inner.max_messages
    assert found["max_messages"] - charged.messages <= max(budget.max_messages - total.messages, 1)
    seconds = max(budget.max_seconds - total.usage.seconds, 0)
    assert found["max_seconds"] - charged.usage.seconds <= seconds + LEAST_SECONDS
    if budget.max_tokens is not None:
        left = max(budget.max_tokens - total.usage.tokens, 0)
        assert reserved.tokens <= left
        assert (found["max_tokens"] or inf) - charged.usage.tokens <= max(left, 1)
    if budget.max_cost_usd is not None:
        dollars = max(budget.max_cost_usd - total.usage.cost_usd, 0)
        assert reserved.cost_usd <= dollars + LEAST_COST
        assert (found["max_cost_usd"] or inf) - charged.usage.cost_usd <= dollars + 2 * LEAST_COST
