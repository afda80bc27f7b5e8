"""Reenactment: failures, repairs, absences, limits, stops from outside and resumes, decided as a run would have."""

import pytest

from policies.assurance.past import PastRun, Rules, Verdict
from policies.assurance.tape import Start
from policies.assurance.whatif import decide_again
from policies.decision.table import Policy
from policies.run.seats import Reseating
from policies.team.team import Budget
from tests.policies.assurance.enumeration import policy
from tests.policies.assurance.tapes import BROKEN, CUT, DOWN, KEY, LATE, SEATS, Happened, asks, ends, gave, run, stops

STOP = policy(("block > 1", "no_go"), ("block == 1", "next_round"), otherwise="go")
COUNT = STOP.model_copy(update={"on_absent": "count"})
MOST = policy(("2 * go > team", "go"), otherwise="next_round", on_absent="count")
ONE_ROUND = Start(Budget(max_rounds=1))
LATE_AT_RISK = "stopped at round_1:risk"


def again(past: PastRun, rules: Policy) -> Verdict:
    return decide_again(past, Rules(rules))


# --- absences --------------------------------------------------------------------------------------------------------


def test_an_absence_that_was_counted_stops_with_its_reason_a_policy_that_counts_none() -> None:
    past = run("go", asks(1, risk=LATE, legal=DOWN, sales="go"), ends(1, "go", "absent", "absent", "go"))

    assert again(past, COUNT).answer == "same"
    assert again(past, STOP) == Verdict("t1", "flipped", "go", "llm_timeout", reason=LATE_AT_RISK)


def test_the_first_role_in_sequence_that_failed_gives_the_reason() -> None:
    first = asks(1, risk=BROKEN, legal=DOWN, sales="go")
    past = run("go", first, asks(1, risk="go"), ends(1, "go", "go", "absent", "go"))

    assert again(past, STOP).now == "llm_error:503"


def test_a_broken_contract_beyond_repairs_is_an_absence_or_a_stop() -> None:
    steps = (asks(1, risk=BROKEN, legal="go", sales="go"), asks(1, risk=BROKEN))
    past = run("go", *steps, ends(1, "go", "absent", "go", "go"))

    assert again(past, COUNT).answer == "same"
    assert again(past, STOP) == Verdict("t1", "flipped", "go", "invalid_contribution:stance", reason=LATE_AT_RISK)


def test_repairs_that_the_team_allowed_from_a_resume_on_are_allowed_from_there() -> None:
    steps = (
        *(asks(1, risk="go", legal="go", sales="block"), ends(1, "escalate", "go", "go", "block")),
        *(gave("again"), stops("cancelled", None, {}, 0), asks(2, risk=BROKEN, legal="go", sales="go")),
    )
    asked = policy(("block == 1", "escalate"), otherwise="go")
    past = run("invalid_contribution:stance", *steps, stops("invalid_contribution:stance", "round_2:risk"))

    assert again(past, asked).answer == "same"


def test_a_stop_that_nobody_knows_to_have_been_resumed_leaves_it_undetermined() -> None:
    steps = (
        *(asks(1, risk=LATE, legal="go", sales="block"), ends(1, "next_round", "absent", "go", "block")),
        *(asks(2, risk=KEY, legal="go", sales="go"), stops("llm_auth", "round_2:risk", {})),
        *(asks(2, risk="go"), ends(2, "go", "go", "go", "go")),
    )
    past = run("go", *steps)

    assert again(past, COUNT).answer == "same"
    assert (
        again(past, STOP).reason
        == "it would have stopped with llm_timeout at round_1:risk, and might have been resumed"
    )
    broken = asks(1, risk=BROKEN, legal="go", sales="block")
    never = run("go", broken, *steps[1:], start=Start(max_repairs=0))
    assert (
        again(never, STOP).reason
        == "it would have stopped with invalid_contribution:stance at round_1:risk, and might have been resumed"
    )


def test_a_failure_that_stopped_the_run_is_an_absence_under_a_policy_that_counts_them() -> None:
    past = run("llm_timeout", asks(1, risk=LATE, legal="go", sales="go"), stops("llm_timeout", "round_1:risk"))

    assert again(past, STOP) == Verdict("t1", "same", "llm_timeout", "llm_timeout", reason=LATE_AT_RISK)
    assert again(past, MOST) == Verdict("t1", "flipped", "llm_timeout", "go", 1, 0)


