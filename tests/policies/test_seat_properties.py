"""Seats: what holds for every round, every answer and every budget."""

from collections.abc import Mapping
from itertools import takewhile
from math import inf
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.contracts.answers import Accepted, Refusal
from policies.contracts.contribution import Contribution
from policies.run.budgets import Spent
from policies.run.seats import Failure, Reply, Seat, casts_of, is_exhausted, is_full, open_seats
from policies.run.stop import Stop
from policies.run.stop_table import STOP_TABLE
from policies.run.usage import Reservation, Usage
from policies.run.waves import Settlement, Wave, plan_wave, settle
from policies.team.access import Access
from policies.team.team import Budget

pytestmark = pytest.mark.slow

ROLES = ("demand_analyst", "finance_analyst", "risk_analyst", "legal_analyst", "support_lead")
EVERYBODY = Access(frozenset(ROLES), frozenset(ROLES))
SEQUENCES = st.lists(st.sampled_from(ROLES), unique=True, min_size=1, max_size=5)
ENABLED = st.frozensets(st.sampled_from(ROLES), min_size=3)
REASONS = st.sampled_from(
    [
        "llm_timeout",
        "llm_error:500",
        "llm_error:400",
        "llm_auth",
        "max_seconds",
        "cancelled",
        "needs_input:x",
        "llm_empty",
    ]
)
REFUSALS = st.builds(
    Refusal,
    st.sampled_from(["invalid_contribution:stance", "invalid_contribution:agent"]),
    st.none() | st.text(max_size=5),
)
RESERVATIONS = st.dictionaries(
    st.sampled_from(ROLES), st.builds(Reservation, st.integers(0, 900), st.integers(0, 900).map(lambda n: n / 1_000))
)
BUDGETS = st.builds(
    Budget,
    max_rounds=st.integers(1, 4),
    max_messages=st.integers(1, 12),
    max_tokens=st.none() | st.integers(1, 3_000),
    max_cost_usd=st.none() | st.integers(1, 3_000).map(lambda n: n / 1_000),
)


def said(role: str) -> Accepted:
    return Contribution(role, "go", "Fine.", 0.9, ("Go on.",)).accepted


def replies_for(role: str) -> st.SearchStrategy[Reply | None]:
    return st.one_of(st.none(), st.just(said(role)), REFUSALS, st.builds(Failure, REASONS))


def seats_of(role: str) -> st.SearchStrategy[Seat]:
    broken = st.builds(Seat, st.just(role), st.none(), st.integers(1, 3), REFUSALS)
    absent = st.just(Seat(role, absent="llm_timeout"))
    return st.just(Seat(role)) | st.just(Seat(role, said(role))) | broken | absent


class Round(NamedTuple):
    """The seats of a round as convene left them, and the answers that came."""

    seats: tuple[Seat, ...]
    replies: dict[str, Reply]


def rounds_of(sequence: list[str]) -> st.SearchStrategy[Round]:
    seats = st.tuples(*map(seats_of, sequence))
    replies = st.fixed_dictionaries({role: replies_for(role) for role in sequence})
    answered = replies.map(lambda all_of: {role: reply for role, reply in all_of.items() if reply is not None})
    return st.builds(Round, seats, answered).map(_as_asked)


def _as_asked(case: Round) -> Round:
    absent = {seat.role for seat in case.seats if seat.absent}
    return Round(case.seats, {role: reply for role, reply in case.replies.items() if role not in absent})


ROUNDS = SEQUENCES.flatmap(rounds_of)
REPAIRS = st.integers(0, 2)


COUNTS = st.booleans()


def settled(case: Round, max_repairs: int, counts_absent: bool = False) -> Settlement:
    return settle(case.seats, case.replies, Wave((), None, Spent()), 1, max_repairs, counts_absent)


@given(ROUNDS, REPAIRS, COUNTS, st.randoms(use_true_random=False))
def test_the_order_in_which_answers_arrive_never_changes_anything(
    case: Round, max_repairs: int, counts_absent: bool, chance: Any
) -> None:
    arrived = list(case.replies.items())
    chance.shuffle(arrived)

    shuffled = settled(Round(case.seats, dict(arrived)), max_repairs, counts_absent)
    assert shuffled == settled(case, max_repairs, counts_absent)


@given(ROUNDS, REPAIRS, COUNTS)
def test_a_settled_seat_stays_as_it_is_and_only_what_is_new_is_accepted(
    case: Round, max_repairs: int, counts_absent: bool
) -> None:
    result = settled(case, max_repairs, counts_absent)
    changes = list(zip(case.seats, result.seats, strict=True))

    assert all(after == before for before, after in changes if before.is_settled)
    new = [after for before, after in changes if after.accepted and not before.accepted]
    assert [seat.accepted for seat in new] == [case.replies[seat.role] for seat in new]


@given(ROUNDS, REPAIRS)
def test_a_contract_stop_closes_the_later_seats_and_a_resumable_one_keeps_them(case: Round, max_repairs: int) -> None:
    result = settled(case, max_repairs)
    closes = result.stop is not None and not STOP_TABLE[Stop.parse(result.stop.reason).kind].is_resumable
    place = [f"round_1:{seat.role}" for seat in case.seats].index(str(result.stop.phase)) if result.stop else 0
    is_open = place + 1 if closes else len(case.seats)

    assert result.seats[is_open:] == case.seats[is_open:]
    for before, after in zip(case.seats[:is_open], result.seats[:is_open], strict=True):
        reply = case.replies.get(before.role)
        if not before.is_settled and isinstance(reply, Accepted):
            assert after.accepted == reply
        if not before.is_settled and isinstance(reply, Refusal):
            assert (after.refusals, after.refusal) == (before.refusals + 1, reply)


