"""People in past runs: what they gave counts where they would have been asked the same, and is unknown elsewhere."""

from dataclasses import replace

import pytest

from policies.assurance.past import PastAnswer, PastRun, People, Rules, Verdict
from policies.assurance.tape import Exchange, Start, TapeStep
from policies.assurance.whatif import decide_again
from policies.decision.guards import Guard
from policies.decision.table import Policy
from policies.people.question import Word
from policies.team.people import Deciders, Escalation
from policies.team.team import Budget
from tests.policies.assurance.enumeration import policy
from tests.policies.assurance.tapes import KEY, LATE, Happened, asks, ends, gave, run, said, stops

ASKS = policy(("block == 1", "escalate"), otherwise="go")
TALKS = policy(("block == 1", "next_round"), otherwise="go")
LONE: tuple[Happened, ...] = (asks(1, risk="go", legal="go", sales="block"), ends(1, "escalate", "go", "go", "block"))
ALL_GO: tuple[Happened, ...] = (asks(2, risk="go", legal="go", sales="go"), ends(2, "go", "go", "go", "go"))
DECIDED: tuple[Happened, ...] = (asks(1, risk="go", legal="go", sales="go"), ends(1, "go", "go", "go", "go"))
OWNER = People(signers=("owner",))
SOME, OTHERS = (People(Escalation(decide=Deciders(by=(name,)))) for name in ("cfo", "cto"))
GUARD = Guard(name="rate", fact="rate", at_least=1, cap="go_with_caution")


def again(past: PastRun, rules: Policy, **more: object) -> Verdict:
    return decide_again(past, Rules(rules, **more))  # type: ignore[arg-type]


# --- decisions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["go", "go_with_caution", "no_go"])
def test_what_people_decided_counts_where_they_are_asked_the_same(word: Word) -> None:
    past = run(word, *LONE, gave(word))

    assert again(past, ASKS) == Verdict("t1", "same", word, word, 1, 0, "people decided")
    assert again(past, policy(("block > 0", "escalate"), otherwise="no_go")).answer == "same"
    assert again(past, policy(otherwise="no_go")).answer == ("same" if word == "no_go" else "flipped")
    assert again(past, TALKS).reason == "round 2 never took place"


def test_who_was_not_asked_or_after_another_round_may_give_anything() -> None:
    assert again(run("go", *DECIDED), policy(otherwise="escalate")) == Verdict(
        "t1", "undetermined", "go", None, 1, None, "a human would have been asked after round 1"
    )
    late = run("go", asks(1, risk=LATE, legal="go", sales="block"), ends(1, "escalate", "absent", "go", "block"))
    counting = replace(late, tape=replace(late.tape, steps=(*late.tape.steps, gave("go"))))
    assert again(counting, ASKS.model_copy(update={"on_absent": "count"})).answer == "same"
    assert again(counting, ASKS).now == "llm_timeout"


def test_other_people_or_other_times_may_give_anything() -> None:
    past = run("go", *LONE, gave("go"), people=SOME)

    assert again(past, ASKS, people=SOME).answer == "same"
    for other in (OTHERS, People(SOME.escalate.model_copy(update={"expires_after": "1h", "on_timeout": "stop"}))):
        assert again(past, ASKS, people=other).reason == (
            "other people would have been asked in round 1, or for another time"
        )
    assert again(past, ASKS, people=replace(SOME, signers=("owner",))).answer == "same"


@pytest.mark.parametrize("guards", [(), (GUARD.model_copy(update={"cap": "no_go"}),)])
def test_who_is_offered_other_decisions_may_give_anything(guards: tuple[Guard, ...]) -> None:
    past = run("go_with_caution", *LONE, gave("go_with_caution"), guards=(GUARD,), facts={"rate": 1})

    assert again(past, ASKS).answer == "same"
    assert again(past, ASKS, guards=(GUARD.model_copy(update={"name": "other"}),)).answer == "same"
    found = again(past, ASKS, guards=guards)
    offered = "people would have been offered other decisions after round 1"
    assert found.reason == offered if guards == () else found.now == "no_go"


