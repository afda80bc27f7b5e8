"""The difference of two policies: exactly the votes that are decided otherwise, counted one by one here."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from graph.teams.policies import load_policy
from policies.assurance import ballots
from policies.assurance.ballots import Team, TooManyVotesError
from policies.assurance.difference import find_changes
from policies.outcome import decide
from policies.table import Policy
from tests.policies.assurance.enumeration import (
    everything,
    places,
    policy,
    random_policy,
    random_team,
    vote_of,
)

Counted = Counter[tuple[str, str, int, int]]
"""Votes by (from, to, round, blocked rounds before it)."""

THREE = Team(("risk", "legal", "sales"))
STREAK = ("round == 99 && rounds_left == 99 && block_streak == 99", "go")
"""A row that never holds, so that every place of a run is looked at."""


def told(first: Policy, second: Policy, team: Team, other: Team | None = None) -> Counted:
    counted: Counted = Counter()
    for change in find_changes(first, second, team, other):
        place = (change.example.round, change.example.rounds_blocked)
        counted[(change.source, change.target, *place)] += change.votes
        (vote,) = change.example.votes
        casts = tuple(vote[role] for role in team.roles)
        against = replace(other or team, roles=team.roles)
        finals = (decide(first, vote_of(team, casts, *place)).final, decide(second, vote_of(against, casts, *place)))
        assert change.example.outcomes == (change.source, change.target) == (finals[0], finals[1].final)
    return counted


def counted_one_by_one(first: Policy, second: Policy, team: Team, other: Team | None = None) -> Counted:
    counted: Counted = Counter()
    against = replace(other or team, roles=team.roles)
    both = second if second.on_absent == "count" else first
    for place in places(team):
        for casts in everything(both, team) if place[0] <= against.max_rounds else ():
            one = decide(first, vote_of(team, casts, *place)).final
            two = decide(second, vote_of(against, casts, *place)).final
            if one != two:
                counted[(one, two, *place)] += 1
    return counted


def watching(rules: Policy) -> Policy:
    """The same rule, but one that reads at which place of a run it is."""
    return policy(*(row.model_dump() for row in rules.rules), STREAK, **rules.model_dump(exclude={"rules"}))


@pytest.mark.parametrize("seed", range(60))
def test_the_difference_is_every_vote_that_is_decided_otherwise_and_no_other(seed: int) -> None:
    rng = random.Random(f"difference {seed}")
    team = random_team(rng, most=4)
    first, second = random_policy(rng, team.roles), random_policy(rng, team.roles)

    assert told(watching(first), second, team) == counted_one_by_one(watching(first), second, team)
    assert told(first, watching(second), team) == counted_one_by_one(first, watching(second), team)


def test_teams_that_need_other_votes_differ_where_their_votes_are_decided_otherwise() -> None:
    for seed in range(40):
        rng = random.Random(f"other votes {seed}")
        team = random_team(rng, most=4)
        rules = watching(policy(("go >= min_go_votes", "go"), otherwise="no_go"))
        other = replace(team, min_go_votes=rng.randint(1, 4))
        found = told(rules, rules, team, other)

        assert found == counted_one_by_one(rules, rules, team, other)
        fewer = min(team.min_go_votes, other.min_go_votes)
        assert bool(found) == (team.min_go_votes != other.min_go_votes and fewer <= len(team.roles))


def test_teams_whose_roles_weigh_otherwise_differ_where_their_votes_are_decided_otherwise() -> None:
    for seed in range(40):
        rng = random.Random(f"other weights {seed}")
        team = random_team(rng, most=4)
        other = replace(team, weights={role: rng.randint(1, 3) for role in team.roles})
        rules = watching(load_policy("weighted"))

        assert told(rules, rules, team, other) == counted_one_by_one(rules, rules, team, other)


def test_teams_with_other_vetoes_differ_where_their_votes_are_decided_otherwise() -> None:
    for seed in range(40):
        rng = random.Random(f"other vetoes {seed}")
        team = random_team(rng, most=4)
        other = replace(team, vetoers=frozenset(role for role in team.roles if rng.random() < 0.5))
        rules = watching(load_policy("veto"))

        assert told(rules, rules, team, other) == counted_one_by_one(rules, rules, team, other)


def test_the_same_roles_in_another_order_are_no_difference() -> None:
    team = replace(THREE, weights={"risk": 2}, vetoers=frozenset({"sales"}))
    other = replace(team, roles=("sales", "legal", "risk"))
    rules = policy(('stances.risk == "go" && weighted_go > 2', "go"), ("vetoes > 0", "no_go"), otherwise="escalate")

    assert list(find_changes(rules, rules, team, other)) == []


def test_a_team_with_fewer_rounds_differs_in_its_last_one() -> None:
    majority = load_policy("majority")
    long, short = Team(("risk", "legal"), max_rounds=3), Team(("risk", "legal"), max_rounds=2)

    assert told(majority, majority, long, short) == {("next_round", "escalate", 2, 0): 4}


def test_a_team_with_more_rounds_differs_where_the_other_one_ends() -> None:
    majority = load_policy("majority")
    short, long = Team(("risk", "legal"), max_rounds=2), Team(("risk", "legal"), max_rounds=3)

    assert told(majority, majority, short, long) == {("escalate", "next_round", 2, 0): 4}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (policy(("block >= 1", "no_go"), otherwise="go"), policy(("go + caution == team", "go"), otherwise="no_go")),
        (load_policy("classic"), load_policy("classic")),
        (load_policy("majority"), policy(*load_policy("majority").model_dump()["rules"], otherwise="escalate")),
    ],
)
def test_policies_that_decide_every_vote_alike_are_equivalent(first: Policy, second: Policy) -> None:
    last_alone = Team(("risk", "legal", "sales"), max_rounds=1)

    assert list(find_changes(first, second, last_alone)) == []
    assert list(find_changes(second, first, last_alone)) == []


def test_classic_and_launch_differ_in_a_block_that_stands_and_where_the_rounds_end() -> None:
    found = told(load_policy("classic"), load_policy("launch"), replace(THREE, max_rounds=2))

    assert found == counted_one_by_one(load_policy("classic"), load_policy("launch"), replace(THREE, max_rounds=2))
    assert found == {
        ("next_round", "escalate", 2, 0): 12 + 4,
        ("next_round", "escalate", 2, 1): 12 + 4,
    }


def test_absences_are_compared_where_either_policy_counts_them() -> None:
    stops = policy(("absent > 0", "no_go"), otherwise="go")
    counts = policy(otherwise="go", on_absent="count")
    team = Team(("risk", "legal"), max_rounds=1)

    for pair in ((stops, counts), (counts, stops)):
        assert sum(change.votes for change in find_changes(*pair, team)) == 16 - 9
    assert list(find_changes(stops, policy(otherwise="go"), team)) == []


def test_a_policy_that_trusts_confidence_is_compared_on_the_grid() -> None:
    trusting = policy(("min_confidence < 0.4", "no_go"), otherwise="go", trust_confidence=True)
    found = list(find_changes(policy(otherwise="go"), trusting, Team(("risk", "legal"), max_rounds=1)))

    assert sum(change.votes for change in found) == 9
    assert {(change.source, change.target) for change in found} == {("go", "no_go")}


def test_two_policies_of_as_many_rows_as_there_may_be_can_be_compared() -> None:
    rows = [(f"go == {number}", "go") for number in range(1, 51)]
    first, second = policy(*rows, otherwise="no_go"), policy(*rows[:2], otherwise="no_go")

    assert sum(change.votes for change in find_changes(first, second, replace(THREE, max_rounds=1))) == 1


def test_a_team_with_too_many_votes_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ballots, "MAX_VOTES", 9)

    with pytest.raises(TooManyVotesError):
        list(find_changes(policy(otherwise="go"), policy(otherwise="no_go"), THREE))