def test_a_repair_that_was_made_after_a_resume_is_made_all_the_same() -> None:
    steps = (
        *(asks(1, risk=LATE, legal=BROKEN, sales="go"), stops("llm_timeout", "round_1:risk", {})),
        *(asks(1, risk="block", legal="go"), ends(1, "next_round", "block", "go", "go")),
    )
    past = run("max_rounds_reached", *steps, stops("max_rounds_reached"), start=ONE_ROUND)

    assert again(past, STOP).answer == "same"
    assert again(past, MOST) == Verdict("t1", "flipped", "max_rounds_reached", "go", 1, 0)


def test_a_repair_that_nobody_made_leaves_it_undetermined() -> None:
    past = run("llm_timeout", asks(1, risk=LATE, legal=BROKEN, sales="go"), stops("llm_timeout", "round_1:risk"))

    assert again(past, MOST) == Verdict(
        "t1", "undetermined", "llm_timeout", None, reason="legal was not asked again in round 1"
    )


@pytest.mark.parametrize(("messages", "now"), [(3, "max_messages"), (4, "go")])
def test_a_repair_is_made_within_the_messages_that_were_allowed_then(messages: int, now: str) -> None:
    """The resume of the run allowed more; this one was never resumed."""
    limits = Budget(max_messages=messages, max_rounds=1)
    resumed = stops("llm_timeout", "round_1:risk", {"max_messages": 9})
    steps = (asks(1, risk=LATE, legal=BROKEN, sales="go"), resumed, asks(1, risk="go", legal="go"))
    verdict = again(run("go", *steps, ends(1, "go", "go", "go", "go"), start=Start(limits)), MOST)

    assert verdict.now == (now if now == "go" else None)
    if now == "max_messages":
        assert "stopped with max_messages at round_1:legal, and might" in str(verdict.reason)


def test_absences_in_the_last_round_may_leave_it_undecided() -> None:
    past = run("llm_timeout", asks(1, risk=LATE, legal=DOWN, sales="go"), stops("llm_timeout", "round_1:risk"))
    last = run("llm_timeout", *past.tape.steps, start=ONE_ROUND)

    assert again(past, MOST).reason == "round 2 would have followed on other answers"
    assert again(last, MOST) == Verdict("t1", "flipped", "llm_timeout", "max_rounds_reached", 1)


def test_a_failure_that_always_stops_does_so_at_the_same_wave() -> None:
    past = run("llm_timeout", asks(1, risk=LATE, legal=KEY, sales="go"), stops("llm_timeout", "round_1:risk"))

    assert again(past, MOST) == Verdict("t1", "flipped", "llm_timeout", "llm_auth", reason="stopped at round_1:legal")


def test_a_role_that_is_absent_is_not_asked_again_where_the_run_was_resumed_alike() -> None:
    steps = (
        *(asks(1, risk=KEY, legal=LATE, sales="go"), stops("llm_auth", "round_1:risk", {})),
        *(asks(1, risk="go", legal="block"), ends(1, "next_round", "go", "block", "go")),
    )
    past = run("max_rounds_reached", *steps, stops("max_rounds_reached"), start=ONE_ROUND)

    assert again(past, MOST) == Verdict("t1", "flipped", "max_rounds_reached", "go", 1, 0)


# --- limits ----------------------------------------------------------------------------------------------------------


def test_the_messages_of_a_run_end_its_reenactment_where_they_ended_it() -> None:
    limits = Budget(max_messages=4, max_rounds=2)
    steps = (
        *(asks(1, risk="go", legal="go", sales="block"), ends(1, "next_round", "go", "go", "block")),
        *(asks(2, risk="go"), stops("max_messages", "round_2:legal")),
    )
    past = run("max_messages", *steps, start=Start(limits))

    assert again(past, STOP) == Verdict("t1", "same", "max_messages", "max_messages", reason="stopped at round_2:legal")


def test_no_message_that_is_left_stops_a_round_before_anybody_is_asked() -> None:
    limits = Budget(max_messages=3, max_rounds=2)
    steps = (asks(1, risk="go", legal="go", sales="block"), ends(1, "next_round", "go", "go", "block"))
    stopped = stops("max_messages", "round_2:risk")
    past = run("max_messages", *steps, stopped, start=Start(limits))

    assert again(past, STOP).reason == "stopped at round_2:risk"
    assert again(past, STOP).answer == "same"


