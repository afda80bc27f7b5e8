"""What readers found and was mended: joined teams in proofs, too many rulings, strange words, guards' names."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from policies.assurance import rulings
from policies.assurance.ballots import TooManyVotesError
from policies.assurance.cases import Case, parse_case, rule_on
from policies.assurance.electorate import Electorate, electorate_of
from policies.assurance.proof import PropertyCheck, find_unproved, prove
from policies.conditions.reading import find_strange_word
from policies.decision.table import Policy, Property, Report, Row
from policies.team.rules import Problem, parse_team
from policies.team.team import Budget
from tests.policies.assurance.enumeration import policy

TWO = Electorate(("risk", "sales"))
CALLS = {"when": "team == 2 && block == 1", "then": "next_round", "convene": "legal"}
NO = ("block >= 1", "no_go")


def check_of(
    rules: Policy, name: Property | Report, team: Electorate = TWO, joining: Sequence[str] = ("legal",)
) -> PropertyCheck:
    proof = prove(rules, replace(team, joining=tuple(joining)))
    return next(each for each in (*proof.checks, *proof.reports) if each.property == name)


# --- a team that a role joins ----------------------------------------------------------------------------------------


def test_a_vote_that_convenes_a_role_resolves_where_the_grown_team_does() -> None:
    sound = policy(("block >= 2", "no_go"), CALLS, NO, otherwise="go")

    assert check_of(sound, "resolves").holds
    assert not check_of(sound, "resolves", joining=()).holds


def test_a_vote_that_convenes_a_role_does_not_resolve_where_the_grown_team_never_does() -> None:
    again = policy(("block >= 2", "no_go"), {**CALLS, "when": "block == 1"}, otherwise="go")
    check = check_of(again, "resolves")

    assert check.counterexample is not None
    assert {*check.counterexample.votes[0]} == {"risk", "sales", "legal"}
    assert check.counterexample.note == "repeated in 3 rounds"


def test_a_role_that_is_convened_in_the_last_round_never_joins() -> None:
    last = {**CALLS, "when": "round == 3 && team == 2 && block == 1"}
    late = policy(last, ("block == 1", "next_round"))
    check = check_of(late.model_copy(update={"otherwise": "go"}), "resolves")

    assert check.counterexample is not None
    assert {*check.counterexample.votes[0]} == {"risk", "sales"}


def test_the_grown_team_need_not_resolve_in_the_first_round_for_it_joins_later() -> None:
    first = policy({**CALLS, "when": "round == 1"}, ("round == 2", "go"), otherwise="next_round")

    assert check_of(first, "resolves").holds


def test_a_role_that_joins_after_the_only_round_that_decides_does_not_resolve() -> None:
    """It is convened in round 2 and speaks in round 3 for the first time: round 2 of the grown team never is."""
    rows = ({**CALLS, "when": "round == 2 && team == 2"}, ("round == 2", "go"))
    late = policy(*rows, otherwise="next_round")

    assert not check_of(late, "resolves").holds


def test_a_row_that_only_the_grown_team_comes_to_is_not_idle() -> None:
    rows = policy(("team == 3 && block == 1", "no_go"), CALLS, otherwise="go")

    assert check_of(rows, "idle_rows").holds
    example = check_of(rows, "idle_rows", joining=()).counterexample
    assert example is not None
    assert example.note == "row 1 `team == 3 && block == 1` never decides"
    never = policy(("team == 4", "no_go"), CALLS, otherwise="go")
    assert not check_of(never, "idle_rows").holds


def test_a_team_votes_under_its_own_limits_or_under_others() -> None:
    roles = {"risk": {**SEAT, "weight": 3}, "legal": {**SEAT, "veto": True}}
    team = parse_team({**RAW, "roles": roles, "policy": RULES, "budget": {"max_rounds": 2}})
    assert not isinstance(team, list)

    own = Electorate(("risk", "legal"), 2, 2, 12, {"risk": 3, "legal": 1}, frozenset({"legal"}))
    assert electorate_of(team) == own
    limits = Budget(min_go_votes=1, max_rounds=7, max_messages=30)
    assert electorate_of(team, limits) == replace(own, min_go_votes=1, max_rounds=7, max_messages=30)
    for began, rounds in ((Budget(max_rounds=4), 4), (Budget(max_rounds=9), 7)):
        assert electorate_of(team, limits, began).max_rounds == rounds


# --- too many rulings ------------------------------------------------------------------------------------------------


def test_more_rulings_than_a_proof_works_out_are_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    roles = tuple(f"role_{number}" for number in range(4))
    named = " || ".join(f'stances.{role} == "block"' for role in roles)
    rules = policy((f"round + block_streak > 99 && ({named})", "no_go"), otherwise="next_round")
    monkeypatch.setattr(rulings, "MAX_RULINGS", 3**4 * 20)

    for attempt in (prove, find_unproved):
        with pytest.raises(
            TooManyVotesError, match=r"^the kinds of votes, each at every place of a run, are more than 1620;"
        ):
            attempt(rules, Electorate(roles, max_rounds=12))
    assert find_unproved(rules, Electorate(roles, max_rounds=1)) == []


# --- words that no vote has ------------------------------------------------------------------------------------------

COMPARES, LOOKS = "the condition compares a stance with", "the condition looks for the conflict"
STANCES, CONFLICTS = "go, caution, block, absent", "no_contributions, go_vs_caution, blocking_vs_non_block"
STRANGE = {
    'stances.x == "blok"': f"{COMPARES} 'blok'; allowed: {STANCES}",
    "stances . x != 'no_go'": f"{COMPARES} 'no_go'; allowed: {STANCES}",
    'block > 1 || stances.x == "go" || stances.y == ""': f"{COMPARES} ''; allowed: {STANCES}",
    '"go_vs_cauton" in conflicts': f"{LOOKS} 'go_vs_cauton'; allowed: {CONFLICTS}, high_divergence",
    "!('block' in conflicts)": f"{LOOKS} 'block'; allowed: {CONFLICTS}, high_divergence",
}
PLAIN = (
    *(f'stances.risk == "{word}"' for word in STANCES.split(", ")),
    *(f'"{word}" in conflicts' for word in f"{CONFLICTS}, high_divergence".split(", ")),
    "block > 1",
)


@pytest.mark.parametrize("when", STRANGE)
def test_a_word_that_no_vote_has_is_refused(when: str) -> None:
    assert find_strange_word(when) == STRANGE[when]
    with pytest.raises(ValidationError) as refused:
        Row.model_validate({"when": when, "then": "no_go"})
    assert STRANGE[when] in str(refused.value)


@pytest.mark.parametrize("when", PLAIN)
def test_words_that_votes_have_are_allowed(when: str) -> None:
    assert find_strange_word(when) is None
    assert Row.model_validate({"when": when, "then": "no_go"}).when == when


# --- cases -----------------------------------------------------------------------------------------------------------


def test_a_case_may_name_confidences_for_a_policy_that_trusts_them() -> None:
    rules = policy(("min_confidence < 0.5", "next_round"), otherwise="go", trust_confidence=True)

    for confidences, outcome in (([0.9, 0.4], "next_round"), ([0.9, 0.5], "go"), ([], "next_round")):
        case = parse_case({"go": 2, "confidences": confidences})
        assert isinstance(case, Case)
        assert case.vote.confidences == tuple(confidences)
        assert rule_on(case, rules).final == outcome
    for refused in ([1.1], [-0.1], "high", [0.5] * 51):
        assert isinstance(parse_case({"go": 2, "confidences": refused}), list)


def test_what_a_case_leaves_out_is_the_teams_and_what_it_says_stands() -> None:
    rules = policy(("vetoes > 0", "no_go"), ("weighted_go >= min_go_votes", "go"), ("rounds_left == 0", "escalate"))
    team = Electorate(("risk", "sales"), 3, 2, weights={"risk": 3}, vetoers=frozenset({"sales"}))
    ruled: dict[str, dict[str, Any]] = {
        "go": {"votes": {"risk": "go", "sales": "caution"}},
        "no_go": {"votes": {"risk": "go", "sales": "block"}},
        "escalate": {"votes": {"risk": "go", "sales": "caution"}, "weights": {}, "round": 2},
    }

    for outcome, raw in ruled.items():
        case = parse_case(raw)
        assert isinstance(case, Case)
        assert rule_on(case, rules, (), team).final == outcome
    own = parse_case({**ruled["no_go"], "vetoers": []})
    assert isinstance(own, Case)
    assert rule_on(own, rules, (), team).final == "go"


@pytest.mark.parametrize("raw", [None, [], "go", 3])
def test_a_case_that_is_no_mapping_is_told_so(raw: Any) -> None:
    problems = parse_case(raw)

    assert isinstance(problems, list)
    assert problems[0].endswith("; allowed: a mapping of a case's fields")


# --- names of guards -------------------------------------------------------------------------------------------------

SEAT = {"title": "Risk", "mandate": "Judge."}
RAW = {"name": "x", "title": "X", "goal": "Go?", "sequence": ["risk", "legal"], "roles": {"risk": SEAT, "legal": SEAT}}
RULES = {"name": "mine", "rules": [{"when": "block > 0", "then": "no_go"}], "otherwise": "go"}


@pytest.mark.parametrize(
    ("names", "wrong"),
    [
        (["fraud", "rate"], []),
        (["fraud", "fraud"], [1]),
        (["fraud", "rate", "fraud", "rate"], [2, 3]),
        (["max_rounds"], [0]),
        (["min_go_votes", "fraud", "max_messages"], [0, 2]),
    ],
)
def test_a_guard_needs_a_name_of_its_own(names: list[str], wrong: list[int]) -> None:
    guards = [{"name": name, "fact": "rate", "above": 1, "cap": "no_go"} for name in names]
    found = parse_team({**RAW, "policy": RULES, "guards": guards})

    expected = [
        Problem(
            ("guards", index, "name"),
            f"is {names[index]!r}, which names something else already; allowed: a name of its own",
        )
        for index in wrong
    ]
    assert (found if isinstance(found, list) else []) == expected
