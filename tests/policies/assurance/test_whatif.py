"""What if: a past run decided again gives `same`, `flipped`, or honestly `undetermined`, at the end of every round."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from graph.teams.policies import load_policy
from policies.assurance.past import PastRun, Rules, Verdict
from policies.assurance.tape import RoundEnd, Tape
from policies.assurance.whatif import decide_again
from policies.decision.guards import Guard
from policies.decision.outcome import decide
from policies.decision.table import DECISIONS, Policy
from policies.decision.vote import Cast, Vote
from policies.team.access import Access
from tests.policies.assurance.enumeration import CASTS, policy, random_policy
from tests.policies.assurance.tapes import SEATS, asks, run, talked

ENDS_NO = {"when_rounds_end": "no_go"}
CALL = {"when": "block == 1", "then": "next_round", "convene": "people"}
CALLS = policy(CALL, ("block > 1", "no_go"), otherwise="go")
TALKS = policy(("block == 1", "next_round"), ("block > 1", "no_go"), otherwise="go")
FRAUD = Guard(name="fraud", fact="rate", at_least=5, cap="no_go")

GO: tuple[Cast, ...] = ("go", "go", "go")
LONE: tuple[Cast, ...] = ("go", "go", "block")
TWO: tuple[Cast, ...] = ("go", "block", "block")


def again(past: PastRun, rules: Policy, **options: object) -> Verdict:
    return decide_again(past, Rules(rules, **options))  # type: ignore[arg-type]


# --- same and flipped ------------------------------------------------------------------------------------------------


def test_a_run_that_would_have_come_to_the_same_is_the_same() -> None:
    assert again(talked(TALKS, [TWO]), load_policy("classic")) == Verdict(
        "t1", "same", "no_go", "no_go", 1, 0, "two or more roles block"
    )


def test_a_run_that_would_have_come_to_something_else_is_flipped_by_a_row() -> None:
    past = talked(load_policy("majority"), [LONE])

    assert past.ended == "go"
    assert again(past, policy(("block == 0", "go"), ("block < 3", "no_go"))) == Verdict(
        "t1", "flipped", "go", "no_go", 1, 1
    )


def test_a_decision_in_an_earlier_round_is_told_with_its_round() -> None:
    past = talked(TALKS, [LONE, LONE, GO])

    assert again(past, policy(otherwise="no_go")) == Verdict("t1", "flipped", "go", "no_go", 1)
    streak = policy(("block_streak == 2", "no_go"), ("block == 1", "next_round"), otherwise="go")
    assert again(past, streak) == Verdict("t1", "flipped", "go", "no_go", 2, 0)
    assert again(past, policy(otherwise="go")) == Verdict("t1", "same", "go", "go", 1)


def test_a_run_that_was_talked_over_is_followed_through_the_rounds_that_took_place() -> None:
    past = talked(TALKS, [LONE, GO])

    assert again(past, TALKS) == Verdict("t1", "same", "go", "go", 2)
    mild = policy(("block == 1", "next_round"), otherwise="go_with_caution")
    assert again(past, mild) == Verdict("t1", "flipped", "go", "go_with_caution", 2)


def test_a_run_without_a_decision_flips_where_the_rounds_end_otherwise() -> None:
    past = talked(TALKS, [LONE] * 3)

    assert past.ended == "max_rounds_reached"
    assert again(past, TALKS) == Verdict("t1", "same", "max_rounds_reached", "max_rounds_reached", 3, 0)
    ended = TALKS.model_copy(update=ENDS_NO)
    assert again(past, ended) == Verdict("t1", "flipped", "max_rounds_reached", "no_go", 3, 0)


def test_a_decision_flips_to_the_end_of_the_rounds() -> None:
    past = talked(TALKS.model_copy(update=ENDS_NO), [LONE] * 3)

    assert again(past, TALKS) == Verdict("t1", "flipped", "no_go", "max_rounds_reached", 3, 0)


# --- a human ---------------------------------------------------------------------------------------------------------


def test_a_run_that_a_human_ended_who_would_have_been_asked_is_the_same() -> None:
    past = talked(load_policy("launch"), [LONE, LONE])

    assert past.ended == "human_stopped"
    assert again(past, load_policy("launch")) == Verdict(
        *("t1", "same", "human_stopped", "human_stopped", 2, 1, "whoever was asked ended the run without a decision")
    )


@pytest.mark.parametrize("rounds", [[LONE, LONE, GO], [LONE, LONE]])
def test_a_human_who_would_have_been_asked_leaves_it_undetermined(rounds: Sequence[Sequence[Cast]]) -> None:
    past = talked(TALKS, rounds, stopped="" if len(rounds) == 3 else "llm_auth")

    assert again(past, load_policy("launch")) == Verdict(
        "t1", "undetermined", past.ended, None, 2, 1, "a human would have been asked after round 2"
    )


def test_a_human_who_would_have_been_asked_at_the_end_leaves_it_undetermined() -> None:
    verdict = again(talked(TALKS, [LONE] * 3), TALKS.model_copy(update={"when_rounds_end": "escalate"}))

    assert (verdict.answer, verdict.was, verdict.now) == ("undetermined", "max_rounds_reached", None)
    assert verdict.reason == "a human would have been asked after round 3"


def test_a_human_who_was_asked_later_on_was_not_asked_here() -> None:
    verdict = again(talked(load_policy("launch"), [LONE, LONE]), policy(("block == 1", "escalate"), otherwise="go"))

    assert (verdict.answer, verdict.reason) == ("undetermined", "a human would have been asked after round 1")


def test_a_run_that_a_human_let_go_on_is_followed_into_the_next_round() -> None:
    human = policy(("block == 1", "escalate"), otherwise="go")
    past = talked(human, [LONE, GO])

    assert (again(past, human).answer, again(past, human).round) == ("same", 2)
    assert again(past, policy(("block == 1", "escalate"), otherwise="no_go")).answer == "flipped"
    assert again(past, TALKS).answer == "same"
    assert again(talked(human, [LONE], stopped="llm_auth"), human).answer == "same"
    assert again(talked(TALKS, [LONE], stopped="llm_auth"), human).answer == "undetermined"


# --- rounds that never took place ------------------------------------------------------------------------------------


def test_a_round_that_would_have_been_opened_leaves_it_undetermined() -> None:
    assert again(talked(load_policy("majority"), [LONE]), TALKS) == Verdict(
        "t1", "undetermined", "go", None, 1, 0, "round 2 never took place"
    )


def test_an_escalation_that_would_have_been_talked_over_is_undetermined() -> None:
    verdict = again(talked(load_policy("launch"), [LONE, LONE]), load_policy("classic"))

    assert (verdict.answer, verdict.was, verdict.reason) == (
        "undetermined",
        "human_stopped",
        "round 3 never took place",
    )


def test_a_run_that_stopped_inside_a_round_stops_there_again() -> None:
    past = talked(TALKS, [LONE], stopped="llm_auth")
    same = Verdict("t1", "same", "llm_auth", "llm_auth", reason="stopped at round_2:risk")

    assert again(past, load_policy("classic")) == same
    assert again(past, load_policy("majority")) == Verdict(
        "t1", "flipped", "llm_auth", "go", 1, 0, "more than half say go"
    )


# --- roles that join -------------------------------------------------------------------------------------------------


def test_a_role_that_would_have_joined_leaves_it_undetermined() -> None:
    assert again(talked(TALKS, [LONE, GO]), CALLS) == Verdict(
        "t1", "undetermined", "go", None, reason="people would have joined in round 2"
    )


def test_without_a_role_that_would_not_have_joined_the_others_decide() -> None:
    past = talked(CALLS, [LONE, (*GO, "caution")])

    assert again(past, TALKS) == Verdict("t1", "same", "go", "go", 2)
    most = policy(("block == 1", "next_round"), ("caution > 0", "no_go"), otherwise="go_with_caution")
    assert again(past, most) == Verdict("t1", "flipped", "go", "go_with_caution", 2)


def test_without_a_role_that_would_not_have_joined_no_further_round_is_known() -> None:
    past = talked(CALLS, [LONE, (*LONE, "go"), (*GO, "go")])

    assert again(past, TALKS) == Verdict(
        "t1", "undetermined", "go", None, 2, 0, "round 3 would have followed on other answers"
    )


def test_a_role_that_joined_and_would_have_tells_what_it_said() -> None:
    past = talked(CALLS, [LONE, (*LONE, "go"), (*GO, "block")])
    strict = policy(CALL, otherwise="no_go", when_rounds_end="no_go")

    assert again(past, CALLS).answer == "same"
    assert again(past, strict) == Verdict("t1", "flipped", "max_rounds_reached", "no_go", 3, 0)


def test_a_role_that_the_team_does_not_enable_or_know_does_not_join() -> None:
    few = frozenset(SEATS)
    past = replace(talked(TALKS, [LONE, GO]), access=Access(few, few))

    assert again(past, CALLS).answer == "same"
    assert again(past, policy({**CALL, "convene": "stranger"}, otherwise="go")).answer == "same"


def test_a_role_that_would_have_stayed_leaves_it_undetermined() -> None:
    lets_go = policy({"when": "block == 1", "then": "next_round", "release": "risk"}, otherwise="go")
    steps = (
        *(
            asks(1, risk="go", legal="go", sales="block"),
            RoundEnd(1, dict(zip(SEATS, LONE, strict=True)), "next_round", release="risk"),
        ),
        *(asks(2, legal="go", sales="go"), RoundEnd(2, {"legal": "go", "sales": "go"}, "go")),
    )
    past = run("go", *steps)

    assert again(past, lets_go) == Verdict("t1", "same", "go", "go", 2)
    assert again(past, TALKS).reason == "risk would have stayed in round 2"


def test_without_a_role_that_would_have_left_the_others_decide() -> None:
    past = talked(TALKS, [LONE, GO])
    lets_go = {"when": "block == 1", "then": "next_round", "release": "risk"}

    assert again(past, policy(lets_go, otherwise="go")) == Verdict("t1", "same", "go", "go", 2)
    assert again(past, policy(lets_go, ("team == 2", "no_go"), otherwise="go")).now == "no_go"
    assert again(past, policy({**lets_go, "release": "stranger"}, ("team == 2", "no_go"), otherwise="go")).now == "go"


def test_another_role_that_would_have_joined_leaves_it_undetermined() -> None:
    past = talked(CALLS, [LONE, (*GO, "go")])
    more = frozenset((*SEATS, "people", "finance"))
    named = replace(past, access=Access(more, more))

    assert again(named, policy({**CALL, "convene": "finance"}, otherwise="go")).reason == (
        "finance would have joined in round 2"
    )


# --- refused ---------------------------------------------------------------------------------------------------------


def test_a_policy_that_reads_a_role_that_the_run_does_not_have_is_refused_for_that_run() -> None:
    past = talked(TALKS, [LONE, GO])
    reads = ('stances.people == "go"', "go")

    assert again(past, policy(reads, otherwise="go")) == Verdict(
        "t1",
        "refused",
        "go",
        None,
        reason="the policy reads `stances.people`; the roles of the run: risk, legal, sales",
    )
    assert again(past, policy(('stances.risk == "go"', "go"), otherwise="go")).answer == "same"
    assert again(past, policy(('stances.all(role, stances[role] == "go")', "go"), otherwise="go")).answer == "same"


def test_a_role_that_could_have_joined_is_one_that_the_run_has() -> None:
    past = talked(CALLS, [LONE, (*GO, "go")])
    reads = policy(CALL, ('round > 1 && stances.people == "go"', "no_go"), otherwise="go")

    assert again(past, reads) == Verdict("t1", "flipped", "go", "no_go", 2, 1)
    few = frozenset(SEATS)
    assert again(replace(past, access=Access(few, few)), reads).answer == "refused"


def test_the_rules_of_a_team_with_a_role_that_the_run_does_not_have_are_refused() -> None:
    past = talked(TALKS, [GO])

    assert again(past, TALKS, roles=(*SEATS, "finance")).reason == (
        "the team has the role `finance`; the roles of the run: risk, legal, sales"
    )
    assert again(past, TALKS, roles=("risk", "people")).answer == "same"


# --- guards, votes needed, weights and vetoes ------------------------------------------------------------------------


def test_the_guards_of_the_run_hold_unless_others_are_given() -> None:
    past = talked(policy(otherwise="go"), [GO], guards=(FRAUD,), rate=7)
    always = policy(otherwise="go")

    assert past.ended == "no_go"
    assert again(past, always) == Verdict("t1", "same", "no_go", "no_go", 1, guards=("fraud",))
    assert again(past, always, guards=()) == Verdict("t1", "flipped", "no_go", "go", 1)
    mild = Guard(name="mild", fact="rate", above=6, cap="go_with_caution")
    assert again(past, always, guards=(mild,)) == Verdict(
        "t1", "flipped", "no_go", "go_with_caution", 1, guards=("mild",)
    )


def test_a_guard_that_is_given_is_named_also_where_nothing_can_be_said() -> None:
    past = talked(load_policy("majority"), [LONE], rate=7)
    mild = Guard(name="mild", fact="rate", above=6, cap="go_with_caution")

    assert again(past, TALKS, guards=(mild,)).guards == ("mild",)
    assert again(past, TALKS, guards=(FRAUD,)) == Verdict("t1", "flipped", "go", "no_go", 1, 0, guards=("fraud",))


def test_the_votes_needed_are_those_of_the_run_unless_others_are_given() -> None:
    classic = load_policy("classic")
    past = talked(classic, [("go", "go", "caution")])

    assert again(past, classic).answer == "same"
    assert again(past, classic, min_go_votes=1).answer == "same"
    assert again(past, classic, min_go_votes=3).reason == "round 2 never took place"
    last = talked(classic, [("go", "go", "caution")], max_rounds=1)
    assert again(last, classic, min_go_votes=3) == Verdict("t1", "flipped", "go_with_caution", "max_rounds_reached", 1)


def test_weights_and_vetoes_are_those_of_the_run_unless_others_are_given() -> None:
    heavy = policy(("weighted_block >= 5 || vetoes > 0", "no_go"), otherwise="go")
    past = replace(talked(TALKS, [LONE, GO]), weights={"sales": 5})

    assert again(past, heavy).now == "no_go"
    assert again(past, heavy, weights={}).now == "go"
    assert again(past, heavy, weights={}, vetoers=frozenset({"sales"})).now == "no_go"
    assert again(replace(past, weights={}, vetoers=frozenset({"sales"})), heavy).now == "no_go"


# --- random ----------------------------------------------------------------------------------------------------------


def random_run(rng: random.Random, rules: Policy) -> PastRun:
    """Votes until the policy decides, asks a human, or the rounds end; or the run stops before."""
    casts = CASTS if rules.on_absent == "count" else CASTS[:3]
    limit, rounds = rng.randint(1, 3), list[tuple[Cast, ...]]()
    stopped = rng.choice(["", "", "", "llm_auth"])
    while len(rounds) < limit:
        rounds.append(tuple(rng.choice(casts) for _ in SEATS))
        if talked(rules, rounds, max_rounds=limit).ended != "max_rounds_reached":
            break
    is_over = len(rounds) == limit or talked(rules, rounds, max_rounds=limit).ended in DECISIONS
    return talked(rules, rounds, "" if is_over else stopped, max_rounds=limit)


@pytest.mark.parametrize("hundreds", range(3))
def test_a_run_decided_again_under_its_own_policy_is_always_the_same(hundreds: int) -> None:
    for seed in range(hundreds * 100, hundreds * 100 + 100):
        rng = random.Random(f"what if {seed}")
        rules = random_policy(rng, ("risk",))
        past = random_run(rng, rules)
        verdict = again(past, rules)
        assert (verdict.answer, verdict.was, verdict.now) == ("same", past.ended, past.ended), (seed, past, verdict)


@pytest.mark.slow
def test_another_policy_is_answered_by_the_first_round_in_which_it_ends_and_never_beyond_the_last_one() -> None:
    answers = set()
    for seed in range(300):
        rng = random.Random(f"another {seed}")
        own, other = (
            each.model_copy(update={"on_absent": "stop"}) for each in (random_policy(rng, ("risk",)) for _ in range(2))
        )
        past = random_run(rng, own)
        verdict = again(past, other)
        finals = [decide(other, vote).final for vote in votes_of(past)]
        first = next((number for number, final in enumerate(finals, 1) if final != "next_round"), None)
        answers.add(verdict.answer)
        if first is not None and finals[first - 1] in DECISIONS:
            assert (verdict.now, verdict.round) == (finals[first - 1], first)
        elif verdict.now is not None:
            assert verdict.now in ("human_stopped", "max_rounds_reached", past.ended)
        assert (verdict.answer == "undetermined") == (verdict.now is None)
        assert (verdict.answer == "same") == (verdict.now == past.ended)

    assert answers == {"same", "flipped", "undetermined"}


def votes_of(past: PastRun) -> list[Vote]:
    """The votes of a run's finished rounds."""
    limits, found, blocked = past.tape.start.limits, list[Vote](), 0
    for step in past.tape.steps:
        if isinstance(step, RoundEnd):
            found.append(Vote(step.casts, limits.min_go_votes, step.round, limits.max_rounds, blocked))
            blocked = blocked + 1 if "block" in step.casts.values() else 0
    return found


def test_a_tape_without_a_step_is_a_run_that_never_began() -> None:
    past = PastRun("t1", "success", Tape(), SEATS, Access(frozenset(SEATS), frozenset(SEATS)))

    assert again(past, TALKS).reason == "round 1 never took place"