def test_a_round_that_was_granted_on_a_resume_is_granted_where_the_run_stopped_alike() -> None:
    steps = (
        *(asks(1, risk="go", legal="go", sales="block"), ends(1, "next_round", "go", "go", "block")),
        *(stops("max_rounds_reached", None, {"max_rounds": 2}), asks(2, risk="go", legal="go", sales="go")),
        ends(2, "go", "go", "go", "go"),
    )
    past = run("go", *steps, start=ONE_ROUND)

    assert again(past, STOP).answer == "same"
    no = STOP.model_copy(update={"when_rounds_end": "no_go"})
    assert again(past, no) == Verdict("t1", "flipped", "go", "no_go", 1, 1)


def test_a_limit_that_was_raised_where_this_run_would_not_have_stopped_is_not_raised() -> None:
    steps = (
        *(asks(1, risk="go", legal="go", sales="block"), ends(1, "escalate", "go", "go", "block")),
        *(stops(None, "human", {"max_rounds": 3}), gave("again"), asks(2, risk="go", legal="go", sales="block")),
        *(ends(2, "next_round", "go", "go", "block"), asks(3, risk="go", legal="go", sales="go")),
        ends(3, "go", "go", "go", "go"),
    )
    past = run("go", *steps, start=Start(Budget(max_rounds=2)))

    assert (
        again(past, policy(("block == 1 && round == 1", "escalate"), ("block == 1", "next_round"), otherwise="go")).now
        == "go"
    )
    assert again(past, STOP) == Verdict("t1", "flipped", "go", "max_rounds_reached", 2, 1)


def test_who_resumed_a_run_on_other_limits_is_not_known_to_resume_this_one() -> None:
    steps = (
        *(asks(1, risk="go", legal="go", sales="block"), ends(1, "escalate", "go", "go", "block")),
        *(stops(None, "human", {"max_rounds": 9}), gave("again"), asks(2, risk=KEY, legal="go", sales="go")),
        *(stops("llm_auth", "round_2:risk", {"max_messages": 20}), asks(2, risk="go"), ends(2, "go", "go", "go", "go")),
    )
    asked = policy(("block == 1", "escalate"), otherwise="go")
    unchanged = (*steps[:2], *steps[3:])

    assert again(run("go", *steps), asked).answer == "same"
    assert again(run("go", *unchanged), STOP).answer == "same"
    assert again(run("go", *steps), STOP).reason == "whoever resumed it found limits that this run does not have"


def test_a_denied_role_stops_the_reenactment_too() -> None:
    past = run(
        "agent_denied:audit",
        *(asks(1, risk="go", legal="go", sales="go"), stops("agent_denied:audit", "round_1:audit")),
        sequence=(*SEATS, "audit"),
    )

    assert again(past, MOST).answer == "same"


# --- stops from outside ----------------------------------------------------------------------------------------------

TALKED = (asks(1, risk="go", legal="go", sales="block"), ends(1, "next_round", "go", "go", "block"))
SECOND = (asks(2, risk="go", legal="go", sales="go"), ends(2, "go", "go", "go", "go"))


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ((stops("needs_input:rate", "facts"),), "stopped at facts"),
        ((stops("cancelled"),), "stopped before round 1"),
        ((*TALKED, stops("cancelled")), "stopped before round 2"),
        ((*TALKED, stops("max_seconds", "round_2:risk")), "stopped at round_2:risk"),
        ((asks(1, risk=BROKEN, legal="go", sales="go"), stops("cancelled", "round_1:risk")), "stopped at round_1:risk"),
    ],
)
def test_a_run_that_was_stopped_from_outside_is_stopped_so_again(steps: tuple[Happened, ...], reason: str) -> None:
    last = str(getattr(steps[-1], "reason", None))

    assert again(run(last, *steps), COUNT) == Verdict("t1", "same", last, last, reason=reason)


def test_whoever_resumed_a_run_that_was_stopped_from_outside_resumes_it_again() -> None:
    resumed = (stops("facts_unavailable:facts.yaml", "facts", {}), *TALKED, stops("cancelled", None, {"max_rounds": 2}))

    assert again(run("go", *resumed, *SECOND, start=ONE_ROUND), STOP).answer == "same"
    assert again(run("go", *resumed, *SECOND), STOP).answer == "same"
    assert (
        again(run("go", stops("cancelled", None, {"max_rounds": 2}), *TALKED, *SECOND, start=ONE_ROUND), STOP).now
        == "go"
    )