def test_who_may_allow_a_round_here_and_could_not_then_may_give_anything() -> None:
    start = Start(Budget(max_rounds=1))
    steps = (
        *LONE,
        stops(None, "human", {"max_rounds": 2}),
        gave("again"),
        asks(2, risk="go", legal="go", sales="block"),
    )
    past = run("go", *steps, ends(2, "escalate", "go", "go", "block"), gave("go", 2), start=start)

    assert again(past, ASKS).answer == "same"
    other = policy(("block == 1 && round == 1", "next_round"), ("block == 1", "escalate"), otherwise="go")
    assert again(past, other).now is None
    three = run(
        "go",
        *(*LONE, stops(None, "human", {"max_rounds": 9}), gave("again"), *steps[-1:]),
        *(ends(2, "escalate", "go", "go", "block"), gave("go", 2)),
        start=Start(Budget(max_rounds=2)),
    )
    assert again(three, ASKS).answer == "same"
    assert (again(three, other).reason or "").startswith("the run had other limits by then")


def test_a_run_whose_rounds_were_lowered_while_people_were_asked_keeps_its_own_where_they_are_not() -> None:
    lone = (asks(2, risk="go", legal="go", sales="block"), ends(2, "next_round", "go", "go", "block"))
    last = (asks(3, risk="go", legal="go", sales="go"), ends(3, "go", "go", "go", "go"))
    lowered = (stops(None, "human", {"max_rounds": 2}), gave("again"))
    past = run("go", *LONE, *lowered, *lone, stops("max_rounds_reached", None, {"max_rounds": 5}), *last)
    asked_first = policy(("block == 1 && round == 1", "escalate"), ("block == 1", "next_round"), otherwise="go")

    assert again(past, asked_first).answer == "same"
    assert again(past, TALKS) == Verdict("t1", "same", "go", "go", 3)


def test_a_round_that_somebody_gave_a_reason_for_was_asked_in_other_words() -> None:
    silent = run("go", *LONE, gave("again"), *ALL_GO)
    noted = run("go", *LONE, replace(gave("again"), noted=True), *ALL_GO)

    assert (again(silent, TALKS).answer, again(noted, ASKS).answer) == ("same", "same")
    assert again(noted, TALKS).reason == "people gave reasons for round 2"


def test_a_stop_while_people_were_asked_comes_again() -> None:
    halted = run("go", *LONE, stops("cancelled", None, {}), gave("again"), *ALL_GO)
    for rules in (ASKS, TALKS):
        assert again(halted, rules).answer == "same"
    assert again(run("cancelled", *LONE, stops("cancelled")), ASKS).answer == "same"
    allowed = run("go", *LONE, gave("again"), stops("cancelled", None, {}), *ALL_GO)
    for rules in (ASKS, TALKS):
        assert again(allowed, rules).answer == "same"


# --- names -----------------------------------------------------------------------------------------------------------


def test_a_decision_is_one_once_it_is_signed() -> None:
    past = run("go", *DECIDED, gave("go", 1, "sign_off"), people=OWNER)

    assert again(past, ASKS) == Verdict("t1", "same", "go", "go", 1)
    assert again(past, policy(otherwise="no_go")).reason == "people would have been asked to sign no_go after round 1"
    assert again(past, policy(otherwise="no_go"), people=People()).now == "no_go"
    assert again(past, policy(otherwise="escalate")).reason == "a human would have been asked after round 1"
    assert again(past, ASKS, people=People(signers=("cfo",))).answer == "undetermined"
    assert again(run("go", *DECIDED), ASKS, people=OWNER).answer == "undetermined"


def test_who_has_to_sign_may_end_the_run_refuse_by_silence_or_let_the_team_talk() -> None:
    ended = run("human_stopped", *DECIDED, gave("stop", 1, "sign_off"), people=OWNER)
    assert again(ended, ASKS).answer == "same"
    silent = run("no_go", *DECIDED, gave("no_go", 1, "sign_off"), people=OWNER)
    assert again(silent, ASKS).reason == "nobody answered in time"
    steps = (*DECIDED, gave("again", 1, "sign_off"), *ALL_GO, gave("go", 2, "sign_off"))
    past = run("go", *steps, people=OWNER)
    assert (again(past, ASKS).answer, again(past, ASKS).round) == ("same", 2)
    talks = policy(("round == 1", "next_round"), otherwise="go")
    assert again(past, talks).reason == "round 2 never took place"


