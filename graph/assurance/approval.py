"""Approval: no run starts under a policy that is not shown to be total and monotone, unless its owner accepts that."""

from functools import lru_cache

from graph.problems import UsageError
from graph.report.proof import shown_example
from policies.assurance.ballots import Team as Voters
from policies.assurance.ballots import TooManyVotesError, voters_of
from policies.assurance.proof import Check, find_unproved
from policies.budgets import raised
from policies.conditions import ConditionError
from policies.table import Policy
from policies.team import Budget, Team

KEPT = 256


def approved(team: Team, limits: Budget | None = None) -> Team:
    """Return the team, whose policy, where one decides, is shown to be total and monotone; so are those within it.

    `limits` are those to go on with, where they are not the team's own; what they raise is raised within, too.

    Raises:
        UsageError: it is not, with the smallest counterexample, or the team is too large to show it.
    """
    for role in team.roles.values():
        if role.team is not None:
            approved(role.team, raised(role.team.budget, team.budget, limits or team.budget))
    if limits is not None:
        team = team.model_copy(update={"budget": limits})
    if not team.decides_by_policy:
        return team
    try:
        failing = _unproved(team.ruling_policy, _Key(team), team.joining)
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

    def __init__(self, team: Team) -> None:
        self.voters: Voters = voters_of(team)
        self._parts = (*map(str, (self.voters.roles, self.voters.weights, sorted(self.voters.vetoers))),)
        self._limits = (self.voters.min_go_votes, self.voters.max_rounds)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and (self._parts, self._limits) == (other._parts, other._limits)

    def __hash__(self) -> int:
        return hash((self._parts, self._limits))


@lru_cache(maxsize=KEPT)
def _unproved(policy: Policy, key: _Key, joining: tuple[str, ...]) -> list[Check]:
    return find_unproved(policy, key.voters, joining)


def _sentence(policy: Policy, check: Check) -> str:
    example = shown_example(check.counterexample) if check.counterexample else ""
    return (
        f"the policy `{policy.name}` is not {check.property}: {example}; repair it (`accord policy verify` shows it), "
        "or accept it in `policy.accept` with the reason"
    )
