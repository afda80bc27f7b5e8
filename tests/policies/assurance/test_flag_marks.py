"""Marks that count flags: how a proof splits them, and what a past run is known to have had of them."""

from dataclasses import replace

import pytest

from policies.assurance.difference import find_changes
from policies.assurance.electorate import Electorate, Place
from policies.assurance.lens import lens_of
from policies.assurance.past import PastRun, Rules, Verdict
from policies.assurance.proof import prove
from policies.assurance.tape import RoundEnd
from policies.assurance.whatif import decide_again
from policies.decision.marks import Marks
from policies.decision.table import Policy
from tests.policies.assurance.enumeration import policy
from tests.policies.assurance.tapes import LATE, SEATS, asks, run, stops

TWO = Electorate(("risk", "legal"), max_rounds=2)
HERDS = policy(("moved >= 2", "escalate"), ("2 * go > team", "go"), otherwise="next_round", on_absent="count")
INVENTS = policy(("ungrounded > 0", "no_go"), ("2 * go > team", "go"), otherwise="next_round", on_absent="count")


# --- the proof -------------------------------------------------------------------------------------------------------


def marks_at(rules: Policy, number: int, seats: int) -> list[Marks]:
    return [place.marks for place in lens_of([rules]).variants(Place(number), seats)]


def test_nobody_has_moved_in_the_first_round_and_no_more_than_sit_there_in_any() -> None:
    counts = policy(("moved >= 1 && moved < 4", "no_go"), otherwise="go")

    assert marks_at(counts, 1, 3) == [Marks()]
    assert marks_at(counts, 2, 3) == [Marks(moved=number) for number in (0, 1, 2)]
    assert marks_at(counts, 2, 5) == [Marks(moved=number) for number in (0, 1, 2, 4, 5)]
    assert marks_at(INVENTS, 1, 2) == [Marks(), Marks(ungrounded=1)]
    assert marks_at(policy(("go > 0", "go"), otherwise="no_go"), 2, 3) == [Marks()]


def test_marks_are_tried_together() -> None:
    both = policy(("moved >= 1 && ungrounded >= 2 || open_questions > 0", "no_go"), otherwise="go")

    assert len(marks_at(both, 2, 3)) == 2 * 3 * 3
    assert marks_at(both, 1, 3)[:3] == [Marks(0, number) for number in (0, 2, 3)]


def test_the_first_round_is_told_from_others_where_a_row_counts_who_moved() -> None:
    lens = lens_of([HERDS])

    assert lens.key(Place(1)) != lens.key(Place(2)) == lens.key(Place(3))
    assert lens_of([INVENTS]).key(Place(1)) == lens_of([INVENTS]).key(Place(2))


def test_a_counterexample_names_the_marks_it_needs() -> None:
    lenient = policy(("moved == 2 && block == 1", "go"), ("block > 0", "no_go"), otherwise="next_round")
    checks = {check.property: check for check in prove(lenient, TWO).checks}
    example = checks["monotone"].counterexample

    assert example is not None
    assert (example.place.round, example.place.marks) == (2, Marks(moved=2))
    assert prove(lenient, TWO).walked.marks == {"moved": (0, 2)}
    assert prove(lenient, replace(TWO, max_rounds=1)).walked.marks == {"moved": (0, 2)}


def test_a_vote_that_is_repeated_moves_nobody() -> None:
    asks_again = policy(("round == 1 || moved >= 1", "next_round"), otherwise="go")
    checks = {
        check.property: check.holds for check in (*prove(asks_again, TWO).checks, *prove(asks_again, TWO).reports)
    }

    assert checks["resolves"]
    assert not checks["resolves_always"]


def test_a_row_that_counts_more_roles_than_sit_decides_nothing() -> None:
    idle = {
        check.property: check.holds for check in prove(policy(("moved >= 3", "go"), otherwise="no_go"), TWO).reports
    }

    assert not idle["idle_rows"]
    assert not list(find_changes(policy(("moved >= 3", "go"), otherwise="no_go"), policy(otherwise="no_go"), TWO))


