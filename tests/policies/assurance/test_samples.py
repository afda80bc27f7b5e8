"""Checks in past runs: their samples are decided again where they were asked for, and unknown elsewhere."""

from dataclasses import replace
from typing import Any

import pytest

from policies.assurance.past import PastRun, People, Rules, Verdict
from policies.assurance.tape import Checked, tape_from
from policies.assurance.taping import taped
from policies.assurance.whatif import decide_again
from policies.decision.marks import Marks
from policies.decision.stability import Sample
from policies.decision.table import Policy
from policies.decision.vote import Cast
from policies.team.stability import Stability
from policies.team.team import Budget
from tests.policies.assurance.enumeration import policy
from tests.policies.assurance.tapes import Happened, asks, ends, gave, run, stops
from tests.policies.assurance.test_tape import accepted, admitted, asked, event, finished, outcome, resumed

CLASSIC = policy(("block >= 2", "no_go"), ("block == 1", "next_round"), otherwise="go")
STRICT = policy(("block >= 1", "no_go"), otherwise="go")
LOOSE = policy(otherwise="go")
CHECK = Stability(samples=3, max_flip_rate=0.4, max_messages=9)
STOPS = Stability(samples=3, max_flip_rate=0.4, max_messages=9, otherwise="stop")
DECIDED: tuple[Happened, ...] = (asks(1, risk="go", legal="go", sales="go"), ends(1, "go", "go", "go", "go"))
OTHER_CHECK = "round 1 would have been asked again, to see whether its decision holds"
OWNER = People(signers=("owner",))


def samples(*blocks: int, number: int = 1) -> Checked:
    """A check whose samples had so many blocks each; -1 for one that was not completed."""
    completed = {place: each for place, each in enumerate(blocks, 1) if each >= 0}
    return Checked(number, len(blocks), {place: sample(each) for place, each in completed.items()})


def sample(blocks: int) -> Sample:
    """A sample in which so many roles block, and the others go."""
    casts: dict[str, Cast] = {
        role: "block" if place < blocks else "go" for place, role in enumerate(("risk", "legal", "sales"))
    }
    return Sample(casts, (0.9, 0.9, 0.9))


def checked(ended: str, *steps: Happened, stability: Stability | None = CHECK, **more: Any) -> PastRun:
    """A run of a team that checks its decisions."""
    return replace(run(ended, *steps, **more), stability=stability)


def again(past: PastRun, rules: Policy, **more: Any) -> Verdict:
    return decide_again(past, Rules(rules, **more))


def whole(past: PastRun, rules: Policy, stability: Stability | None, **more: Any) -> Verdict:
    """Decided by a whole team, whose check is its own."""
    return again(past, rules, roles=past.sequence, stability=stability, **more)


def test_a_decision_that_held_is_announced_under_its_own_rules_and_held_against_others() -> None:
    past = checked("go", *DECIDED, samples(0, 1, 0))

    assert again(past, CLASSIC) == Verdict("t1", "same", "go", "go", 1)
    assert again(past, LOOSE).answer == "same"
    two = checked("go", *DECIDED, samples(1, 1, 0), stability=replace_rate(0.7))
    assert again(two, CLASSIC).now == "go"
    assert whole(two, STRICT, CHECK).reason == "a human would have been asked after round 1"
    assert whole(two, STRICT, STOPS).now == "unstable_decision"
    assert whole(two, LOOSE, CHECK).now == "go"


def replace_rate(rate: float) -> Stability:
    return CHECK.model_copy(update={"max_flip_rate": rate})


@pytest.mark.parametrize("word", ["go", "no_go"])
def test_what_people_gave_after_a_check_counts_where_it_leaves_it_to_them_again(word: Any) -> None:
    past = checked(word, *DECIDED, samples(2, 2, 0), gave(word))

    assert again(past, CLASSIC) == Verdict("t1", "same", word, word, 1, None, "people decided")
    assert again(past, LOOSE).now == "go"
    assert again(past, policy(otherwise="escalate")).now == word
    assert whole(past, CLASSIC, None).now == "go"


def test_a_round_that_followed_on_a_check_was_asked_in_the_words_of_that_decision() -> None:
    later = (asks(2, risk="go", legal="go", sales="go"), ends(2, "go", "go", "go", "go"), samples(0, 0, 0, number=2))
    past = checked("go", *DECIDED, samples(2, 2, 0), gave("again"), *later)

    assert again(past, CLASSIC).answer == "same"
    other = policy(("round == 1 && block == 0", "no_go"), ("block >= 2", "go"), otherwise="go")
    assert again(past, other).reason == "the round after round 1 was asked in other words"
    assert again(past, policy(("round == 1", "next_round"), otherwise="go")).now is None
    assert again(past, policy(("round == 1", "escalate"), otherwise="go")).now is None


def test_a_decision_that_was_not_checked_then_is_unknown_where_it_would_be() -> None:
    unchecked = run("go", *DECIDED)
    assert whole(unchecked, CLASSIC, CHECK) == Verdict("t1", "undetermined", "go", None, 1, None, OTHER_CHECK)
    assert whole(unchecked, CLASSIC, None).answer == "same"
    past = checked("go", *DECIDED, samples(0, 0, 0))
    assert whole(past, CLASSIC, CHECK.model_copy(update={"samples": 2})).reason == OTHER_CHECK
    assert whole(past, CLASSIC, None).now == "go"


def test_a_sample_without_all_answers_does_not_count_and_none_at_all_is_unstable() -> None:
    past = checked("go", *DECIDED, samples(-1, 0, -1), stability=replace_rate(0.0))
    assert again(past, CLASSIC).answer == "same"
    none = checked("unstable_decision", *DECIDED, samples(-1, -1), stops("unstable_decision", "round_1"))
    none = replace(none, stability=STOPS.model_copy(update={"samples": 2}))
    assert again(none, LOOSE).answer == "same"