def failure_of(seat: Seat, reply: Reply | None, max_repairs: int) -> str | None:
    """Why a seat fails for good, as the specification tells it."""
    if seat.is_settled or isinstance(reply, Accepted):
        return None
    if isinstance(reply, Refusal) and seat.refusals + 1 > max_repairs:
        return reply.reason
    if seat.refusal and seat.refusals > max_repairs:
        return seat.refusal.reason
    return reply.reason if isinstance(reply, Failure) else None


@given(ROUNDS, REPAIRS)
def test_the_stop_is_that_of_the_first_seat_that_fails_for_good(case: Round, max_repairs: int) -> None:
    failures = ((seat.role, failure_of(seat, case.replies.get(seat.role), max_repairs)) for seat in case.seats)
    stops = [Stop(reason, f"round_1:{role}") for role, reason in failures if reason]

    assert settled(case, max_repairs).stop == (stops[0] if stops else None)


@given(ROUNDS, REPAIRS)
def test_where_absences_count_a_seat_is_absent_for_its_own_failure_and_only_the_others_stop_the_run(
    case: Round, max_repairs: int
) -> None:
    result = settled(case, max_repairs, counts_absent=True)
    failures = [(seat, failure_of(seat, case.replies.get(seat.role), max_repairs)) for seat in case.seats]
    stops = [
        Stop(reason, f"round_1:{seat.role}")
        for seat, reason in failures
        if reason and not Stop.parse(reason).may_be_absent
    ]

    assert result.stop == (stops[0] if stops else None)
    for (before, reason), after in zip(failures, result.seats, strict=True):
        assert after.absent == (before.absent or (reason if reason and Stop.parse(reason).may_be_absent else None))
        assert not (after.absent and after.accepted)
    kept = [seat.accepted for seat in settled(case, 99, counts_absent=False).seats]
    assert [seat.accepted for seat in result.seats] == kept
    assert list(casts_of(result.seats)) == [seat.role for seat in case.seats]


@given(ROUNDS, REPAIRS, ENABLED, BUDGETS, RESERVATIONS, st.integers(0, 12))
def test_a_wave_asks_the_empty_seats_before_the_first_denied_role_and_never_beyond_a_limit(
    case: Round,
    max_repairs: int,
    enabled: frozenset[str],
    budget: Budget,
    held: Mapping[str, Reservation],
    messages: int,
) -> None:
    spent = Spent(messages, usage=Usage(prompt_tokens=100, cost_usd=0.1))
    wave = plan_wave(case.seats, 1, Access(frozenset(ROLES), enabled), budget, spent, max_repairs, held)
    asked = [ask.role for ask in wave.asks]
    empty = [seat for seat in case.seats if not seat.is_settled]
    before = list(takewhile(lambda seat: seat.role in enabled, empty))
    able = [seat.role for seat in before if not is_exhausted(seat, max_repairs)]

    assert asked == able[: len(asked)]
    assert wave.spent.messages == messages + len(asked)
    assert wave.spent.reserved.tokens == sum(held.get(role, Reservation()).tokens for role in asked)
    if asked:
        assert wave.spent.messages <= budget.max_messages
        assert wave.spent.reserved.tokens + 100 <= (budget.max_tokens or inf)
        assert wave.spent.reserved.cost_usd + 0.1 <= (budget.max_cost_usd or inf) + 1e-9
    assert why_blocked(wave, able[len(asked) :], empty[len(before) :])


def why_blocked(wave: Wave, unasked: list[str], denied: list[Seat]) -> bool:
    """Tell whether the wave's block is the one due: a budget at the first role left, else a denial, else none."""
    if unasked:
        budgets = ("max_messages", "max_tokens", "max_cost")
        return wave.blocked in [Stop(reason, f"round_1:{unasked[0]}") for reason in budgets]
    if denied:
        return wave.blocked == Stop(f"agent_denied:{denied[0].role}", f"round_1:{denied[0].role}")
    return wave.blocked is None


@given(SEQUENCES, BUDGETS, REPAIRS, COUNTS, st.data())
def test_a_round_asked_wave_by_wave_ends_and_never_costs_more_than_its_messages(
    sequence: list[str], budget: Budget, max_repairs: int, counts_absent: bool, data: st.DataObject
) -> None:
    seats, spent, asked = open_seats(sequence), Spent(), list[tuple[str, int]]()
    for _ in range(max_repairs + 2):  # the last wave asks nobody, and says why
        wave = plan_wave(seats, 1, EVERYBODY, budget, spent, max_repairs, {})
        asked += [(ask.role, ask.attempt) for ask in wave.asks]
        answers = {ask.role: st.just(said(ask.role)) | REFUSALS for ask in wave.asks}
        result = settle(seats, data.draw(st.fixed_dictionaries(answers)), wave, 1, max_repairs, counts_absent)
        seats, spent = result.seats, wave.spent
        if result.stop or is_full(seats):
            break
    else:
        pytest.fail("the round did not end")

    assert len(set(asked)) == len(asked) == spent.messages <= budget.max_messages
    assert all(1 <= attempt <= max_repairs + 1 for _, attempt in asked)