# --- past runs -------------------------------------------------------------------------------------------------------


def end(number: int, final: str, marks: Marks, *casts: str) -> RoundEnd:
    return RoundEnd(number, dict(zip(SEATS, casts, strict=True)), final, marks)  # type: ignore[arg-type]


def again(past: PastRun, rules: Policy) -> Verdict:
    return decide_again(past, Rules(rules))


def herded(marks: Marks) -> PastRun:
    """A run whose second round, in which two roles moved, had these marks."""
    steps = (
        *(asks(1, risk="go", legal="block", sales="caution"), end(1, "next_round", Marks(), "go", "block", "caution")),
        *(asks(2, risk="go", legal="go", sales="go"), end(2, "go", marks, "go", "go", "go")),
    )
    return run("go", *steps)


def test_the_marks_of_a_run_are_those_that_were_recorded() -> None:
    assert again(herded(Marks(moved=2)), HERDS).reason == "a human would have been asked after round 2"
    assert again(herded(Marks(moved=1)), HERDS) == Verdict("t1", "same", "go", "go", 2, 1)
    grounded = replace(herded(Marks(ungrounded=1)), grounds=True)
    assert again(grounded, INVENTS) == Verdict("t1", "flipped", "go", "no_go", 2, 0)


def stopped_in_round_two(**casts: str) -> PastRun:
    """A run that stopped since a role of its second round failed; a policy that counts absences continues there."""
    steps = (
        *(asks(1, risk="go", legal="block", sales="caution"), end(1, "next_round", Marks(), "go", "block", "caution")),
        *(asks(2, risk=LATE, **casts), stops("llm_timeout", "round_2:risk")),
    )
    return run("llm_timeout", *steps)


def test_a_round_that_was_not_finished_tells_its_marks_where_nobody_can_carry_a_flag() -> None:
    rows = (("round == 1", "next_round"), ("moved >= 1", "no_go"), ("go >= 1", "go"))
    counts = policy(*rows, otherwise="go_with_caution", on_absent="count")
    invents = policy(rows[0], ("ungrounded > 0", "no_go"), otherwise="go", on_absent="count")
    moved, kept = (
        stopped_in_round_two(legal="go", sales="caution"),
        stopped_in_round_two(legal="block", sales="caution"),
    )

    assert again(moved, counts).reason == "which roles had moved without a reason after round 2 is not known"
    assert again(kept, counts).now == "go_with_caution"
    assert again(replace(moved, human=frozenset({"legal"})), counts).now == "go"
    assert (
        again(replace(kept, grounds=True), invents).reason == "which roles were ungrounded after round 2 is not known"
    )


def test_a_round_in_which_nobody_spoke_has_no_flags() -> None:
    silent = (asks(1, risk=LATE, legal=LATE, sales=LATE), stops("llm_timeout", "round_1:risk"))
    refuses = INVENTS.model_copy(update={"otherwise": "no_go"})

    assert again(replace(run("llm_timeout", *silent), grounds=True), refuses).now == "no_go"


@pytest.mark.parametrize(
    ("mark", "changes", "reason"),
    [
        ("ungrounded", {}, "`ungrounded`; the team of the run did not ground its numbers (`ground: true`)"),
        ("ungrounded", {"grounds": True}, None),
        ("moved", {}, None),
        ("moved", {"proposer": "chair"}, "`moved`; ballots carry no flags"),
        ("ungrounded", {"proposer": "chair", "grounds": True}, "`ungrounded`; ballots carry no flags"),
    ],
)
def test_a_policy_that_counts_flags_which_a_run_could_not_have_is_refused(
    mark: str, changes: dict[str, object], reason: str | None
) -> None:
    past = replace(herded(Marks()), **changes)  # type: ignore[arg-type]
    counts = policy((f"{mark} > 0", "no_go"), otherwise="go")
    verdict = again(past, counts)

    assert (verdict.answer == "refused") == (reason is not None)
    assert reason is None or verdict.reason == f"the policy reads {reason}"
