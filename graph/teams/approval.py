"""Approval: no run starts under a policy that is not shown to be total and monotone, unless its owner accepts that."""

from functools import lru_cache

from graph.problems import UsageError
from policies.assurance.ballots import Electorate, TooManyVotesError, electorate_of
from policies.assurance.counterexamples import shown_example
from policies.assurance.proof import Check, find_unproved
from policies.budgets import raised
from policies.conditions.condition import ConditionError
from policies.table import Policy
from policies.team import Budget, Team

KEPT = 256


def approved(team: Team, limits: Budget | None = None, began: Budget | None = None) -> Team:
    """Return the team, whose policy, where one decides, is shown to be total and monotone; so are those within it.

    `limits` are those to continue with, where they are not the team's own, and `began` those with which the run began:
    it may be at a place that only they lead to. What `limits` raise is raised within, too.

    Raises:
        UsageError: it is not, with the smallest counterexample, or the team is too large to show it.
    """
    under = limits or team.budget
    for role in team.roles.values():
        if role.team is not None:
            own = role.team.budget
            approved(role.team, *(raised(own, team.budget, each) for each in (under, began or under)))
    if limits is not None:
        team = team.model_copy(update={"budget": limits})
    if not team.decides_by_policy:
        return team
    try:
        failing = _unproved(team.ruling_policy, _Key(electorate_of(team, under, began)), under.max_rounds)
    except TooManyVotesError as error:
        needed = "`policy.accept` must name total and monotone, each with the reason"
        raise UsageError(
            f"the policy `{team.policy.name}` cannot be proved: {error}; to run it anyway {needed}"
        ) from None
    except ConditionError as error:  # a row of a vote, to which more is added
        raise UsageError(f"the policy `{team.policy.name}`: a condition of a vote {error}") from None
    if failing:
        raise UsageError(*(_sentence(team.policy, check) for check in failing))
    return team


class _Key:
    """A team as its policy sees it, equal where those are."""

    def __init__(self, electorate: Electorate) -> None:
        self.electorate = electorate
        weights, vetoers = sorted(electorate.weights.items()), sorted(electorate.vetoers)
        limits = (electorate.min_go_votes, electorate.max_rounds)
        self._parts = (electorate.roles, electorate.joining, tuple(weights), tuple(vetoers), limits)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._parts == other._parts

    def __hash__(self) -> int:
        return hash(self._parts)


@lru_cache(maxsize=KEPT)
def _unproved(policy: Policy, key: _Key, raised_to: int) -> list[Check]:
    return find_unproved(policy, key.electorate, raised_to)


def _sentence(policy: Policy, check: Check) -> str:
    example = shown_example(check.counterexample) if check.counterexample else ""
    return (
        f"the policy `{policy.name}` is not {check.property}: {example}; repair it (`accord policy verify` shows it), "
        "or accept it in `policy.accept` with the reason"
    )
