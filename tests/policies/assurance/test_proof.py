"""The proof: a broken policy for each property, which it catches by the smallest counterexample."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from policies.assurance import ballots
from policies.assurance.ballots import TooManyVotesError
from policies.assurance.electorate import Electorate, Place
from policies.assurance.places import Counterexample, UnconfirmedError
from policies.assurance.proof import Proof, PropertyCheck, find_unproved, prove
from policies.decision.guards import Cap, Finding, Guard
from policies.decision.outcome import Ruling, decide
from policies.decision.table import Policy, Property, Report
from policies.decision.vote import Cast, Vote
from tests.policies.assurance.enumeration import policy

TEAM = Electorate(("risk", "legal", "sales"))
ALL_GO: dict[str, Cast] = {"risk": "go", "legal": "go", "sales": "go"}
REPORTS: tuple[Report, ...] = ("overlaps", "idle_rows", "asymmetry", "resolves_always", "repairs_fit")
MAJORITY = (("2 * go > team", "go"), ("2 * (go + caution) > team", "go_with_caution"))


FIRST = ("round == 1", "next_round")
LATER = ("round == 2 && block == 1", "round == 1 && block == 3")
"""What is nearer to a unanimous go is met in the second round."""


def check_of(proof: Proof, name: Property | Report) -> PropertyCheck:
    (check,) = {id(each): each for each in (*proof.checks, *proof.reports) if each.property == name}.values()
    return check


def failing(proof: Proof) -> dict[str, Counterexample | None]:
    return {check.property: check.counterexample for check in proof.checks if not check.holds}


def guard(cap: Cap, name: str = "fraud") -> Guard:
    return Guard(name=name, fact="rate", at_least=1, cap=cap)


def test_a_vote_that_no_row_covers_breaks_total() -> None:
    broken = policy(("go >= 2", "go"), ("block >= 2", "no_go"), when_rounds_end="escalate")
    found = failing(prove(broken, TEAM))

    assert found["total"] == Counterexample(
        ({"risk": "go", "legal": "caution", "sales": "caution"},), ("escalate",), Place(1), "no row holds"
    )
    assert {*found} == {"total"}


def test_a_row_that_has_no_answer_breaks_total() -> None:
    proof = prove(policy(("6 / block > 9", "no_go"), otherwise="no_go"), TEAM)
    example = failing(proof)["total"]

    assert example is not None
    assert example.votes == (ALL_GO,)
    assert example.note == "rules.0 `6 / block > 9`: INVALID_ARGUMENT: divide by zero"


def test_counting_cautions_alone_breaks_monotone() -> None:
    broken = policy(("caution >= 2", "go"), ("block >= 1", "no_go"), otherwise="go_with_caution")

    assert failing(prove(broken, TEAM)) == {
        "monotone": Counterexample(
            (
                {"risk": "go", "legal": "go", "sales": "caution"},
                {"risk": "go", "legal": "caution", "sales": "caution"},
            ),
            ("go_with_caution", "go"),
            Place(1),
        )
    }


def test_a_block_that_helps_breaks_monotone_also_where_it_replaces_a_caution() -> None:
    broken = policy(('stances.legal == "block"', "escalate"), ('stances.legal == "caution"', "no_go"), otherwise="go")
    example = failing(prove(broken, TEAM))["monotone"]

    assert example is not None
    assert [vote["legal"] for vote in example.votes] == ["caution", "block"]
    assert example.outcomes == ("no_go", "escalate")


def test_a_policy_that_is_monotone_in_the_first_round_alone_is_caught() -> None:
    broken = policy(FIRST, ("round == 2 && block == 1", "go"), otherwise="no_go")
    found = failing(prove(broken, TEAM))

    assert found["monotone"] == Counterexample((ALL_GO, {**ALL_GO, "sales": "block"}), ("no_go", "go"), Place(2))


def test_a_streak_of_blocks_that_helps_is_caught_with_the_blocked_rounds_before_it() -> None:
    broken = policy(FIRST, ("block_streak >= 2", "go"), otherwise="no_go")
    found = failing(prove(broken, TEAM))

    assert found["monotone"] == Counterexample((ALL_GO, {**ALL_GO, "sales": "block"}), ("no_go", "go"), Place(2, 1))


def test_the_smallest_counterexample_is_the_one_with_the_fewest_departures_whatever_its_round() -> None:
    goes_on = ("round == 1 && block < 2", "next_round")
    broken = policy(goes_on, *((when, "go") for when in LATER), otherwise="no_go")
    example = failing(prove(broken, TEAM))["monotone"]

    assert example is not None
    assert example.votes == (ALL_GO, {**ALL_GO, "sales": "block"})
    assert example.place.round == 2


def test_the_smallest_overlap_is_the_one_with_the_fewest_departures_whatever_its_round() -> None:
    also = ("block > 0 && (round == 2 || block == 3)", "go")
    rows = policy(*((when, "no_go") for when in LATER), also, otherwise="next_round")
    example = check_of(prove(rows, TEAM), "overlaps").counterexample

    assert example is not None
    assert (example.votes, example.place.round) == (({**ALL_GO, "sales": "block"},), 2)


def test_the_smallest_vote_that_beats_a_guard_is_the_one_with_the_fewest_departures_whatever_its_round() -> None:
    def forgetful(policy: Policy, vote: Vote, findings: Sequence[Finding]) -> Ruling:
        return decide(policy, vote, () if decide(policy, vote).vote == "go" else findings)

    broken = policy(*((when, "go") for when in LATER), otherwise="next_round")
    example = failing(prove(broken, TEAM, guards=[guard("no_go")], decide=forgetful))["guards_bind"]

    assert example is not None
    assert (example.votes, example.place.round) == (({**ALL_GO, "sales": "block"},), 2)


def test_a_majority_of_those_present_breaks_absence_never_helps() -> None:
    broken = policy(
        ("absent == 0 && go == team", "go_with_caution"),
        ("go + absent == team", "go"),
        otherwise="no_go",
        on_absent="count",
    )

    assert failing(prove(broken, TEAM)) == {
        "absence_never_helps": Counterexample(
            (ALL_GO, {**ALL_GO, "sales": "absent"}), ("go_with_caution", "go"), Place(1)
        )
    }


def test_absence_breaks_nothing_where_an_absent_role_ends_the_run() -> None:
    fine = policy(("absent == 0", "no_go"), otherwise="go", on_absent="stop")

    assert failing(prove(fine, TEAM)) == {}
    assert {*failing(prove(fine.model_copy(update={"on_absent": "count"}), TEAM))} == {"absence_never_helps"}


@pytest.mark.parametrize(("cap", "allowed"), [("no_go", "no_go"), ("go_with_caution", "go_with_caution")])
def test_a_decision_that_forgets_the_guards_breaks_guards_bind(cap: Cap, allowed: str) -> None:
    def forgetful(policy: Policy, vote: Vote, findings: Sequence[Finding]) -> Ruling:
        return decide(policy, vote, ())

    always_go = policy(otherwise="go")
    guards = [guard(cap), guard(cap, "the same cap again")]

    assert failing(prove(always_go, TEAM, guards=guards)) == {}
    assert failing(prove(always_go, TEAM, guards=guards, decide=forgetful)) == {
        "guards_bind": Counterexample(
            (ALL_GO,),
            ("go",),
            Place(1),
            f"the guard 'fraud' is tripped and allows at most {allowed}",
            guard="fraud",
        )
    }


def test_a_decision_that_lets_an_undecided_vote_pass_a_cap_of_no_go_is_caught() -> None:
    def lenient(policy: Policy, vote: Vote, findings: Sequence[Finding]) -> Ruling:
        ruling = decide(policy, vote, findings)
        return decide(policy, vote, ()) if ruling.vote == "escalate" else ruling

    broken = policy(("block >= 2", "escalate"), otherwise="no_go")
    found = failing(prove(broken, TEAM, guards=[guard("go_with_caution", "mild"), guard("no_go")], decide=lenient))
    example = found["guards_bind"]

    assert example is not None
    assert example.votes == ({"risk": "go", "legal": "block", "sales": "block"},)
    assert example.outcomes == ("escalate",)


def test_the_counterexample_of_a_guard_names_the_blocked_rounds_before_it() -> None:
    def forgetful(policy: Policy, vote: Vote, findings: Sequence[Finding]) -> Ruling:
        return decide(policy, vote, () if vote.rounds_blocked else findings)

    broken = policy(FIRST, ("block_streak >= 2", "escalate"), otherwise="no_go")
    found = failing(prove(broken, TEAM, guards=[guard("no_go")], decide=forgetful))
    example = found["guards_bind"]

    assert example is not None
    assert example.votes == ({**ALL_GO, "sales": "block"},)
    assert (example.place.round, example.place.rounds_blocked) == (2, 1)


def test_a_majority_against_a_veto_breaks_veto_honoured() -> None:
    team = Electorate(TEAM.roles, vetoers=frozenset({"legal"}))
    broken = policy(*MAJORITY, otherwise="no_go")

    assert failing(prove(broken, team)) == {
        "veto_honoured": Counterexample(
            ({**ALL_GO, "legal": "block"},), ("go",), Place(1), "legal, who has a veto, blocks"
        )
    }
    assert failing(prove(policy(("vetoes > 0", "no_go"), *MAJORITY, otherwise="no_go"), team)) == {}
    assert failing(prove(broken, TEAM)) == {}


def test_a_veto_may_end_in_anything_but_a_go() -> None:
    team = Electorate(TEAM.roles, vetoers=frozenset({"legal"}))
    kept = policy(("vetoes > 0", "escalate"), *MAJORITY, otherwise="escalate")

    assert failing(prove(kept, team)) == {}


def test_rows_that_disagree_are_an_overlap() -> None:
    rows = policy(("go >= 1", "go"), ("go >= 2", "go"), ("block >= 1", "no_go"), otherwise="no_go")
    check = check_of(prove(rows, TEAM), "overlaps")

    assert check.counterexample == Counterexample(
        ({**ALL_GO, "sales": "block"},), ("go",), Place(1), "row 1 decides, row 3 holds too"
    )
    assert prove(rows, TEAM).holds
    assert check_of(prove(policy(("go >= 1", "go"), ("go >= 2", "go"), otherwise="no_go"), TEAM), "overlaps").holds


def test_a_fault_after_the_rows_that_disagree_hides_no_overlap() -> None:
    rows = policy(("go >= 1", "go"), ("go >= 2", "no_go"), ("6 / block > 1", "escalate"), otherwise="no_go")
    example = check_of(prove(rows, TEAM), "overlaps").counterexample

    assert example is not None
    assert set(example.votes[0].values()) == {"go"}
    assert example.note == "row 1 decides, row 2 holds too"


def test_a_row_without_an_answer_is_no_overlap() -> None:
    rows = policy(("go > 0", "go"), ("6 / caution < 9", "no_go"), otherwise="no_go")
    example = check_of(prove(rows, TEAM), "overlaps").counterexample

    assert example is not None
    assert example.votes == ({**ALL_GO, "sales": "caution"},)


def test_a_row_that_never_decides_is_idle() -> None:
    rows = policy(("go >= 1", "go"), ("go >= 2", "go_with_caution"), otherwise="no_go")
    check = check_of(prove(rows, TEAM), "idle_rows")

    assert check.counterexample == Counterexample((), (), Place(1), "row 2 `go >= 2` never decides")
    assert check_of(prove(policy(("go >= 1", "go"), otherwise="no_go"), TEAM), "idle_rows").holds


def test_a_role_that_counts_more_than_another_is_an_asymmetry() -> None:
    rows = policy(('stances.legal == "block"', "no_go"), otherwise="go")
    example = check_of(prove(rows, TEAM), "asymmetry").counterexample

    assert example is not None
    assert [sorted(vote.values()) for vote in example.votes] == [["block", "go", "go"]] * 2
    assert {*example.outcomes} == {"go", "no_go"}
    assert check_of(prove(policy(("block > 0", "no_go"), otherwise="go"), TEAM), "asymmetry").holds


@pytest.mark.parametrize("name", ["overlaps", "idle_rows", "asymmetry"])
def test_what_is_required_fails_and_what_is_not_is_only_reported(name: Report) -> None:
    rows = (('stances.legal == "block"', "no_go"), ("go >= 1", "go"), ("go >= 2", "no_go"))
    reported, required = policy(*rows, otherwise="no_go"), policy(*rows, otherwise="no_go", require=[name])

    assert prove(reported, TEAM).holds
    assert [check.property for check in prove(reported, TEAM).reports] == [*REPORTS]
    assert not prove(required, TEAM).holds
    assert {*failing(prove(required, TEAM))} == {name}
    assert prove(policy(otherwise="go", require=[name]), TEAM).holds


def test_a_waiver_lets_its_own_property_fail_and_no_other() -> None:
    waiver = {"property": "resolves", "because": "a person watches"}
    waived = policy(("go < team", "next_round"), otherwise="go", accept=[waiver])
    worse = policy(("go < team", "next_round"), otherwise="no_go", accept=[waiver])

    proof = prove(waived, TEAM)
    assert proof.holds
    assert (check_of(proof, "resolves").holds, check_of(proof, "resolves").waived) == (False, "a person watches")
    assert not prove(worse, TEAM).holds
    assert {*failing(prove(worse, TEAM))} == {"resolves", "monotone"}


def test_a_waiver_of_what_holds_says_nothing() -> None:
    proof = prove(policy(otherwise="go", accept=[{"property": "total", "because": "x"}]), TEAM)

    assert proof.holds
    assert [check.waived for check in proof.checks] == [None] * 6


def test_a_policy_that_breaks_once_a_role_has_joined_is_caught() -> None:
    call = {"when": "team == 2 && block == 1", "then": "next_round", "convene": "legal"}
    broken = policy(call, ("team == 3 && block == 1", "go"), ("block > 0", "no_go"), otherwise="go_with_caution")
    team = Electorate(("risk", "sales"))

    found = failing(prove(broken.model_copy(update={"when_rounds_end": "no_go"}), replace(team, joining=("legal",))))
    assert found == {
        "monotone": Counterexample(
            ({"risk": "go", "sales": "go", "legal": "go"}, {"risk": "go", "sales": "go", "legal": "block"}),
            ("go_with_caution", "go"),
            Place(2, 1, ("legal",)),
        )
    }
    assert failing(prove(broken.model_copy(update={"when_rounds_end": "no_go"}), team)) == {}
    assert [check.property for check in find_unproved(broken, replace(team, joining=("legal",)))] == ["monotone"]
    assert find_unproved(broken, team) == []


def test_a_row_about_a_role_that_joined_fails_for_the_team_without_it() -> None:
    rows = policy(('stances.legal == "block"', "no_go"), otherwise="go")

    assert "total" in failing(prove(rows, Electorate(("risk", "sales"), joining=("legal",))))


def test_the_vetoes_and_weights_of_a_role_that_joins_count() -> None:
    team = Electorate(("risk", "sales"), weights={"legal": 5}, vetoers=frozenset({"legal"}))
    call = {"when": "team == 2 && caution == 1", "then": "next_round", "convene": "legal"}
    rows = policy(call, ("2 * weighted_go > team", "go"), otherwise="no_go")
    example = failing(prove(rows, replace(team, joining=("legal",))))["veto_honoured"]

    assert example is not None
    assert example.votes == ({"risk": "go", "sales": "go", "legal": "block"},)


def test_nothing_is_unproved_of_a_policy_that_is_total_and_monotone() -> None:
    assert find_unproved(policy(("block > 0", "next_round"), otherwise="go"), TEAM) == []


@pytest.mark.parametrize(
    ("accepted", "left"), [((), ["total", "monotone"]), (("total",), ["monotone"]), (("total", "monotone"), [])]
)
def test_what_the_owner_accepted_does_not_stand_in_the_way_of_a_run(accepted: Sequence[str], left: list[str]) -> None:
    waivers = [{"property": name, "because": "known"} for name in accepted]
    broken = policy(("go == team", "no_go"), ("block > 0", "no_go"), ("caution > 1", "go"), accept=waivers)

    assert [check.property for check in find_unproved(broken, replace(TEAM, joining=("people",)))] == left


def test_a_team_that_casts_too_many_kinds_of_votes_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    by_name = policy(*((f'stances.r{number} == "block"', "no_go") for number in range(12)), otherwise="go")
    team = Electorate(tuple(f"r{number}" for number in range(12)))
    message = (
        "12 roles in 12 classes cast 531441 kinds of votes; allowed: at most 300000; name fewer roles in the rules"
    )

    with pytest.raises(TooManyVotesError, match=message):
        prove(by_name, team)
    with pytest.raises(TooManyVotesError, match=message):
        find_unproved(by_name, team)
    monkeypatch.setattr(ballots, "MAX_VOTES", 10)
    assert prove(policy(otherwise="go"), TEAM).kinds == 10
    monkeypatch.setattr(ballots, "MAX_VOTES", 9)
    with pytest.raises(TooManyVotesError, match="3 roles in 1 classes cast 10 kinds"):
        prove(policy(otherwise="go"), TEAM)


def test_rounds_beyond_what_a_proof_follows_are_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ballots.MAX_STEPS == 200_000
    monkeypatch.setattr("policies.assurance.rulings.MAX_STEPS", 2_000)
    late = policy(("block_streak >= 70 || round == 90", "no_go"), otherwise="next_round")

    with pytest.raises(TooManyVotesError, match=r"are more than 2000; allow fewer rounds, or compare rounds and str"):
        prove(late, TEAM)


def test_a_counterexample_that_does_not_show_itself_again_is_never_told() -> None:
    asked: list[Vote] = []

    def fickle(policy: Policy, vote: Vote, findings: Sequence[Finding]) -> Ruling:
        asked.append(vote)
        return decide(policy, vote, findings) if len(asked) > 10 else Ruling("go", "go", fault="no row holds")

    with pytest.raises(UnconfirmedError, match="decided again"):
        prove(policy(otherwise="no_go"), TEAM, decide=fickle)
