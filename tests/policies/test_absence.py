"""Absence: which failures a policy may count, and what becomes of the seats, the wave and the vote."""

from collections.abc import Sequence

import pytest

from policies.contracts.answers import Accepted, Refusal
from policies.contracts.contribution import Contribution
from policies.run.budgets import Spent
from policies.run.seats import Failure, Reply, Seat, casts_of, is_full, open_seats
from policies.run.stop import Stop
from policies.run.stop_table import STOP_TABLE
from policies.run.waves import Ask, Settlement, Wave, plan_wave, settle
from policies.team.access import Access
from policies.team.team import Budget

SEQUENCE = ("demand_analyst", "finance_analyst", "risk_analyst")
DEMAND, FINANCE, RISK = SEQUENCE
BAD = Refusal("invalid_contribution:stance", "Yes!")


def said(role: str) -> Accepted:
    return Contribution(role, "caution", "Fine.", 0.9, ("Go on.",)).accepted


def settled(
    *replies: Reply | None,
    seats: Sequence[Seat] = open_seats(SEQUENCE),
    blocked: Stop | None = None,
    max_repairs: int = 1,
    counts_absent: bool = True,
) -> Settlement:
    given = {role: reply for role, reply in zip(SEQUENCE, replies, strict=False) if reply is not None}
    return settle(seats, given, Wave((), blocked, Spent()), 1, max_repairs, counts_absent)


def accepted(settlement: Settlement) -> list[Accepted]:
    return [seat.accepted for seat in settlement.seats if seat.accepted]


def absences(settlement: Settlement) -> dict[str, str]:
    return {seat.role: seat.absent for seat in settlement.seats if seat.absent}


# --- which failures may be counted ------------------------------------------------------------------------------------

COUNTED = {
    *("invalid_contribution:stance", "invalid_contribution:agent_mismatch:risk_analyst", "llm_timeout"),
    *("llm_rate_limited", "llm_empty", "llm_error:500", "llm_error:503", "llm_error:529", "llm_error:599"),
    *("llm_error:protocol", "llm_error:too_large", "llm_truncated", "llm_refused"),
}
NEVER_COUNTED = {
    *("agent_denied:risk_analyst", "llm_auth", "llm_error:400", "llm_error:404", "llm_error:422", "llm_error:200"),
    *("llm_error:protocols", "llm_error:", "llm_error:too_large:1"),
    *("llm_error:5", "llm_error:50", "llm_error:5000", "llm_error:unknown", "max_messages", "max_seconds"),
    *("max_tokens", "max_cost", "cancelled", "needs_input:risk.rate", "facts_unavailable:team", "escalated"),
}


@pytest.mark.parametrize("reason", sorted(COUNTED))
def test_a_failure_of_the_provider_or_of_the_contract_may_count_as_absent(reason: str) -> None:
    assert Stop.parse(reason).may_be_absent


@pytest.mark.parametrize("reason", sorted(NEVER_COUNTED))
def test_a_denial_a_budget_a_key_and_a_request_that_is_wrong_never_count_as_absent(reason: str) -> None:
    assert not Stop.parse(reason).may_be_absent


def test_of_all_stop_reasons_only_a_broken_answer_a_provider_or_a_team_without_result_may_count_as_absent() -> None:
    kinds = {kind for kind in STOP_TABLE if Stop(kind).may_be_absent or Stop(f"{kind}:503").may_be_absent}

    broken = {"invalid_contribution", "invalid_plan", "invalid_output", "invalid_verdict", "invalid_assignment"}
    silent = {"llm_timeout", "llm_rate_limited", "llm_error", "llm_truncated", "llm_refused", "llm_empty"}
    fruitless = {"max_rounds_reached", "max_turns_reached", "no_quorum", "step_failed"}
    assert kinds == broken | silent | fruitless


# --- what becomes of a seat -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", sorted(reason for reason in COUNTED if reason.startswith("llm")))
@pytest.mark.parametrize("index", range(3))
def test_a_seat_that_fails_is_absent_with_its_reason_and_the_others_are_filled(reason: str, index: int) -> None:
    replies: list[Reply] = [said(role) for role in SEQUENCE]
    replies[index] = Failure(reason)

    result = settled(*replies)

    assert absences(result) == {SEQUENCE[index]: reason}
    assert result.seats[index] == Seat(SEQUENCE[index], absent=reason)
    assert accepted(result) == [said(role) for role in SEQUENCE if role != SEQUENCE[index]]
    assert (result.stop, result.raw, is_full(result.seats)) == (None, None, True)