def test_a_brief_that_fails_before_it_is_signed_ends_the_run_or_is_resumed() -> None:
    failed = run("llm_auth", *DECIDED, stops("llm_auth", "finalize"), people=OWNER)
    assert (again(failed, ASKS).answer, again(failed, ASKS).reason) == ("same", "stopped at finalize")
    assert again(failed, policy(otherwise="no_go")).answer == "undetermined"
    steps = (*DECIDED, stops("llm_auth", "finalize", {}), gave("go", 1, "sign_off"))
    assert again(run("go", *steps, people=OWNER), ASKS).answer == "same"


# --- seats -----------------------------------------------------------------------------------------------------------

HUMAN = frozenset({"risk", "legal"})
FIRST = asks(1, sales="go")


def late(number: int, **given: str) -> Exchange:
    return Exchange(number, {role: said(role, stance) for role, stance in given.items()}, is_late=True)


def with_people(ended: str, *steps: TapeStep | stops) -> PastRun:
    return run(ended, *steps, human=HUMAN)


def test_seats_of_people_are_asked_after_all_others() -> None:
    past = with_people("go", FIRST, asks(1, risk="go", legal="go"), ends(1, "go", "go", "go", "go"))

    assert again(past, ASKS).answer == "same"
    assert again(replace(past, human=frozenset()), ASKS).answer == "same"
    assert again(replace(past, human=frozenset({"sales"})), ASKS).answer == "same"


def test_a_seat_that_was_left_empty_is_asked_again_at_the_price_of_a_message() -> None:
    steps = (FIRST, asks(1, risk=None, legal=None), gave("again", 1, "contribute"), late(1, legal="go"))
    start = Start(Budget(max_messages=4))
    past = run("go", *steps, asks(1, risk="go"), ends(1, "go", "go", "go", "go"), start=start, human=HUMAN)
    assert again(past, ASKS).answer == "same"
    few = run(
        "max_messages", *steps, stops("max_messages", "round_1:risk"), human=HUMAN, start=Start(Budget(max_messages=3))
    )
    assert again(few, ASKS).answer == "same"
    other = People(Escalation(expires_after="1h", on_timeout="stop"))
    assert (again(past, ASKS, people=other).reason or "").startswith("other people would have been asked")


@pytest.mark.parametrize(("word", "ended"), [("no_go", "no_go"), ("stop", "human_stopped")])
def test_a_seat_that_was_left_empty_may_end_the_run(word: Word, ended: str) -> None:
    past = with_people(ended, FIRST, asks(1, risk=None, legal="go"), gave(word, 1, "contribute"))

    assert (again(past, ASKS).answer, again(past, ASKS).round) == ("same", None)


def test_a_limit_raised_while_a_seat_waited_is_raised_again() -> None:
    raised = stops(None, "human", {"max_messages": 20})
    steps = (FIRST, asks(1, risk=None, legal=None), raised, late(1, risk="go", legal="go"))
    past = with_people("go", *steps, ends(1, "go", "go", "go", "go"))

    assert again(past, ASKS).answer == "same"


def test_who_was_silent_is_not_asked_at_another_moment() -> None:
    counts = ASKS.model_copy(update={"on_absent": "count"})
    steps = (asks(1, sales=KEY), stops("llm_auth", "round_1:sales", {"max_messages": 50}), asks(1, sales="go"))
    asked = (asks(1, risk=None, legal="go"), gave("again", 1, "contribute"), asks(1, risk="go"))
    past = with_people("go", *steps, *asked, ends(1, "go", "go", "go", "go"))
    assert again(past, ASKS).answer == "same"

    answers: set[PastAnswer] = set()
    late_first = with_people("go", asks(1, sales=LATE), stops("llm_timeout", "round_1:sales", {}), *steps[2:], *asked)
    for rules in (ASKS, counts):
        answers.add(again(late_first, rules).answer)
    assert "undetermined" in answers
    assert again(late_first, counts).reason == ("who was silent in round 1 would have been asked at another moment")
