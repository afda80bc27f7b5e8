"""What a proof is about: a team under its policy, or a policy on a team of so many equal roles."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from graph.problems import UsageError
from graph.teams.loader import Changes, load_team, shipped_teams
from graph.teams.policies import is_path, load_policy, shipped_policies
from graph.teams.source import read_source
from policies.assurance.ballots import Team as Voters
from policies.assurance.ballots import TooManyVotesError, voters_of
from policies.assurance.difference import Change, find_changes
from policies.assurance.proof import Proof, prove
from policies.guards import Guard
from policies.table import Policy
from policies.team import Budget, Team

DEFAULT_ROLES = 3
"""Roles of the team that a policy is shown on where no team is named."""


@dataclass(frozen=True)
class Subject:
    """A policy and the team it is shown on; `name` is how the user called it."""

    name: str
    policy: Policy
    voters: Voters
    joining: tuple[str, ...] = ()
    guards: tuple[Guard, ...] = ()
    is_team: bool = False

    def prove(self) -> Proof:
        """Return the proof.

        Raises:
            TooManyVotesError: the team casts more kinds of votes than a proof goes through.
        """
        return prove(self.policy, self.voters, self.joining, self.guards)


def load_subject(name: str, roles: int | None = None, settings: Sequence[str] = ()) -> Subject:
    """Return the team or policy of that name, or in that file; a policy is shown on `roles` equal roles.

    Raises:
        UsageError: there is neither, its file has problems, or `roles` or `settings` stand beside what takes none.
    """
    if _is_policy(name):
        if settings:
            raise UsageError(f"`{name}` is a policy; `--set` changes a team")
        return _from_policy(name, load_policy(name), roles or DEFAULT_ROLES)
    if name not in shipped_teams() and not is_path(name):
        teams, policies = ", ".join(shipped_teams()), ", ".join(shipped_policies())
        raise UsageError(
            f"there is no team and no policy `{name}`; teams: {teams}; policies: {policies}; or a file's path"
        )
    if roles is not None:
        raise UsageError(f"`{name}` is a team with roles of its own; `--roles` goes with a policy")
    return from_team(load_team(name, Changes(settings=settings)))


@dataclass(frozen=True)
class Comparison:
    """Two policies on the same roles: the votes whose outcome differs; of two teams, whether their guards do."""

    changes: Sequence[Change]
    where: str
    guards_differ: bool

    @property
    def is_equivalent(self) -> bool:
        """Whether nothing differs."""
        return not self.changes and not self.guards_differ


def compare(first: str, second: str, roles: int | None = None) -> Comparison:
    """Return how two policies differ, or the policies of two teams with the same roles.

    Where one is a team, both are shown on it.

    Raises:
        UsageError: there is no such team or policy, or the two teams have other roles.
    """
    one, two = load_subject(first, _roles_for(first, roles)), load_subject(second, _roles_for(second, roles))
    voters, others = one.voters, two.voters
    if one.is_team != two.is_team:
        voters = others = (one if one.is_team else two).voters
    elif not one.is_team:
        voters = others = _equal_voters((one.policy, two.policy), roles or DEFAULT_ROLES)
    if set(voters.roles) != set(others.roles):
        told = f"{first}: {', '.join(voters.roles)}; {second}: {', '.join(others.roles)}"
        raise UsageError(f"the two teams have other roles, so their votes cannot be compared; {told}")
    try:
        changes = list(find_changes(one.policy, two.policy, voters, others))
    except TooManyVotesError as error:
        raise UsageError(f"{first}, {second}: {error}") from None
    is_on_team = one.is_team or two.is_team
    where = f"the roles {', '.join(voters.roles)}" if is_on_team else f"{len(voters.roles)} equal roles"
    return Comparison(changes, where, one.is_team and two.is_team and set(one.guards) != set(two.guards))


def _roles_for(name: str, roles: int | None) -> int | None:
    return roles if _is_policy(name) else None


def from_team(team: Team) -> Subject:
    """Return a team as the subject of a proof."""
    return Subject(team.name, team.ruling_policy, voters_of(team), team.joining, team.guards, is_team=True)


def _is_policy(name: str) -> bool:
    if name in shipped_teams():
        return False
    if name in shipped_policies():
        return True
    value = read_source(Path(name)).value if is_path(name) else None
    return isinstance(value, dict) and "rules" in value and "sequence" not in value


def _from_policy(name: str, policy: Policy, roles: int) -> Subject:
    return Subject(name, policy, _equal_voters([policy], roles))


def _equal_voters(policies: Sequence[Policy], roles: int) -> Voters:
    """Return equal roles, those that are named among them; the first one has a veto where any is read."""
    named = sorted({role for policy in policies for role in policy.named_roles or ()})
    made = [f"role_{number}" for number in range(1, roles + 1 - len(named))]
    everybody = tuple([*named, *made])
    limits = Budget()
    has_vetoes = any("vetoes" in policy.variables for policy in policies)
    return Voters(
        everybody,
        min(limits.min_go_votes, len(everybody)),
        limits.max_rounds,
        max(limits.max_messages, len(everybody) * limits.max_rounds),
        vetoers=frozenset(everybody[:1]) if has_vetoes else frozenset(),
    )
