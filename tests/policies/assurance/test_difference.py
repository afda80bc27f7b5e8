"""The difference of two policies: every vote that runs act on differently, found here by playing runs of both."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product

import pytest

from graph.teams.policies import load_policy
from policies.assurance import ballots
from policies.assurance.ballots import TooManyVotesError
from policies.assurance.difference import Change, find_changes
from policies.assurance.electorate import Electorate
from policies.decision.table import Policy
from policies.decision.vote import Cast
from tests.policies.assurance.enumeration import policy
from tests.policies.assurance.random_runs import QUESTIONS, random_pair
from tests.policies.assurance.simulation import CASTS, Said, Simulation, State

THREE = Electorate(("risk", "legal", "sales"))
TWO = Electorate(("risk", "sales"))
Told = Counter[tuple[str, str]]
"""Votes by (from, to), at every place."""


def told(first: Policy, second: Policy, team: Electorate, other: Electorate | None = None) -> Told:
    counted: Told = Counter()
    for change in find_changes(first, second, team, other):
        counted[change.source, change.target] += change.votes
    return counted


def told_without_a_resume(first: Policy, second: Policy, team: Electorate) -> Told:
    counted: Told = Counter()
    for change in find_changes(first, second, team):
        counted[change.source, change.target] += change.votes if change.example.note is None else 0
    return +counted


# --- against runs that are played ------------------------------------------------------------------------------------


def action(runs: Simulation, state: State, said: Said, variant: tuple[int, float | None]) -> str:
    """What a run does after a vote, written a second time."""
    if runs.policy.on_absent == "stop" and "absent" in said:
        return "stop (a role is absent)"
    ruling = runs.rule(state, said, variant)
    if ruling.final != "next_round":
        return ruling.final
    then = runs.after(state, said, ruling)[2]
    changes = [*(f"{role} joins" for role in then - state[2]), *(f"{role} leaves" for role in state[2] - then)]
    if state[0] >= state[3]:
        return "stop (max_rounds_reached)" + (
            f", {' and '.join(changes)} if a resume raises max_rounds" if changes else ""
        )
    return ", ".join(["next_round", *changes])


class Runs:
    """The runs of two policies, and where either gets to: each under its own limit, or both under a raised one."""

    def __init__(self, first: Policy, second: Policy, team: Electorate, other: Electorate) -> None:
        asked = QUESTIONS if "open_questions" in first.variables | second.variables else (0,)
        self.one = Simulation(first, team, asked, highest=7, late=5)
        self.two = Simulation(second, other, asked, highest=7, late=5)
        self.counts = "count" in (first.on_absent, second.on_absent)
        self.may_sit = {*team.roles} | ({*team.joining} & {*other.joining})
        self.must_sit = {*team.roles} - ({*first.leaving} & {*second.leaving})

    def places(self) -> set[tuple[int, int, frozenset[str], int, int]]:
        limits = (self.one.team.max_rounds, self.two.team.max_rounds)
        found = set()
        for runs in (self.one, self.two):
            for number, blocked, seated, limit in runs.resumed():
                if limit == runs.team.max_rounds:
                    found.add((number, blocked, seated, *limits))
                if limit >= max(limits):
                    found.add((number, blocked, seated, limit, limit))
        return {each for each in found if self.must_sit <= each[2] <= self.may_sit and each[0] <= min(each[3:])}

    def differences(self) -> Iterator[tuple[str, str, Mapping[str, Cast], int, tuple[object, ...]]]:
        for number, blocked, seated, here, there in self.places():
            roles = self.one.roles(seated)
            for said in product(CASTS if self.counts else CASTS[:3], repeat=len(roles)):
                casts = dict(zip(roles, said, strict=True))
                again = tuple(casts[role] for role in self.two.roles(seated))
                for variant in self.one.variants():
                    one = action(self.one, (number, blocked, seated, here), said, variant)
                    two = action(self.two, (number, blocked, seated, there), again, variant)
                    if one == two == "escalate" and (number < here) != (number < there):
                        one, two = (
                            f"escalate ({'a' if number < each else 'no'} round is left)" for each in (here, there)
                        )
                    if one != two:
                        yield one, two, casts, variant[0], (number, blocked, seated, here)


def where(change: Change) -> tuple[object, ...]:
    place, (casts,) = change.example.place, change.example.votes
    return place.round, place.rounds_blocked, frozenset(casts), place.max_rounds


@pytest.mark.slow
@pytest.mark.parametrize("tens", range(4))
def test_the_difference_of_random_policies_is_what_their_runs_do_differently(tens: int) -> None:
    for seed in range(tens * 10, tens * 10 + 10):
        pair = random_pair(seed)
        wanted = list(Runs(*pair).differences())
        found = list(find_changes(*pair))
        known = {(one, two, *sorted(casts.items()), asked, at) for one, two, casts, asked, at in wanted}
        shapes = {(one, two, *sorted(casts.values())) for one, two, casts, _, _ in wanted}

        assert bool(found) == bool(wanted), pair
        assert {(each.source, each.target, *sorted(each.example.votes[0].values())) for each in found} == shapes, pair
        for change in found:
            (casts,) = change.example.votes
            case = (change.source, change.target, *sorted(casts.items()), change.example.place.marks.open_questions)
            assert change.example.place.round > 5 or (*case, where(change)) in known, (pair, change)


@pytest.mark.slow
def test_the_random_pairs_differ_in_every_way_and_some_not_at_all() -> None:
    words, alike = Counter[str](), 0
    for seed in range(160):
        found = {*told(*random_pair(seed))}
        alike += not found
        words.update({word for pair in found for word in pair})

    assert alike >= 20
    assert {*("go", "go_with_caution", "no_go", "escalate", "next_round", "next_round, legal joins")} <= {*words}
    assert {"next_round, audit joins", "stop (a role is absent)", "stop (max_rounds_reached)"} <= {*words}
    assert "stop (max_rounds_reached), audit joins if a resume raises max_rounds" in words
    assert {"next_round, risk leaves", "next_round, legal joins, risk leaves"} <= {*words}
    assert "stop (max_rounds_reached), sales leaves if a resume raises max_rounds" in words


# --- what counts as an action ----------------------------------------------------------------------------------------

MAJORITY = (("2 * go > team", "go"), ("2 * block > team", "no_go"))


def test_a_policy_that_stops_at_an_absent_role_and_one_that_counts_it_differ() -> None:
    stops, counts = (policy(*MAJORITY, otherwise="next_round", on_absent=word) for word in ("stop", "count"))
    found = told_without_a_resume(stops, counts, replace(TWO, max_rounds=1))

    assert found == {("stop (a role is absent)", "stop (max_rounds_reached)"): 16 - 9}
    assert {pair[1] for pair in told(counts, stops, TWO)} == {"stop (a role is absent)"}


def test_who_joins_is_part_of_what_a_run_does_but_only_where_the_role_may_join() -> None:
    calls = policy({"when": "block > 0", "then": "next_round", "convene": "legal"}, otherwise="go")
    calls_nobody = policy(("block > 0", "next_round"), otherwise="go")
    joins = replace(TWO, joining=("legal",))

    found = told(calls, calls_nobody, joins, TWO)
    assert found["next_round, legal joins", "next_round"] >= 5
    assert (
        "stop (max_rounds_reached), legal joins if a resume raises max_rounds",
        "stop (max_rounds_reached)",
    ) in found
    assert not told(calls, calls_nobody, TWO, TWO)
    other = calls.model_copy(update={"rules": (calls.rules[0].model_copy(update={"convene": "audit"}),)})
    assert ("next_round, legal joins", "next_round, audit joins") in told(
        calls, other, joins, replace(TWO, joining=("audit",))
    )


def test_rounds_that_end_differ_from_rounds_that_continue_where_the_limits_differ() -> None:
    rules = policy(*MAJORITY, otherwise="next_round")
    short, long = replace(TWO, max_rounds=3), replace(TWO, max_rounds=5)

    assert {*told(rules, rules, short, long)} == {("stop (max_rounds_reached)", "next_round")}
    assert {*told(rules, rules, long, short)} == {("next_round", "stop (max_rounds_reached)")}
    at_once = policy(*MAJORITY, otherwise="no_go")
    assert not told(at_once, at_once, short, long)


def test_a_constant_of_open_questions_is_found_however_large() -> None:
    strict = policy(("open_questions >= 70", "next_round"), otherwise="go")
    changes = list(find_changes(policy(otherwise="go"), strict, replace(TWO, max_rounds=1)))

    assert {change.example.place.marks.open_questions for change in changes} == {70, 71}
    assert {change.target for change in changes if change.example.note is None} == {"stop (max_rounds_reached)"}
    assert {change.target for change in changes if change.example.note} == {"next_round"}


def test_a_row_about_a_round_that_no_run_reaches_is_no_difference() -> None:
    at_once = policy(("block > 0", "no_go"), otherwise="go")
    late = policy(("round == 2", "no_go"), ("block > 0", "no_go"), otherwise="go")

    assert not told(at_once, late, THREE)


def test_a_difference_that_only_a_resume_leads_to_says_so() -> None:
    rules = policy(("block > 0", "escalate"), otherwise="go")
    late = policy(("round == 2 && block > 0", "no_go"), ("block > 0", "escalate"), otherwise="go")
    changes = list(find_changes(rules, late, THREE))

    assert {change.example.note for change in changes} == {"after a human asked for another round"}


def test_a_human_who_can_ask_for_another_round_under_one_limit_alone_is_a_difference() -> None:
    rules = policy(("block > 0", "escalate"), otherwise="go")
    one, three = (replace(TWO, max_rounds=limit) for limit in (1, 3))

    assert {*told(rules, rules, one, three)} == {("escalate (no round is left)", "escalate (a round is left)")}
    assert not told(rules, rules, three, three)
    assert not told(policy(otherwise="go"), policy(otherwise="go"), one, three)


def test_a_vote_that_decides_nothing_stops_unless_its_row_asks_a_human() -> None:
    asks, talks = (policy(("block > 0", then), otherwise="go") for then in ("escalate", "next_round"))
    ballot = replace(TWO, max_rounds=1, is_vote=True)

    assert {*told(asks, talks, ballot)} == {("escalate", "stop (no_quorum)")}
    assert {*told(talks, policy(otherwise="go"), ballot)} == {("stop (no_quorum)", "go")}


def test_two_tables_that_calculate_with_rounds_are_compared_a_few_rounds_further() -> None:
    odd = policy(("round % 2 == 1", "next_round"), otherwise="next_round")
    even = policy(("round % 2 == 1 || round == 5", "next_round"), otherwise="next_round")
    fifth = policy(("round + 1 == 6", "no_go"), otherwise="next_round")

    assert not told(odd, even, replace(TWO, max_rounds=2))
    assert {*told(odd, fifth, replace(TWO, max_rounds=2))} == {("stop (max_rounds_reached)", "no_go")}


# --- teams and limits ------------------------------------------------------------------------------------------------


def test_the_same_roles_in_another_order_are_no_difference() -> None:
    team = replace(THREE, weights={"risk": 2}, vetoers=frozenset({"sales"}), joining=("x", "y"))
    other = replace(team, roles=("sales", "legal", "risk"), joining=("y", "x"))
    rules = policy(
        {"when": "round == 1 && block > 0", "then": "next_round", "convene": "x"},
        {"when": "round == 2 && block > 0", "then": "next_round", "convene": "y"},
        ('stances.risk == "go" && weighted_go > 2', "go"),
        ("vetoes > 0", "no_go"),
        otherwise="escalate",
    )

    assert list(find_changes(rules, rules, team, other)) == []


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("launch", {"min_go_votes": 1}),
        ("weighted", {"weights": {"risk": 5}}),
        ("veto", {"vetoers": frozenset({"sales"})}),
    ],
)
def test_teams_with_other_limits_weights_and_vetoes_differ_where_their_votes_are_acted_on_differently(
    name: str, changes: dict[str, object]
) -> None:
    rules, other = load_policy(name), replace(THREE, **changes)  # type: ignore[arg-type]
    wanted = {each[:2] for each in Runs(rules, rules, THREE, other).differences()}

    assert {*told(rules, rules, THREE, other)} == wanted != set()
    assert not told(load_policy("median"), load_policy("median"), THREE, other)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (policy(("block >= 1", "no_go"), otherwise="go"), policy(("go + caution == team", "go"), otherwise="no_go")),
        (load_policy("classic"), load_policy("classic")),
        (load_policy("majority"), load_policy("majority").model_copy(update={"name": "mine"})),
    ],
)
def test_policies_that_act_alike_on_every_vote_are_equivalent(first: Policy, second: Policy) -> None:
    assert list(find_changes(first, second, THREE)) == []
    assert list(find_changes(second, first, THREE)) == []


def test_a_policy_that_trusts_confidence_is_compared_on_the_grid() -> None:
    trusting = policy(("min_confidence < 0.4", "no_go"), otherwise="go", trust_confidence=True)
    found = told_without_a_resume(policy(otherwise="go"), trusting, replace(TWO, max_rounds=1))

    assert found == {("go", "no_go"): 9}


def test_two_policies_of_as_many_rows_as_there_may_be_can_be_compared() -> None:
    rows = [(f"go == {number}", "go") for number in range(1, 51)]
    first, second = policy(*rows, otherwise="no_go"), policy(*rows[:2], otherwise="no_go")

    assert told_without_a_resume(first, second, THREE) == {("go", "no_go"): 1}


def test_a_team_with_too_many_votes_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ballots, "MAX_VOTES", 9)

    with pytest.raises(TooManyVotesError):
        list(find_changes(policy(otherwise="go"), policy(otherwise="no_go"), THREE))