@pytest.mark.parametrize("max_repairs", [0, 1, 3])
def test_a_broken_contract_is_absent_only_after_the_last_repair(max_repairs: int) -> None:
    before = [Seat(DEMAND, refusals=max_repairs, refusal=BAD)]
    left = settled(BAD, seats=[Seat(DEMAND, refusals=max_repairs - 1, refusal=BAD)], max_repairs=max_repairs)
    over = settled(BAD, seats=before, max_repairs=max_repairs)

    assert over.seats == (Seat(DEMAND, None, max_repairs + 1, BAD, "invalid_contribution:stance"),)
    assert (over.stop, over.raw) == (None, None)
    if max_repairs:
        assert absences(left) == {}


@pytest.mark.parametrize("index", range(3))
def test_after_a_broken_contract_that_is_counted_the_seats_behind_it_are_filled_too(index: int) -> None:
    replies: list[Reply] = [said(role) for role in SEQUENCE]
    replies[index] = BAD

    result = settled(*replies, max_repairs=0)

    assert [each.agent for each in accepted(result)] == [role for role in SEQUENCE if role != SEQUENCE[index]]
    assert absences(result) == {SEQUENCE[index]: "invalid_contribution:stance"}


@pytest.mark.parametrize(
    "reason", sorted(reason for reason in NEVER_COUNTED if reason.partition(":")[0] in ("llm_auth", "llm_error"))
)
def test_a_failure_that_may_not_count_stops_the_run_beside_those_that_may(reason: str) -> None:
    result = settled(Failure("llm_timeout"), Failure(reason), said(RISK))

    assert result.stop == Stop(reason, f"round_1:{FINANCE}")
    assert absences(result) == {DEMAND: "llm_timeout"}
    assert result.seats[1] == Seat(FINANCE)
    assert accepted(result) == [said(RISK)]
    assert not is_full(result.seats)


def test_a_budget_or_a_denial_stops_the_run_and_makes_nobody_absent() -> None:
    for reason in ("max_messages", f"agent_denied:{FINANCE}"):
        blocked = Stop(reason, f"round_1:{FINANCE}")
        result = settled(Failure("llm_empty"), blocked=blocked)
        assert (result.stop, absences(result)) == (blocked, {DEMAND: "llm_empty"})


def test_where_absences_are_not_counted_the_same_failure_stops_the_run() -> None:
    result = settled(said(DEMAND), Failure("llm_timeout"), said(RISK), counts_absent=False)

    assert result.stop == Stop("llm_timeout", f"round_1:{FINANCE}")
    assert absences(result) == {}


@pytest.mark.parametrize("late", [Failure("llm_timeout"), Failure("llm_auth"), None])
def test_no_failure_counts_again_at_a_seat_that_is_absent(late: Reply | None) -> None:
    before = Seat(DEMAND, refusals=2, refusal=BAD, absent="invalid_contribution:stance")

    assert settled(late, seats=[before]) == Settlement((before,), None, None)


def test_everybody_may_be_absent_at_once() -> None:
    result = settled(Failure("llm_timeout"), Failure("llm_error:503"), Failure("llm_empty"))

    assert is_full(result.seats)
    assert (result.stop, accepted(result)) == (None, [])
    assert casts_of(result.seats) == dict.fromkeys(SEQUENCE, "absent")


# --- the wave and the vote --------------------------------------------------------------------------------------------


def test_a_seat_is_settled_once_it_is_filled_or_absent() -> None:
    assert Seat(DEMAND, said(DEMAND)).is_settled
    assert Seat(DEMAND, absent="llm_timeout").is_settled
    assert not Seat(DEMAND).is_settled
    assert not Seat(DEMAND, refusals=2, refusal=BAD).is_settled


def test_a_round_is_full_once_every_seat_is_filled_or_absent() -> None:
    seats = [Seat(DEMAND, said(DEMAND)), Seat(FINANCE, absent="llm_timeout")]

    assert is_full(seats)
    assert not is_full([*seats, Seat(RISK)])


def test_an_absent_seat_is_not_asked_again_in_its_round_and_costs_nothing() -> None:
    everybody = Access(frozenset(SEQUENCE), frozenset(SEQUENCE))
    seats = [Seat(DEMAND, absent="llm_timeout"), Seat(FINANCE), Seat(RISK, said(RISK))]

    wave = plan_wave(seats, 1, everybody, Budget(max_messages=1), Spent(), 1, {})

    assert wave == Wave((Ask(FINANCE, 1),), None, Spent(messages=1))
    assert plan_wave([seats[0]], 1, Access(frozenset(), frozenset()), Budget(), Spent(), 1, {}).blocked is None


def test_a_new_round_has_no_absent_seat() -> None:
    assert all(seat.absent is None for seat in open_seats(SEQUENCE))


def test_a_seat_casts_its_stance_or_its_absence_in_sequence_order() -> None:
    casts = casts_of([Seat(RISK, said(RISK)), Seat(DEMAND, absent="llm_timeout"), Seat(FINANCE)])

    assert list(casts.items()) == [(RISK, "caution"), (DEMAND, "absent"), (FINANCE, "absent")]
    assert casts_of([]) == {}
