"""What `accord policy diff` compares: two policies on the same roles, or two teams that have the same."""

from collections.abc import Sequence
from dataclasses import dataclass

from graph.assurance.subject import DEFAULT_ROLES, Subject, equal_electorates, is_policy, load_subject
from graph.problems import UsageError
from policies.assurance.ballots import Electorate, TooManyVotesError
from policies.assurance.difference import Change, find_changes
from policies.table import Policy


@dataclass(frozen=True)
class Comparison:
    """Two policies on the same roles: the votes acted on differently; of two teams, the names of guards that differ."""

    changes: Sequence[Change]
    where: str
    guards: tuple[str, ...] = ()

    @property
    def is_equivalent(self) -> bool:
        """Whether nothing differs."""
        return not self.changes and not self.guards


def compare(first: str, second: str, roles: int | None = None) -> Comparison:
    """Return how two policies differ, or the policies of two teams with the same roles.

    Where one is a team, both are shown on it.

    Raises:
        UsageError: there is no such team or policy, or the two teams have other roles.
    """
    one, two = (load_subject(name, roles if is_policy(name) else None) for name in (first, second))
    (policy, voters), (other, others) = _on_the_same_roles(one, two, roles or DEFAULT_ROLES)
    if set(voters.roles) != set(others.roles):
        told = f"{first}: {', '.join(voters.roles)}; {second}: {', '.join(others.roles)}"
        raise UsageError(f"the two teams have other roles, so their votes cannot be compared; {told}")
    try:
        changes = list(find_changes(policy, other, voters, others))
    except TooManyVotesError as error:
        raise UsageError(f"{first}, {second}: {error}") from None
    is_on_team = one.is_team or two.is_team
    where = f"the roles {', '.join(voters.roles)}" if is_on_team else f"{len(voters.roles)} equal roles"
    return Comparison(changes, where, _differing_guards(one, two))


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