def test_a_decision_comes_before_a_stop_from_outside() -> None:
    past = run("cancelled", *TALKED, stops("cancelled"))

    assert again(past, MOST) == Verdict("t1", "flipped", "cancelled", "go", 1, 0)


def test_a_brief_that_failed_is_no_part_of_the_decision() -> None:
    steps = (asks(1, risk="go", legal="go", sales="go"), ends(1, "go", "go", "go", "go"))
    past = run("go", *steps, stops("llm_timeout", "finalize", {}), stops("cancelled", None, {}))

    assert again(past, STOP).answer == "same"
    talks = policy(("round == 1", "next_round"), otherwise="no_go")
    assert again(past, talks).reason == "round 2 never took place"
    assert "might have been resumed" in str(again(run("go", *past.tape.steps, start=ONE_ROUND), talks).reason)


def test_work_that_was_cut_off_is_done_again_on_the_limits_it_was_gone_on_with() -> None:
    cut = asks(1, risk=CUT, legal=CUT, sales=CUT)
    steps = (cut, stops(None, None, {"max_messages": 6}), asks(1, risk="go", legal="go", sales="go"))
    past = run("go", *steps, ends(1, "go", "go", "go", "go"), start=Start(Budget(max_messages=3)))

    assert again(past, STOP).answer == "same"
    bare = run("go", cut, *steps[2:], ends(1, "go", "go", "go", "go"))
    assert again(bare, STOP).answer == "same"


# --- time, tokens and cost, whose use is not on the tape -------------------------------------------------------------

TOKENS = Budget(max_tokens=1_000)


def test_seats_that_tokens_kept_back_are_asked_as_they_were_then() -> None:
    steps = (asks(1, risk="go", legal="go"), asks(1, sales="block"))
    past = run("cancelled", *steps, ends(1, "next_round", "go", "go", "block"), stops("cancelled"), start=Start(TOKENS))

    assert again(past, STOP).answer == "same"
    assert again(past, MOST).now == "go"


def test_a_role_that_was_not_at_the_table_was_not_kept_back_by_tokens() -> None:
    calls = {"when": "round == 1", "then": "next_round", "convene": "people"}
    steps = (
        *(asks(1, risk="go", legal="go", sales="block"), ends(1, "next_round", "go", "go", "block")),
        *(asks(2, risk="go", legal="go", sales="go"), ends(2, "go", "go", "go", "go")),
    )

    joins = policy(calls, otherwise="go")
    assert again(run("go", *steps, start=Start(TOKENS)), joins).reason == "people would have joined in round 2"
    called = Start(TOKENS, changes=(Reseating("people"),))
    assert "time, tokens or cost" not in str(again(run("go", *steps, start=called), joins).reason)
    left = Start(TOKENS, changes=(Reseating("people"), Reseating(release="people")))
    assert again(run("go", *steps, start=left), joins).reason == "people would have joined in round 2"


def test_what_tokens_would_have_allowed_at_another_moment_is_not_known() -> None:
    steps = (
        *(asks(1, risk=LATE, legal=BROKEN, sales="go"), stops("llm_timeout", "round_1:risk", {})),
        *(asks(1, risk="go", legal="go"), ends(1, "go", "go", "go", "go")),
    )

    verdict = again(run("go", *steps, start=Start(TOKENS)), MOST)
    assert (verdict.answer, "time, tokens or cost" in str(verdict.reason)) == ("undetermined", True)


def test_an_answer_that_was_given_on_more_time_is_not_known_to_this_run() -> None:
    steps = (
        *(asks(1, risk=LATE, legal=BROKEN, sales="go"), stops("llm_timeout", "round_1:risk", {"max_seconds": 90.0})),
        *(asks(1, risk="go", legal="go"), ends(1, "go", "go", "go", "go")),
    )

    assert again(run("go", *steps), STOP).answer == "same"
    assert "time, tokens or cost" in str(again(run("go", *steps), MOST).reason)


def test_a_round_that_was_held_on_more_time_is_not_known_to_this_run() -> None:
    steps = (
        *(asks(1, risk="go", legal="go", sales="block"), ends(1, "escalate", "go", "go", "block")),
        *(stops(None, "human", {"max_seconds": 90.0}), gave("again"), asks(2, risk="go", legal="go", sales="go")),
        ends(2, "go", "go", "go", "go"),
    )

    assert again(run("go", *steps), policy(("block == 1", "escalate"), otherwise="go")).answer == "same"
    assert "time, tokens or cost" in str(again(run("go", *steps), STOP).reason)
