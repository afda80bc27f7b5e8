"""Reenactment of runs whose roles sent messages, of runs that went on with accepted changes, and of votes."""

from dataclasses import replace

from policies.assurance.past import PastRun, Rules, Verdict
from policies.assurance.tape import Start
from policies.assurance.whatif import decide_again
from policies.contracts.answers import Accepted
from policies.decision.table import Policy
from policies.run.budgets import Spent
from policies.run.seats import Reseating
from policies.team.team import Budget
from tests.policies.assurance.enumeration import policy
from tests.policies.assurance.tapes import BROKEN, LATE, SEATS, asks, ends, gave, run, stops

STOP = policy(("block > 1", "no_go"), ("block == 1", "next_round"), otherwise="go")
MOST = policy(("2 * go > team", "go"), otherwise="next_round", on_absent="count")
ONE_ROUND = Start(Budget(max_rounds=1))


def again(past: PastRun, rules: Policy) -> Verdict:
    return decide_again(past, Rules(rules))


# --- questions -------------------------------------------------------------------------------------------------------

ASKING = policy(("open_questions > 0", "no_go"), ("2 * go > team", "go"), otherwise="next_round", on_absent="count")


def test_open_questions_are_those_of_the_run_where_the_same_answers_were_given() -> None:
    steps = (
        asks(1, offering=["legal"], risk="go", legal="go", sales="block"),
        ends(1, "next_round", "go", "go", "block", questions=1),
        *(asks(2, risk="go", legal="go", sales="go"), ends(2, "go", "go", "go", "go", questions=0)),
    )

    assert again(run("go", *steps, has_messages=True), ASKING) == Verdict("t1", "flipped", "go", "no_go", 1, 0)


def questioned(*offering: str) -> Verdict:
    """The run stopped at a role that answered later; the answers of these roles sent messages."""
    first = set(offering) - {"risk"}
    steps = (
        asks(1, offering=[*first], risk=LATE, legal="go", sales="go"),
        stops("llm_timeout", "round_1:risk", {}),
        asks(1, offering=[*offering] if "risk" in offering else [], risk="block"),
        ends(1, "next_round", "block", "go", "go", questions=len(offering)),
    )
    past = run("max_rounds_reached", *steps, stops("max_rounds_reached"), start=ONE_ROUND, has_messages=True)
    return again(past, ASKING)


def test_who_sent_messages_tells_whether_the_questions_left_open_are_known() -> None:
    assert questioned().now == "go"  # nobody sent any: none is open
    assert questioned("risk").now == "go"  # only an answer that this run would not have had
    assert questioned("legal").now == "no_go"  # the same answers sent them
    assert questioned("legal", "risk").reason == "which questions were open after round 1 is not known"


def test_an_unfinished_round_does_not_tell_which_questions_its_messages_left_open() -> None:
    first = asks(1, offering=["legal"], risk=LATE, legal="go", sales="go")
    past = run("llm_timeout", first, stops("llm_timeout", "round_1:risk"), has_messages=True)

    assert again(past, ASKING).answer == "undetermined"
    assert again(past, MOST).now == "go"


def test_questions_from_before_changes_were_accepted_are_not_known() -> None:
    start = Start(Budget(), 1, "next_round", Spent(3, 1))
    past = run(
        "llm_timeout",
        *(asks(2, risk=LATE, legal="go", sales="go"), stops("llm_timeout", "round_2:risk")),
        start=start,
        has_messages=True,
    )

    assert again(past, ASKING).answer == "undetermined"


def heard(*offering: str) -> Verdict:
    """The run stopped at a role that answered later, and people wrote before the round; one role sent messages late."""
    steps = (
        replace(asks(1, risk=LATE, legal="go", sales="go"), heard=True),
        stops("llm_timeout", "round_1:risk", {}),
        asks(1, offering=offering, risk="block"),
        ends(1, "next_round", "block", "go", "go", questions=1),
    )
    past = run("max_rounds_reached", *steps, stops("max_rounds_reached"), start=ONE_ROUND, has_messages=True)
    return again(past, ASKING)


def test_what_people_asked_is_open_in_every_course_of_a_round_and_known_where_its_answers_sent_the_same() -> None:
    assert heard().now == "no_go"
    assert heard("risk").reason == "which questions were open after round 1 is not known"


def test_an_unfinished_round_does_not_tell_which_questions_people_left_open() -> None:
    first = replace(asks(1, risk=LATE, legal="go", sales="go"), heard=True)
    past = run("llm_timeout", first, stops("llm_timeout", "round_1:risk"), has_messages=True)

    assert again(past, ASKING).answer == "undetermined"
    assert again(past, MOST).now == "go"