def test_a_check_that_stopped_the_run_is_made_again_where_somebody_resumed_it() -> None:
    stop = stops("unstable_decision", "round_1", {})
    past = checked("go", *DECIDED, samples(2, 2, 2), stop, samples(0, 0, 0), stability=STOPS)

    assert again(past, CLASSIC).answer == "same"
    assert again(past, LOOSE).now == "go"
    assert whole(past, CLASSIC, CHECK).reason == "a human would have been asked after round 1"
    steady = checked("go", *DECIDED, samples(1, 1, 0), stop, samples(0, 0, 0), stability=STOPS)
    assert again(steady, CLASSIC).now == "go"
    left = checked(
        "unstable_decision", *DECIDED, samples(2, 2, 2), stops("unstable_decision", "round_1"), stability=STOPS
    )
    assert again(left, CLASSIC).answer == "same"
    assert again(left, LOOSE) == Verdict("t1", "flipped", "unstable_decision", "go", 1)


def test_a_stop_from_outside_comes_again_within_a_check_and_one_of_the_closing_text_does_not() -> None:
    cut = stops("max_tokens", "round_1:risk~2", {"max_tokens": 9_000})
    past = checked("go", *DECIDED, cut, samples(0, 0, 0))
    assert again(past, CLASSIC).answer == "same"
    assert again(checked("llm_auth", *DECIDED, stops("llm_auth", "round_1:risk~1")), CLASSIC).answer == "same"
    for phase in ("facts", None):
        assert again(checked("cancelled", *DECIDED, stops("cancelled", phase)), CLASSIC).answer == "same"
    written = run("llm_auth", *DECIDED, stops("llm_auth", "finalize"))
    assert whole(written, CLASSIC, CHECK).reason == OTHER_CHECK
    cut_off = checked("go", *DECIDED, stops(None, None, {}), samples(0, 0, 0))
    assert again(cut_off, CLASSIC).answer == "same"
    rounds = checked("go", *DECIDED, stops("max_rounds_reached", None, {}), samples(0, 0, 0))
    assert again(rounds, CLASSIC).reason == OTHER_CHECK


def test_a_check_on_other_tokens_may_find_anything() -> None:
    past = checked("go", *DECIDED, samples(0, 0, 0))
    *steps, check = past.tape.steps
    assert isinstance(check, Checked)
    other = replace(past.tape, steps=(*steps, replace(check, limits=Budget(max_tokens=5))))
    assert again(past, CLASSIC).answer == "same"
    assert again(replace(past, tape=other), CLASSIC).now is None


def test_a_checked_decision_is_signed_and_one_that_is_not_checked_here_too() -> None:
    past = checked("go", *DECIDED, samples(0, 1, 0), gave("go", kind="sign_off"), people=OWNER)
    assert again(past, CLASSIC).answer == "same"
    assert whole(past, CLASSIC, None, people=OWNER).answer == "same"
    assert whole(past, CLASSIC, None).now == "go"


def test_a_vote_by_ballots_has_no_check() -> None:
    assert Rules(LOOSE, roles=("a",), stability=CHECK).checks(run("go", proposer="chair")) is None
    assert Rules(LOOSE).checks(checked("go")) == CHECK


# --- the tape --------------------------------------------------------------------------------------------------------


def stability(number: int, numbers: list[int], acts: str = "announce") -> dict[str, Any]:
    """The event of a check of two roles, of which some samples were completed."""
    parts = {"casts": [{"risk": "go", "legal": "block"} for _ in numbers], "confidences": [[0.9, 0.5] for _ in numbers]}
    parts["marks"] = [{"open_questions": 2, "ungrounded": 0, "moved": each} for each in numbers]
    return event("stability", round=number, samples=3, numbers=numbers, acts=acts, **parts)


def test_the_tape_keeps_the_completed_samples_of_each_check() -> None:
    begun = [admitted(), *asked(1, "risk", "legal"), accepted(1, "risk"), accepted(1, "legal")]
    decided = [*begun, outcome(1, "go", risk="go", legal="go")]
    sampled = [event("sampling", round=1), event("sampled", round=1, role="risk", seat="risk~1")]
    events = [*decided, *sampled, stability(1, [1, 3]), finished("success")]

    tape = tape_from(taped(events))

    completed = {each: Sample({"risk": "go", "legal": "block"}, (0.9, 0.5), Marks(2, 0, each)) for each in (1, 3)}
    assert tape.steps[-1] == Checked(1, 3, completed, Budget())
    assert len(tape.steps) == 3


def test_seats_of_a_check_that_are_set_back_were_never_on_the_tape() -> None:
    begun = [admitted(), *asked(1, "risk"), accepted(1, "risk"), outcome(1, "go", risk="go")]
    lost = event("recovered", set_back=["risk~1"], lost=[])
    tape = tape_from(taped([*begun, event("sampling", round=1), lost, stability(1, [1]), finished("success")]))

    assert [type(step).__name__ for step in tape.steps] == ["Exchange", "RoundEnd", "Checked"]


def test_limits_that_were_raised_within_a_check_are_its_own() -> None:
    begun = [admitted(), *asked(1, "risk"), accepted(1, "risk"), outcome(1, "go", risk="go")]
    stopped = [finished("max_tokens", "round_1:risk~1"), resumed("max_tokens", max_tokens=900)]
    tape = tape_from(taped([*begun, *stopped, stability(1, []), finished("success")]))

    assert tape.steps[-1] == Checked(1, 3, {}, Budget(max_tokens=900))
