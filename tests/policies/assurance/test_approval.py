"""Approval: which policies are shown to be total and monotone, of a team and of those within it, under which limits."""

from typing import Any

from policies.assurance.approval import find_unapproved
from policies.team.rules import parse_team
from policies.team.team import Budget, Team
from tests.policies.patterns.courses import ANN, BOB, CID, person, policy_of, raw_team, team_of

PROPER = policy_of([{"when": "block > 0", "then": "no_go"}])
PERVERSE = policy_of([{"when": "caution >= 2", "then": "go"}, {"when": "block == 0 && go < team", "then": "no_go"}])
EAGER = policy_of([{"when": "min_go_votes > 2 && block > 1", "then": "go"}, {"when": "block > 0", "then": "no_go"}])
"""Sound where two have to go, and perverse where three have to."""

LIMITS = Budget()


def failing(team: Team, limits: Budget | None = None, **others: Budget) -> list[str]:
    found = find_unapproved(team, limits or team.budget, **others)
    return [] if found is None else [check.property for check in found.failing]


def rounds(policy: dict[str, Any], **budget: Any) -> Team:
    return team_of("rounds", policy=policy, budget={"max_messages": 40, **budget})


def within(policy: dict[str, Any]) -> Team:
    """A parallel team, for one of whose roles a team answers that decides by this policy."""
    inner = raw_team("rounds", (ANN, BOB), policy=policy, budget={"max_rounds": 2, "max_messages": 9})
    roles = {ANN: person(ANN), BOB: person(BOB), CID: person(CID, team=inner)}
    team = parse_team(raw_team("parallel", roles=roles, budget={"max_rounds": 2, "max_messages": 40}))
    assert isinstance(team, Team), team
    return team


def test_a_policy_is_approved_that_is_total_and_monotone_and_no_other() -> None:
    assert failing(rounds(PROPER)) == []
    assert failing(rounds(PERVERSE)) == ["monotone"]


def test_a_policy_that_decides_nothing_is_not_looked_at() -> None:
    assert failing(team_of("parallel", policy=PERVERSE)) == []


def test_what_its_owner_accepts_is_approved() -> None:
    assert failing(rounds({**PERVERSE, "accept": [{"property": "monotone", "because": "Asked for."}]})) == []


def test_a_policy_is_looked_at_under_the_limits_that_are_given() -> None:
    team = rounds(EAGER)
    more = team.budget.model_copy(update={"min_go_votes": 3})
    assert (failing(team), failing(team, more), failing(team)) == ([], ["monotone"], [])


def test_where_no_limit_moved_that_a_vote_depends_on_nothing_is_looked_at() -> None:
    team = rounds(PERVERSE)
    more = team.budget.model_copy(update={"max_messages": 99})
    assert failing(team, more, before=team.budget) == []
    assert failing(team, team.budget.model_copy(update={"min_go_votes": 1}), before=team.budget) == ["monotone"]


def test_a_team_within_is_approved_too() -> None:
    assert failing(within(PROPER)) == []
    assert failing(within(PERVERSE)) == ["monotone"]


def test_a_team_too_large_to_be_shown_is_told_so() -> None:
    names = [f"role_{number}" for number in range(1, 31)]
    named = " || ".join(f'stances.{name} == "block"' for name in names)
    policy = policy_of([{"when": named, "then": "no_go"}])
    found = find_unapproved(team_of("rounds", names, policy=policy, budget={"max_messages": 99}), LIMITS)
    assert found is not None
    assert found.failing == ()
    assert found.too_many is not None
    assert "kinds of votes" in found.too_many
