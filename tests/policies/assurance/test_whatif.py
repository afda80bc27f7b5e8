"""What if: a past run decided again gives `same`, `flipped`, or honestly `undetermined`, in every branch."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from graph.teams.policies import load_policy
from policies.assurance.whatif import PastRound, PastRun, Rules, Verdict, decide_again
from policies.guards import Guard, examine
from policies.outcome import decide
from policies.table import DECISIONS, Policy
from policies.vote import Cast, Vote, rounds_blocked
from tests.policies.assurance.enumeration import CASTS, policy, random_policy, random_team

SEATS = ("risk", "legal", "sales")
ENDS_NO = {"when_rounds_end": "no_go"}
CALL = {"when": "block == 1", "then": "next_round", "convene": "people"}
CALLS = policy(CALL, ("block > 1", "no_go"), otherwise="go")
TALKS = policy(("block == 1", "next_round"), ("block > 1", "no_go"), otherwise="go")
FRAUD = Guard(name="fraud", fact="rate", at_least=5, cap="no_go")


def run_of(
    rules: Policy,
    rounds: Sequence[Sequence[Cast]],
    stopped: str = "",
    guards: tuple[Guard, ...] = (),
    max_rounds: int = 3,
    rate: float = 1,
) -> PastRun:
    """The run in which these votes were cast under a policy; a fourth cast is that of `people`, who joined."""
    facts = {"rate": rate}
    past: list[PastRound] = []
    for number, casts in enumerate(rounds, 1):
        earlier = [round_.vote.stances.values() for round_ in past]
        seats = dict(zip((*SEATS, "people"), casts, strict=False))
        vote = Vote(seats, 2, number, max_rounds, rounds_blocked(earlier))
        past.append(PastRound(vote, decide(rules, vote, examine(guards, facts)).final))
    last = past[-1].final if past else "next_round"
    ended = last if last in DECISIONS else "escalated" if last == "escalate" else stopped or "max_rounds_reached"
    return PastRun("t1", tuple(past), ended, facts, guards, rules.on_absent, frozenset((*SEATS, "people")))


GO: tuple[Cast, ...] = ("go", "go", "go")
LONE: tuple[Cast, ...] = ("go", "go", "block")
TWO: tuple[Cast, ...] = ("go", "block", "block")


# --- same and flipped ------------------------------------------------------------------------------------------------


def test_a_run_that_would_have_come_to_the_same_is_the_same() -> None:
    run = run_of(TALKS, [TWO])

    assert decide_again(run, Rules(load_policy("classic"))) == Verdict(
        "t1", "same", "no_go", "no_go", 1, 0, "two or more roles block"
    )


def test_a_run_that_would_have_come_to_something_else_is_flipped_by_a_row() -> None:
    run = run_of(load_policy("majority"), [LONE])

    assert run.ended == "go"
    assert decide_again(run, Rules(policy(("block == 0", "go"), ("block < 3", "no_go")))) == Verdict(
        "t1", "flipped", "go", "no_go", 1, 1
    )


def test_a_decision_in_an_earlier_round_is_told_with_its_round() -> None:
    run = run_of(TALKS, [LONE, LONE, GO])

    assert decide_again(run, Rules(policy(otherwise="no_go"))) == Verdict("t1", "flipped", "go", "no_go", 1)
    streak = policy(("block_streak == 2", "no_go"), ("block == 1", "next_round"), otherwise="go")
    assert decide_again(run, Rules(streak)) == Verdict("t1", "flipped", "go", "no_go", 2, 0)
    assert decide_again(run, Rules(policy(otherwise="go"))) == Verdict("t1", "same", "go", "go", 1)


def test_a_run_that_was_talked_over_is_followed_through_the_rounds_that_took_place() -> None:
    run = run_of(TALKS, [LONE, GO])

    assert decide_again(run, Rules(TALKS)) == Verdict("t1", "same", "go", "go", 2)
    mild = policy(("block == 1", "next_round"), otherwise="go_with_caution")
    assert decide_again(run, Rules(mild)) == Verdict("t1", "flipped", "go", "go_with_caution", 2)


def test_a_run_without_a_decision_flips_where_the_rounds_end_otherwise() -> None:
    run = run_of(TALKS, [LONE] * 3)

    assert run.ended == "max_rounds_reached"
    assert decide_again(run, Rules(TALKS)) == Verdict("t1", "same", "max_rounds_reached", "max_rounds_reached", 3, 0)
    ends = TALKS.model_copy(update=ENDS_NO)
    assert decide_again(run, Rules(ends)) == Verdict("t1", "flipped", "max_rounds_reached", "no_go", 3, 0)


def test_a_decision_flips_to_the_end_of_the_rounds() -> None:
    run = run_of(TALKS.model_copy(update=ENDS_NO), [LONE] * 3)

    assert decide_again(run, Rules(TALKS)) == Verdict("t1", "flipped", "no_go", "max_rounds_reached", 3, 0)


# --- a human ---------------------------------------------------------------------------------------------------------


def test_a_run_that_was_escalated_and_would_be_is_the_same() -> None:
    run = run_of(load_policy("launch"), [LONE, LONE])

    assert run.ended == "escalated"
    assert decide_again(run, Rules(load_policy("launch"))) == Verdict(
        "t1", "same", "escalated", "escalated", 2, 1, "a block stood for two rounds"
    )


def test_a_human_who_would_have_been_asked_leaves_it_undetermined() -> None:
    run = run_of(TALKS, [LONE, LONE, GO])

    assert decide_again(run, Rules(load_policy("launch"))) == Verdict(
        "t1", "undetermined", "go", None, 2, 1, "a human would have been asked after round 2"
    )


def test_a_human_who_would_have_been_asked_at_the_end_leaves_it_undetermined() -> None:
    run = run_of(TALKS, [LONE] * 3)
    verdict = decide_again(run, Rules(TALKS.model_copy(update={"when_rounds_end": "escalate"})))

    assert (verdict.answer, verdict.was, verdict.now) == ("undetermined", "max_rounds_reached", None)
    assert verdict.reason == "a human would have been asked after round 3"


def test_a_human_who_was_asked_later_on_was_not_asked_here() -> None:
    run = run_of(load_policy("launch"), [LONE, LONE])
    verdict = decide_again(run, Rules(policy(("block == 1", "escalate"), otherwise="go")))

    assert (verdict.answer, verdict.reason) == ("undetermined", "a human would have been asked after round 1")


# --- rounds that never took place ------------------------------------------------------------------------------------


def test_a_round_that_would_have_been_opened_leaves_it_undetermined() -> None:
    run = run_of(load_policy("majority"), [LONE])

    assert decide_again(run, Rules(TALKS)) == Verdict(
        "t1", "undetermined", "go", None, 1, 0, "round 2 never took place"
    )


def test_an_escalation_that_would_have_been_talked_over_is_undetermined() -> None:
    run = run_of(load_policy("launch"), [LONE, LONE])
    verdict = decide_again(run, Rules(load_policy("classic")))

    assert (verdict.answer, verdict.was, verdict.reason) == ("undetermined", "escalated", "round 3 never took place")


def test_a_run_that_stopped_inside_a_round_stops_there_again() -> None:
    run = run_of(TALKS, [LONE], stopped="llm_auth:risk")

    assert decide_again(run, Rules(load_policy("classic"))) == Verdict("t1", "same", "llm_auth:risk", "llm_auth:risk")
    assert decide_again(run, Rules(load_policy("majority"))) == Verdict(
        "t1", "flipped", "llm_auth:risk", "go", 1, 0, "more than half say go"
    )


def test_a_run_that_stopped_in_its_first_round_stops_there_again() -> None:
    run = run_of(TALKS, [], stopped="llm_timeout:risk")

    assert decide_again(run, Rules(load_policy("classic"))) == Verdict(
        "t1", "same", "llm_timeout:risk", "llm_timeout:risk"
    )
    assert decide_again(run, Rules(load_policy("quorum"))) == Verdict(
        "t1",
        "undetermined",
        "llm_timeout:risk",
        None,
        reason="absent roles count otherwise, and the round was not finished",
    )


def test_a_finished_round_does_not_ask_how_absent_roles_count() -> None:
    run = run_of(TALKS, [GO])

    assert decide_again(run, Rules(load_policy("quorum"))).answer == "same"


def test_a_role_that_was_absent_would_have_stopped_a_policy_that_counts_none() -> None:
    run = run_of(load_policy("quorum"), [("go", "go", "absent")])

    assert run.ended == "go"
    verdict = decide_again(run, Rules(load_policy("classic")))
    assert verdict.now != "go"
    assert verdict.answer != "same"


# --- roles that join -------------------------------------------------------------------------------------------------


def test_a_role_that_would_have_joined_leaves_it_undetermined() -> None:
    run = run_of(TALKS, [LONE, GO])

    assert decide_again(run, Rules(CALLS)) == Verdict(
        "t1", "undetermined", "go", None, 1, 0, "people would have joined in round 2"
    )


def test_a_role_that_joined_and_would_not_have_leaves_it_undetermined() -> None:
    run = run_of(CALLS, [LONE, (*GO, "caution")])

    assert decide_again(run, Rules(TALKS)) == Verdict(
        "t1", "undetermined", "go", None, 1, 0, "people joined in round 2, and would not have"
    )


def test_a_role_that_joined_and_would_have_tells_what_it_said() -> None:
    run = run_of(CALLS, [LONE, (*LONE, "go"), (*GO, "block")])
    strict = policy(CALL, otherwise="no_go", when_rounds_end="no_go")

    assert decide_again(run, Rules(CALLS)).answer == "same"
    assert decide_again(run, Rules(strict)) == Verdict("t1", "flipped", "max_rounds_reached", "no_go", 3, 0)


def test_a_role_that_the_team_cannot_convene_would_not_have_joined() -> None:
    run = replace(run_of(TALKS, [LONE, GO]), convenable=frozenset(SEATS))

    assert decide_again(run, Rules(CALLS)).answer == "same"


def test_another_role_that_would_have_joined_leaves_it_undetermined() -> None:
    run = run_of(CALLS, [LONE, (*GO, "go")])
    other = policy({**CALL, "convene": "finance"}, otherwise="go")
    named = replace(run, convenable=run.convenable | {"finance"})

    assert decide_again(named, Rules(other)).reason == "finance would have joined in round 2"
    assert decide_again(run, Rules(other)).reason == "people joined in round 2, and would not have"


# --- guards and votes needed -----------------------------------------------------------------------------------------


def test_the_guards_of_the_run_hold_unless_others_are_given() -> None:
    run = run_of(policy(otherwise="go"), [GO], guards=(FRAUD,), rate=7)
    always = policy(otherwise="go")

    assert run.ended == "no_go"
    assert decide_again(run, Rules(always)) == Verdict("t1", "same", "no_go", "no_go", 1, guards=("fraud",))
    assert decide_again(run, Rules(always, guards=())) == Verdict("t1", "flipped", "no_go", "go", 1)
    mild = Guard(name="mild", fact="rate", above=6, cap="go_with_caution")
    assert decide_again(run, Rules(always, guards=(mild,))) == Verdict(
        "t1", "flipped", "no_go", "go_with_caution", 1, guards=("mild",)
    )


def test_a_guard_that_is_given_is_named_also_where_nothing_can_be_said() -> None:
    run = run_of(load_policy("majority"), [LONE], rate=7)
    mild = Guard(name="mild", fact="rate", above=6, cap="go_with_caution")

    assert decide_again(run, Rules(TALKS, guards=(mild,))).guards == ("mild",)
    assert decide_again(run, Rules(TALKS, guards=(FRAUD,))) == Verdict(
        "t1", "flipped", "go", "no_go", 1, 0, guards=("fraud",)
    )


def test_the_votes_needed_are_those_of_the_run_unless_others_are_given() -> None:
    classic = load_policy("classic")
    run = run_of(classic, [("go", "go", "caution")])

    assert decide_again(run, Rules(classic)).answer == "same"
    assert decide_again(run, Rules(classic, min_go_votes=1)).answer == "same"
    assert decide_again(run, Rules(classic, min_go_votes=3)).reason == "round 2 never took place"
    last = run_of(classic, [("go", "go", "caution")], max_rounds=1)
    assert decide_again(last, Rules(classic, min_go_votes=3)) == Verdict(
        "t1", "flipped", "go_with_caution", "max_rounds_reached", 1
    )


# --- random ----------------------------------------------------------------------------------------------------------


def random_run(rng: random.Random, rules: Policy) -> PastRun:
    """Votes until the policy decides, asks a human, or the rounds end; or the run stops before."""
    team = random_team(rng, most=4)
    casts = CASTS if rules.on_absent == "count" else CASTS[:3]
    past: list[PastRound] = []
    while len(past) < team.max_rounds and (not past or past[-1].final == "next_round"):
        if rng.random() < 0.1:
            return PastRun("t", tuple(past), "llm_auth:risk", {}, (), rules.on_absent, frozenset())
        seats = {role: rng.choice(casts) for role in team.roles}
        streak = rounds_blocked([each.vote.stances.values() for each in past])
        limits = (team.min_go_votes, len(past) + 1, team.max_rounds, streak)
        vote = Vote(seats, *limits, weights=team.weights, vetoers=team.vetoers)
        past.append(PastRound(vote, decide(rules, vote).final))
    final = past[-1].final
    ended = {"next_round": "max_rounds_reached", "escalate": "escalated"}.get(final, final)
    return PastRun("t", tuple(past), ended, {}, (), rules.on_absent, frozenset())


@pytest.mark.parametrize("hundreds", range(3))
def test_a_run_decided_again_under_its_own_policy_is_always_the_same(hundreds: int) -> None:
    for seed in range(hundreds * 100, hundreds * 100 + 100):
        rng = random.Random(f"what if {seed}")
        rules = random_policy(rng, ("risk",))
        run = random_run(rng, rules)
        verdict = decide_again(run, Rules(rules))
        assert (verdict.answer, verdict.was, verdict.now) == ("same", run.ended, run.ended)


def test_another_policy_is_answered_by_the_first_round_in_which_it_ends_and_never_beyond_the_last_one() -> None:
    answers = set()
    for seed in range(300):
        rng = random.Random(f"another {seed}")
        ended, other = (
            each.model_copy(update={"on_absent": "stop"}) for each in (random_policy(rng, ("risk",)) for _ in range(2))
        )
        run = random_run(rng, ended)
        verdict = decide_again(run, Rules(other))
        finals = [decide(other, past.vote).final for past in run.rounds]
        first = next((number for number, final in enumerate(finals, 1) if final != "next_round"), None)
        answers.add(verdict.answer)
        if first is not None and finals[first - 1] in DECISIONS:
            assert (verdict.now, verdict.round) == (finals[first - 1], first)
        elif verdict.now is not None:
            assert verdict.now in ("escalated", "max_rounds_reached", run.ended)
        assert (verdict.answer == "undetermined") == (verdict.now is None)
        assert (verdict.answer == "same") == (verdict.now == run.ended)

    assert answers == {"same", "flipped", "undetermined"}