# --- after accepted changes ------------------------------------------------------------------------------------------


def test_what_came_before_accepted_changes_still_counts() -> None:
    """A round that blocked, the messages and rounds spent, and who was convened."""
    start = Start(Budget(max_messages=7), 1, "next_round", Spent(3, 1), 1, (Reseating("people"),))
    streak = policy(
        ("block_streak == 2", "no_go"), {"when": "round > 9", "then": "next_round", "convene": "people"}, otherwise="go"
    )
    steps = (asks(2, risk="go", legal="go", sales="block", people="go"), ends(2, "no_go", "go", "go", "block", "go"))

    assert again(run("no_go", *steps, start=start), streak) == Verdict("t1", "same", "no_go", "no_go", 2, 0)
    few = Start(Budget(max_messages=6), 1, "next_round", Spent(3, 1), 1, (Reseating("people"),))
    assert again(run("no_go", *steps, start=few), streak).now == "max_messages"
    last = Start(Budget(max_rounds=1), 1, "next_round", Spent(3, 1))
    assert again(run("no_go", *steps, start=last), streak) == Verdict("t1", "flipped", "no_go", "max_rounds_reached")


def test_a_round_that_was_open_when_changes_were_accepted_is_asked_again() -> None:
    start = Start(Budget(max_rounds=1), 1, None, Spent(3, 1))
    steps = (asks(1, risk="go", legal="go", sales="go"), ends(1, "go", "go", "go", "go"))

    assert again(run("go", *steps, start=start), STOP) == Verdict("t1", "same", "go", "go", 1)


# --- votes -----------------------------------------------------------------------------------------------------------

PROPOSED = asks(1, proposal=Accepted("chair", "proposal", {}))


def test_ballots_are_counted_once_and_decide_or_not() -> None:
    steps = (PROPOSED, asks(2, risk="go", legal="go", sales="block"), ends(2, "go", "go", "go", "block"))
    past = run("go", *steps, proposer="chair", enabled=frozenset((*SEATS, "chair")))

    assert again(past, policy(("go == team", "go"), otherwise="next_round")) == Verdict(
        "t1", "flipped", "go", "no_quorum", 1
    )
    assert again(past, MOST) == Verdict("t1", "same", "go", "go", 1, 0)


def test_ballots_without_a_quorum_have_none_again_or_decide() -> None:
    steps = (PROPOSED, asks(2, risk="go", legal="go", sales="block"), ends(2, "next_round", "go", "go", "block"))
    enabled = frozenset((*SEATS, "chair"))
    past = run("no_quorum", *steps, stops("no_quorum", "ballots"), proposer="chair", enabled=enabled)

    assert again(past, policy(("go == team", "go"), otherwise="next_round")).answer == "same"
    assert again(past, MOST).now == "go"


def test_a_ballot_may_be_absent_and_the_proposal_may_not() -> None:
    enabled = frozenset((*SEATS, "chair"))
    ballots = run(
        "llm_timeout",
        *(PROPOSED, asks(2, risk=LATE, legal="go", sales="go"), stops("llm_timeout", "ballots:risk")),
        proposer="chair",
        enabled=enabled,
    )
    proposal = run(
        "llm_timeout",
        *(asks(1, proposal=LATE), stops("llm_timeout", "proposal:chair")),
        proposer="chair",
        enabled=enabled,
    )

    assert again(ballots, STOP).answer == "same"
    assert again(ballots, MOST).now == "go"
    assert again(proposal, MOST).answer == "same"


def test_a_ballot_that_was_not_cast_again_leaves_it_undetermined() -> None:
    past = run(
        "llm_timeout",
        *(PROPOSED, asks(2, risk=LATE, legal=BROKEN, sales="go"), stops("llm_timeout", "ballots:risk")),
        proposer="chair",
        enabled=frozenset((*SEATS, "chair")),
    )

    assert again(past, MOST).reason == "legal was not asked again in round 2"


def test_a_seat_that_was_never_asked_in_its_round_leaves_it_undetermined() -> None:
    lowered = stops(None, "human", {"max_messages": 4})
    steps = (
        *(asks(1, risk="go", legal="block", sales="go"), ends(1, "escalate", "go", "block", "go"), lowered),
        *(gave("again"), asks(2, risk="go"), stops("max_messages", "round_2:legal")),
    )
    past = run("max_messages", *steps)

    assert again(past, STOP).reason == "legal was not asked in round 2"
