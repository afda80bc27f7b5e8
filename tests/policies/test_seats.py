"""Seats: who is asked next, and what the answers make of a round."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from policies.contracts.answers import Accepted, Refusal
from policies.contracts.contribution import Contribution
from policies.run.budgets import Spent
from policies.run.seats import (
    Failure,
    Reply,
    Seat,
    forgive,
    is_exhausted,
    is_full,
    open_seats,
    phase_of,
)
from policies.run.stop import Stop
from policies.run.usage import Reservation, Usage
from policies.run.waves import Ask, Settlement, Wave, plan_wave, settle
from policies.team.access import Access
from policies.team.team import Budget

SEQUENCE = ("demand_analyst", "finance_analyst", "risk_analyst")
DEMAND, FINANCE, RISK = SEQUENCE
ALL = Access(frozenset(SEQUENCE), frozenset(SEQUENCE))
BAD_STANCE = "invalid_contribution:stance"


def said(role: str) -> Accepted:
    return Contribution(role, "go", "Fine.", 0.9, ("Go on.",)).accepted


def refused(reason: str = BAD_STANCE, raw: Any = "Yes!") -> Refusal:
    return Refusal(reason, raw)


def filled(role: str) -> Seat:
    return Seat(role, said(role))


def broken(role: str, times: int = 1) -> Seat:
    return Seat(role, refusals=times, refusal=refused())


def planned(
    seats: Sequence[Seat] = open_seats(SEQUENCE),
    access: Access = ALL,
    spent: Spent = Spent(),  # noqa: B008  # frozen
    reservations: Mapping[str, Reservation] | None = None,
    max_repairs: int = 1,
    **limits: Any,
) -> Wave:
    return plan_wave(seats, 2, access, Budget(**limits), spent, max_repairs, reservations or {})


def asked(wave: Wave) -> list[str]:
    return [ask.role for ask in wave.asks]


def without(*roles: str) -> Access:
    return Access(frozenset(SEQUENCE), frozenset(SEQUENCE) - set(roles))


# --- who is asked -----------------------------------------------------------------------------------------------------


def test_a_new_round_has_an_empty_seat_for_each_role_in_sequence_order() -> None:
    assert open_seats(SEQUENCE) == (Seat(DEMAND), Seat(FINANCE), Seat(RISK))
    assert not is_full(open_seats(SEQUENCE))
    assert open_seats([]) == ()


def test_a_round_is_full_once_every_seat_is_filled() -> None:
    assert is_full([filled(role) for role in SEQUENCE])
    assert not is_full([filled(DEMAND), broken(FINANCE), filled(RISK)])


def test_every_empty_seat_is_asked_in_sequence_order_at_a_message_each() -> None:
    wave = planned()

    assert wave.asks == tuple(Ask(role, attempt=1, repair=None) for role in SEQUENCE)
    assert wave.blocked is None
    assert wave.spent == Spent(messages=3)


def test_a_filled_seat_is_never_asked_again_and_costs_nothing() -> None:
    wave = planned([filled(DEMAND), Seat(FINANCE), filled(RISK)], spent=Spent(messages=2))

    assert asked(wave) == [FINANCE]
    assert wave.spent.messages == 3
    assert planned([filled(role) for role in SEQUENCE]) == Wave((), None, Spent())


def test_a_repair_is_the_next_attempt_and_names_the_check_that_failed() -> None:
    wave = planned([filled(DEMAND), broken(FINANCE), broken(RISK, times=2)], max_repairs=2)

    assert wave.asks == (Ask(FINANCE, 2, BAD_STANCE), Ask(RISK, 3, BAD_STANCE))
    assert wave.spent.messages == 2


@pytest.mark.parametrize(
    ("refusals", "max_repairs", "over"), [(0, 0, False), (1, 0, True), (1, 1, False), (2, 1, True)]
)
def test_a_seat_has_one_attempt_and_its_repairs(refusals: int, max_repairs: int, over: bool) -> None:
    seat = broken(DEMAND, refusals)

    assert is_exhausted(seat, max_repairs) is over
    assert asked(planned([seat], max_repairs=max_repairs)) == ([] if over else [DEMAND])


def test_a_seat_without_repairs_left_is_passed_over_at_no_cost() -> None:
    wave = planned([broken(DEMAND, times=2), Seat(FINANCE)])

    assert asked(wave) == [FINANCE]
    assert wave.spent.messages == 1


@pytest.mark.parametrize(("max_messages", "count"), [(1, 1), (2, 2), (3, 3), (4, 3)])
def test_messages_are_granted_until_the_budget_is_used(max_messages: int, count: int) -> None:
    wave = planned(max_messages=max_messages)

    assert asked(wave) == list(SEQUENCE[:count])
    assert wave.spent.messages == count
    assert wave.blocked == (Stop("max_messages", f"round_2:{SEQUENCE[count]}") if count < 3 else None)


@pytest.mark.parametrize("index", range(3))
def test_nothing_is_asked_at_or_after_the_first_role_that_is_denied(index: int) -> None:
    wave = planned(access=without(SEQUENCE[index], RISK))

    assert asked(wave) == list(SEQUENCE[:index])
    assert wave.blocked == Stop(f"agent_denied:{SEQUENCE[index]}", f"round_2:{SEQUENCE[index]}")
    assert wave.spent.messages == index


def test_a_denial_comes_before_the_budget_and_before_repairs() -> None:
    over = Spent(messages=1, usage=Usage(seconds=99.0))
    denied = Stop(f"agent_denied:{DEMAND}", f"round_2:{DEMAND}")

    assert planned(access=without(DEMAND), spent=over, max_messages=1).blocked == denied
    assert planned([broken(DEMAND, times=2)], access=without(DEMAND)).blocked == denied


def test_a_role_nobody_knows_is_denied() -> None:
    wave = planned(open_seats(["stranger"]))

    assert wave.blocked == Stop("agent_denied:stranger", "round_2:stranger")


def test_reservations_of_one_wave_add_up() -> None:
    held = {DEMAND: Reservation(400, 0.4), FINANCE: Reservation(400, 0.4), RISK: Reservation(400, 0.4)}

    by_tokens = planned(reservations=held, max_tokens=1_199)
    by_cost = planned(reservations=held, max_cost_usd=1.0)

    assert by_tokens.blocked == Stop("max_tokens", f"round_2:{RISK}")
    assert by_tokens.spent == Spent(messages=2, reserved=Reservation(800, 0.8))
    assert by_cost.blocked == Stop("max_cost", f"round_2:{RISK}")
    assert planned(reservations=held, max_tokens=1_200, max_cost_usd=1.2).blocked is None


def test_a_run_out_of_time_asks_nobody() -> None:
    wave = planned(spent=Spent(usage=Usage(seconds=40.0)), max_seconds=40.0)

    assert wave == Wave((), Stop("max_seconds", f"round_2:{DEMAND}"), Spent(usage=Usage(seconds=40.0)))


def test_the_phase_names_round_and_role() -> None:
    assert phase_of(3, RISK) == "round_3:risk_analyst"


# --- what the answers make of it --------------------------------------------------------------------------------------

NOBODY_BLOCKED = Wave((), None, Spent())


def settled(
    *replies: Reply | None,
    seats: Sequence[Seat] = open_seats(SEQUENCE),
    blocked: Stop | None = None,
    max_repairs: int = 1,
) -> Settlement:
    given = {role: reply for role, reply in zip(SEQUENCE, replies, strict=False) if reply is not None}
    return settle(seats, given, Wave((), blocked, Spent()), 1, max_repairs)


def full_roles(settlement: Settlement) -> list[str]:
    return [seat.role for seat in settlement.seats if seat.accepted is not None]


def test_accepted_proposals_fill_their_seats_in_sequence_order() -> None:
    result = settled(said(DEMAND), said(FINANCE), said(RISK))

    assert result == Settlement(tuple(filled(role) for role in SEQUENCE), None, None)


def test_an_empty_seat_between_filled_ones_is_filled() -> None:
    result = settled(None, said(FINANCE), seats=[filled(DEMAND), Seat(FINANCE), filled(RISK)])

    assert result.seats == tuple(filled(role) for role in SEQUENCE)


@pytest.mark.parametrize("late", [said(FINANCE), refused(), Failure("llm_timeout")])
def test_a_filled_seat_stays_as_it_is_whatever_comes(late: Reply) -> None:
    result = settled(late, seats=[filled(DEMAND)])

    assert result == Settlement((filled(DEMAND),), None, None)


def test_with_a_repair_left_only_that_seat_stays_empty() -> None:
    result = settled(said(DEMAND), refused(), said(RISK))

    assert result.seats == (filled(DEMAND), Seat(FINANCE, refusals=1, refusal=refused()), filled(RISK))
    assert result.stop is None
    assert result.raw is None


def test_a_good_repair_fills_the_seat_and_forgets_the_refusal() -> None:
    result = settled(said(DEMAND), seats=[broken(DEMAND)])

    assert result.seats == (Seat(DEMAND, said(DEMAND), refusals=1, refusal=None),)


@pytest.mark.parametrize("max_repairs", [0, 1, 3])
def test_the_refusal_after_the_last_repair_stops_the_run_with_its_own_reason(max_repairs: int) -> None:
    last = refused("invalid_contribution:summary", {"agent": DEMAND})

    result = settled(last, seats=[broken(DEMAND, times=max_repairs)], max_repairs=max_repairs)

    assert result.stop == Stop("invalid_contribution:summary", f"round_1:{DEMAND}")
    assert result.raw == {"agent": DEMAND}
    assert result.seats == (Seat(DEMAND, refusals=max_repairs + 1, refusal=last),)


@pytest.mark.parametrize("index", range(3))
def test_after_a_contract_stop_the_other_answers_are_kept(index: int) -> None:
    replies: list[Reply] = [said(role) for role in SEQUENCE]
    last = Refusal(BAD_STANCE, "Yes!", because="because of that")
    replies[index] = last

    result = settled(*replies, max_repairs=0)

    assert full_roles(result) == [role for role in SEQUENCE if role != SEQUENCE[index]]
    assert result.stop == Stop(BAD_STANCE, f"round_1:{SEQUENCE[index]}")
    assert (result.raw, result.cause) == ("Yes!", "because of that")
    assert result.seats[index] == Seat(SEQUENCE[index], refusals=1, refusal=last)


@pytest.mark.parametrize("reason", ["agent_denied:legal_analyst", "no_quorum", "max_turns_reached"])
@pytest.mark.parametrize("index", range(3))
def test_after_a_stop_for_good_nothing_more_is_accepted(reason: str, index: int) -> None:
    replies: list[Reply] = [said(role) for role in SEQUENCE]
    replies[index] = Failure(reason)

    result = settled(*replies)

    assert full_roles(result) == list(SEQUENCE[:index])
    assert result.stop == Stop(reason, f"round_1:{SEQUENCE[index]}")
    assert result.seats[index + 1 :] == open_seats(SEQUENCE)[index + 1 :]


def test_when_a_stopped_run_goes_on_only_the_empty_seats_have_their_repairs_anew() -> None:
    mended = Seat(DEMAND, said(DEMAND), refusals=1)
    absent = Seat(FINANCE, refusals=2, refusal=refused(), absent=BAD_STANCE)

    after = forgive([mended, absent, broken(RISK, times=2)])

    assert after == (mended, absent, Seat(RISK, refusals=2, refusal=refused(), forgiven=2))
    assert forgive(after) == after


def test_a_forgiven_seat_is_asked_with_its_next_attempt_and_told_what_to_mend() -> None:
    wave = planned(forgive([filled(DEMAND), filled(FINANCE), broken(RISK, times=2)]))

    assert wave.asks == (Ask(RISK, 3, BAD_STANCE),)


def test_a_forgiven_seat_stops_the_run_again_once_its_new_repairs_are_used_up() -> None:
    seats = forgive([broken(DEMAND, times=2)])
    first = settled(refused(), seats=seats, max_repairs=1)
    second = settled(refused(), seats=first.seats, max_repairs=1)

    assert first.stop is None
    assert second.stop == Stop(BAD_STANCE, f"round_1:{DEMAND}")
    assert second.seats == (Seat(DEMAND, refusals=4, refusal=refused(), forgiven=2),)


@pytest.mark.parametrize(
    "reason", ["llm_timeout", "llm_error:503", "max_seconds", "cancelled", "needs_input:risk.rate"]
)
@pytest.mark.parametrize("index", range(3))
def test_after_a_resumable_stop_the_other_answers_are_kept(reason: str, index: int) -> None:
    replies: list[Reply] = [said(role) for role in SEQUENCE]
    replies[index] = Failure(reason)

    result = settled(*replies)

    assert full_roles(result) == [role for role in SEQUENCE if role != SEQUENCE[index]]
    assert result.stop == Stop(reason, f"round_1:{SEQUENCE[index]}")
    assert result.raw is None
    assert result.seats[index] == Seat(SEQUENCE[index])


def test_the_first_role_of_the_sequence_that_fails_gives_the_reason() -> None:
    assert settled(Failure("llm_auth"), refused(), Failure("llm_timeout"), max_repairs=0).stop == Stop(
        "llm_auth", f"round_1:{DEMAND}"
    )
    assert settled(refused(), Failure("llm_auth"), max_repairs=0).stop == Stop(BAD_STANCE, f"round_1:{DEMAND}")
    assert settled(refused(), Failure("llm_auth"), max_repairs=1).stop == Stop("llm_auth", f"round_1:{FINANCE}")


def test_a_refusal_behind_a_resumable_stop_stops_the_run_once_it_goes_on() -> None:
    first = settled(Failure("llm_timeout"), refused(raw=[7]), said(RISK), max_repairs=0)
    again = settled(said(DEMAND), seats=first.seats, max_repairs=0)

    assert first.stop == Stop("llm_timeout", f"round_1:{DEMAND}")
    assert first.raw is None
    assert again.stop == Stop(BAD_STANCE, f"round_1:{FINANCE}")
    assert again.raw == [7]
    assert [seat.accepted for seat in again.seats[:1]] == [said(DEMAND)]


@pytest.mark.parametrize("reason", ["max_messages", "max_tokens", f"agent_denied:{RISK}"])
def test_the_role_that_could_not_be_asked_stops_the_run_after_the_answers_before_it(reason: str) -> None:
    result = settled(said(DEMAND), said(FINANCE), blocked=Stop(reason, f"round_1:{RISK}"))

    assert full_roles(result) == [DEMAND, FINANCE]
    assert result.stop == Stop(reason, f"round_1:{RISK}")
    assert result.raw is None


def test_a_failed_answer_before_the_blocked_role_gives_the_reason() -> None:
    blocked = Stop("max_messages", f"round_1:{RISK}")

    assert settled(said(DEMAND), Failure("llm_auth"), blocked=blocked).stop == Stop("llm_auth", f"round_1:{FINANCE}")
    assert settled(said(DEMAND), refused(), blocked=blocked).stop == blocked


def test_a_repair_that_may_not_be_asked_stops_with_the_budget_and_without_the_old_proposal() -> None:
    blocked = Stop("max_messages", f"round_1:{FINANCE}")

    result = settle([filled(DEMAND), broken(FINANCE)], {}, Wave((), blocked, Spent()), 1, 1)

    assert result == Settlement((filled(DEMAND), broken(FINANCE)), blocked, None)


def test_a_role_whose_name_ends_like_the_blocked_one_is_not_blocked() -> None:
    seats = open_seats(["risk", "chief_risk"])

    blocked = Stop("max_messages", "round_1:chief_risk")

    result = settle(seats, {"risk": refused()}, Wave((), blocked, Spent()), 1, 1)

    assert result.stop == blocked
    assert result.seats == (broken("risk"), Seat("chief_risk"))


def test_seats_nobody_answered_for_stay_empty_without_a_stop() -> None:
    assert settle(open_seats(SEQUENCE), {}, NOBODY_BLOCKED, 1, 1) == Settlement(open_seats(SEQUENCE), None, None)
    assert settle((), {DEMAND: said(DEMAND)}, NOBODY_BLOCKED, 1, 1) == Settlement((), None, None)


def test_the_first_in_sequence_may_grow_as_far_as_the_budget_goes() -> None:
    held = {role: Reservation(tokens=100, longer_tokens=150) for role in SEQUENCE}
    for limit, growing in ((449, 0), (450, 1), (600, 2), (750, 3)):
        wave = plan_wave(
            open_seats(SEQUENCE), 1, without(), Budget(max_tokens=limit), Spent(), max_repairs=1, reservations=held
        )
        assert [ask.grows for ask in wave.asks] == [True] * growing + [False] * (3 - growing)
        assert wave.spent.reserved == Reservation(300)
