"""What `accord policy diff` compares: two policies on the same roles, or two teams that have the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from graph.assurance.subject import DEFAULT_ROLES, Subject, equal_electorates, is_policy, load_subject, load_subjects
from graph.problems import UsageError
from policies.assurance.ballots import TooManyVotesError
from policies.assurance.difference import Change, find_changes
from policies.assurance.electorate import Electorate
from policies.assurance.lens import lens_of
from policies.decision.table import Policy
from policies.language import say, say_count
from policies.team.team import Budget

COMPARED = ("max_rounds", "min_go_votes")
"""Limits under which votes are compared; where another limit cuts a run off, there is no vote."""


@dataclass(frozen=True)
class PolicyComparison:
    """Two policies on the same roles: the votes acted on differently; of two teams, the guards and limits that differ.

    `unsettled` says what no comparison of votes goes through, where the tables are not the same: null where it is all.
    """

    changes: Sequence[Change]
    where: str
    guards: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    unsettled: str | None = None
    shown_where: str = ""
    """Where, with what people call the roles."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """What people call the roles, in the first team that is named."""

    @property
    def is_equivalent(self) -> bool:
        """Whether nothing differs that was looked at, and all was."""
        return not (self.changes or self.guards or self.limits or self.unsettled)


def compare(first: str, second: str, roles: int | None = None) -> list[PolicyComparison]:
    """Return how two policies differ, or the policies of two teams with the same roles and those of the teams within.

    Where one is a team, both are shown on it.

    Raises:
        UsageError: there is no such team or policy, or the two teams have other roles, also within them.
    """
    names = (first, second)
    if any(map(is_policy, names)):
        one, two = (load_subject(name, roles if is_policy(name) else None) for name in names)
        return [_compared(one, two, roles or DEFAULT_ROLES)]
    ones, twos = (load_subjects(name) for name in names)
    if [one.within for one in ones] != [two.within for two in twos]:
        told = say("; ").join(", ".join(each.title for each in found) for found in (ones, twos))
        raise UsageError(
            say("different teams decide in the two, so their votes cannot be compared; {teams}", teams=told)
        )
    return [_compared(one, two, DEFAULT_ROLES) for one, two in zip(ones, twos, strict=True)]


def _compared(one: Subject, two: Subject, roles: int) -> PolicyComparison:
    (policy, voters), (other, others) = _on_the_same_roles(one, two, roles)
    if set(voters.roles) != set(others.roles):
        raise UsageError(
            say(
                "the two teams have different roles, so their votes cannot be compared; {one}: {roles}; {two}: "
                "{others}",
                one=one.title,
                roles=", ".join(voters.roles),
                two=two.title,
                others=", ".join(others.roles),
            )
        )
    try:
        changes = list(find_changes(policy, other, voters, others))
    except TooManyVotesError as error:
        told = say("{name}: {value}", name=f"{one.title}, {two.title}", value=error)
        raise UsageError(told) from None
    titles = one.titles or two.titles
    where = [_where(one, two, [names.get(role, role) for role in voters.roles]) for names in ({}, titles)]
    guards, limits = _differing_guards(one, two), _differing_limits(one, two)
    return PolicyComparison(changes, where[0], guards, limits, unsettled(policy, other), where[1], titles)


def _where(one: Subject, two: Subject, roles: Sequence[str]) -> str:
    """Return on which roles two policies are compared."""
    if one.is_team or two.is_team:
        where = say("the roles {names}", names=", ".join(roles))
    else:
        where = say_count("{number} equal role", "{number} equal roles", len(roles))
    return say("{roles} within {team}", roles=where, team="/".join(one.within)) if one.within else where


def unsettled(policy: Policy, other: Policy) -> str | None:
    """Return what a comparison of two tables leaves open, since it cannot go through all of it."""
    if policy.rules == other.rules and policy.otherwise == other.otherwise:
        return None
    if policy.trust_confidence or other.trust_confidence:
        return say("rows read confidences, and teams whose roles all report 0, 0.5 or 1 were compared alone")
    if calculated := lens_of((policy, other)).calculated:
        names = f" {say('and')} ".join(calculated)
        return say("rows calculate with {names}, and raised limits were compared only so far", names=names)
    return None


def _on_the_same_roles(one: Subject, two: Subject, roles: int) -> list[tuple[Policy, Electorate]]:
    if one.is_team and not two.is_team:
        two = one.under(two.policy)
    elif two.is_team and not one.is_team:
        one = two.under(one.policy)
    elif not one.is_team:
        voters = equal_electorates((one.policy, two.policy), roles)
        return [*zip((one.policy, two.policy), voters, strict=True)]
    return [(each.policy, each.electorate) for each in (one, two)]


def _differing_guards(one: Subject, two: Subject) -> tuple[str, ...]:
    """Return the names of the guards that only one of two teams has as they are."""
    if not (one.is_team and two.is_team):
        return ()
    differing = [guard for guard in (*one.guards, *two.guards) if (guard in one.guards) != (guard in two.guards)]
    return tuple(dict.fromkeys(guard.name for guard in differing))


def _differing_limits(one: Subject, two: Subject) -> tuple[str, ...]:
    """Return the names of the limits that differ between two teams, without those under which votes are compared."""
    if one.team is None or two.team is None:
        return ()
    budgets = one.team.budget, two.team.budget
    names = [name for name in Budget.model_fields if name not in COMPARED]
    differing = [name for name in names if getattr(budgets[0], name) != getattr(budgets[1], name)]
    return (*differing, *(("stability",) if one.stability != two.stability else ()))
