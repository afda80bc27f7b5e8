"""Seats of a stage: several of one role, what they are called, and teams that answer for them."""

import pytest

from policies.contracts.answers import Accepted, Refusal
from policies.contracts.contribution import Contribution
from policies.run.budgets import Spent
from policies.run.seats import Failure, Reply, Seat, casts_of, is_full, phase_at, repair_of
from policies.run.stop import Stop
from policies.run.usage import Reservation
from policies.run.waves import Ask, Settlement, Wave, plan_wave, settle
from policies.team.access import Access
from policies.team.team import Budget

ANN, BOB = "ann", "bob"
EVERYBODY = Access(frozenset({ANN, BOB}), frozenset({ANN, BOB}))
FIRST, SECOND = Seat(ANN, label="step_1"), Seat(ANN, label="step_2")
CHECKED = Refusal("invalid_output:ann", {"text": ""}, "text")
WHOLE = Refusal("invalid_plan:empty", {})


def output(role: str = ANN) -> Accepted:
    return Accepted(role, "output", {"text": "Done."})


def planned(*seats: Seat, most: int = 12, spent: int = 0, **reserved: Reservation) -> Wave:
    return plan_wave(seats, "steps", EVERYBODY, Budget(max_messages=most), Spent(spent), 1, reserved)


def settled(wave: Wave, *seats: Seat, absent: bool = False, **replies: Reply) -> Settlement:
    return settle(seats, replies, wave, "steps", 1, absent)


def team(messages: int) -> Reservation:
    return Reservation(messages=messages)


@pytest.mark.parametrize(
    ("where", "seat", "phase"),
    [
        (2, Seat(ANN), "round_2:ann"),
        ("opening", Seat(ANN), "opening:ann"),
        ("steps", FIRST, "step_1:ann"),
        (2, FIRST, "step_1:ann"),
    ],
)
def test_the_phase_of_a_seat_is_its_own_name_where_it_has_one(where: int | str, seat: Seat, phase: str) -> None:
    assert phase_at(where, seat) == phase


@pytest.mark.parametrize(
    ("refusal", "told"), [(None, None), (CHECKED, "invalid_output:ann:text"), (WHOLE, "invalid_plan:empty")]
)
def test_a_repair_is_told_the_check_that_failed(refusal: Refusal | None, told: str | None) -> None:
    assert repair_of(Seat(ANN, refusals=1, refusal=refusal)) == told


def test_seats_of_one_role_are_asked_at_once_each_by_its_name() -> None:
    wave = planned(FIRST, SECOND, Seat(BOB))
    assert [(ask.name, ask.role, ask.label) for ask in wave.asks] == [
        ("step_1", ANN, "step_1"),
        ("step_2", ANN, "step_2"),
        (BOB, BOB, None),
    ]
    after = settled(wave, FIRST, SECOND, step_2=output())
    assert [(seat.name, seat.is_settled) for seat in after.seats] == [("step_1", False), ("step_2", True)]
    assert (after.seats[1].accepted, after.stop) == (output(), None)


def test_a_broken_output_is_repaired_in_its_seat_and_then_stops_the_run_there() -> None:
    first = settled(planned(FIRST, SECOND), FIRST, SECOND, step_1=output(), step_2=CHECKED)
    assert first.stop is None
    wave = planned(*first.seats)
    assert wave.asks == (Ask(ANN, 2, "invalid_output:ann:text", "step_2"),)
    again = settled(wave, *first.seats, step_2=CHECKED)
    assert (again.stop, again.raw) == (Stop("invalid_output:ann", "step_2:ann"), {"text": ""})


def test_a_seat_that_failed_for_good_is_absent_where_the_stage_bears_it() -> None:
    after = settled(planned(FIRST, SECOND), FIRST, SECOND, absent=True, step_1=Failure("llm_timeout"), step_2=output())
    assert [seat.absent for seat in after.seats] == ["llm_timeout", None]
    assert after.stop is None
    assert is_full(after.seats)


def test_an_output_casts_nothing() -> None:
    said = Contribution(BOB, "go", "Fine.", 0.9, ("Go on.",)).accepted
    assert casts_of([Seat(ANN, output()), Seat(BOB, said)]) == {ANN: "absent", BOB: "go"}


def test_a_team_is_granted_the_messages_it_may_use() -> None:
    wave = planned(Seat(ANN), Seat(BOB), ann=team(5))
    assert [(ask.role, ask.messages) for ask in wave.asks] == [(ANN, 5), (BOB, 1)]
    assert wave.spent.messages == 6


@pytest.mark.parametrize(("messages", "stop"), [(5, None), (1, Stop("max_messages", "steps:bob"))])
def test_who_found_no_message_left_waits_for_a_team_that_may_not_use_all_of_its_own(
    messages: int, stop: Stop | None
) -> None:
    wave = planned(Seat(ANN), Seat(BOB), most=messages, ann=team(messages))
    assert (len(wave.asks), wave.blocked) == (1, Stop("max_messages", "steps:bob"))
    assert settled(wave, Seat(ANN), Seat(BOB), ann=output()).stop == stop


@pytest.mark.parametrize(
    ("reason", "waits"), [("max_tokens", True), ("max_cost", True), ("max_seconds", False), ("agent_denied:bob", False)]
)
@pytest.mark.parametrize("messages", [1, 5])
def test_a_reservation_may_fit_later_a_deadline_and_a_denial_never(reason: str, waits: bool, messages: int) -> None:
    stop = Stop(reason, "steps:bob")
    wave = Wave((Ask(ANN, 1, messages=messages),), stop, Spent(messages))
    assert settled(wave, Seat(ANN), Seat(BOB), ann=output()).stop == (None if waits else stop)
    nobody = Wave((), stop, Spent(messages))
    assert settled(nobody, Seat(ANN, output()), Seat(BOB)).stop == stop


@pytest.mark.parametrize(
    ("reason", "may"),
    [
        ("max_rounds_reached", True),
        ("max_turns_reached", True),
        ("no_quorum", True),
        ("step_failed:2", True),
        ("invalid_plan:empty", True),
        ("invalid_output:ann", True),
        ("invalid_verdict:reasons", True),
        ("invalid_assignment:empty", True),
        ("max_messages", False),
        ("max_seconds", False),
        ("max_tokens", False),
        ("max_cost", False),
        ("agent_denied:ann", False),
        ("cancelled", False),
        ("needs_input:rate", False),
        ("llm_auth", False),
        ("llm_error:50", False),
        ("llm_error:5030", False),
    ],
)
def test_a_team_that_came_to_nothing_by_itself_may_be_absent(reason: str, may: bool) -> None:
    assert Stop.parse(reason).may_be_absent == may
