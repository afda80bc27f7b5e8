"""What a proof is about: a team under its policy, or a policy on a team of so many equal roles."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path

from graph.problems import UsageError
from graph.teams.loader import Changes, load_team, shipped_teams
from graph.teams.policies import is_path, load_policy, shipped_policies
from graph.teams.source import read_source
from policies.assurance.ballots import Electorate, electorate_of
from policies.assurance.proof import Proof, prove
from policies.guards import Guard
from policies.table import Policy
from policies.team import Budget, Team

DEFAULT_ROLES = 3
"""Roles of the team that a policy is shown on where no team is named."""


@dataclass(frozen=True)
class Subject:
    """A policy and the team it is shown on; `name` is how the user called it, `settings` what he set of the team."""

    name: str
    policy: Policy
    electorate: Electorate
    guards: tuple[Guard, ...] = ()
    team: Team | None = None
    settings: tuple[str, ...] = ()

    @property
    def is_team(self) -> bool:
        """Whether the user named a team, and not a policy alone."""
        return self.team is not None

    @property
    def words(self) -> tuple[str, ...]:
        """What names it on a command line."""
        return (self.name, *(word for setting in self.settings for word in ("--set", setting)))

    def prove(self) -> Proof:
        """Return the proof.

        Raises:
            TooManyVotesError: the team casts more kinds of votes than a proof goes through.
        """
        return prove(self.policy, self.electorate, self.guards)

    def under(self, policy: Policy) -> "Subject":
        """Return the same team under another policy; a policy alone keeps its equal roles."""
        if self.team is None:
            return replace(self, policy=policy)
        return replace(from_team(self.team.model_copy(update={"policy": policy})), name=self.name)


def load_subject(name: str, roles: int | None = None, settings: Sequence[str] = ()) -> Subject:
    """Return the team or policy of that name, or in that file; a policy is shown on `roles` equal roles.

    Raises:
        UsageError: there is neither, its file has problems, or `roles` or `settings` are given with what takes none.
    """
    if is_policy(name):
        if settings:
            raise UsageError(f"`{name}` is a policy; `--set` changes a team")
        policy = load_policy(name)
        return Subject(name, policy, equal_electorates([policy], roles or DEFAULT_ROLES)[0])
    if name not in shipped_teams() and not is_path(name):
        teams, policies = ", ".join(shipped_teams()), ", ".join(shipped_policies())
        raise UsageError(
            f"there is no team and no policy `{name}`; teams: {teams}; policies: {policies}; or a file's path"
        )
    if roles is not None:
        raise UsageError(f"`{name}` is a team with roles of its own; `--roles` goes with a policy")
    return replace(from_team(load_team(name, Changes(settings=settings))), name=name, settings=tuple(settings))


def from_team(team: Team) -> Subject:
    """Return a team as the subject of a proof."""
    return Subject(team.name, team.ruling_policy, electorate_of(team), team.guards, team)


def is_policy(name: str) -> bool:
    """Tell whether a name, or the file of that name, is a policy and not a team."""
    if name in shipped_teams():
        return False
    if name in shipped_policies():
        return True
    value = read_source(Path(name)).value if is_path(name) else None
    return isinstance(value, dict) and "rules" in value and "sequence" not in value


def equal_electorates(policies: Sequence[Policy], roles: int) -> list[Electorate]:
    """Return a team of equal roles for each policy, the same roles for all: those that rows name are among them.

    A role that its policy convenes joins; it is in the sequence only where another policy names it.
    """
    named = sorted({role for policy in policies for role in policy.named_roles or () if role not in policy.joining})
    convened = {role for policy in policies for role in policy.joining}
    made = (name for name in _numbered() if name not in convened and name not in named)
    return electorates_on([*named, *islice(made, max(roles - len(named), 0))], policies)


def _numbered() -> Iterator[str]:
    return (f"role_{number}" for number in count(1))


def electorates_on(sequence: Sequence[str], policies: Sequence[Policy]) -> list[Electorate]:
    """Return a team of these roles for each policy; the first one has a veto where any is read.

    It has all the messages that it can need: a policy alone knows no limit of them.
    """
    limits, everybody = Budget(), tuple(sequence)
    has_vetoes = any("vetoes" in policy.variables for policy in policies)
    convened = {role for policy in policies for role in policy.joining}
    return [
        Electorate(
            everybody,
            min(limits.min_go_votes, len(everybody)),
            limits.max_rounds,
            2 * len({*everybody, *convened}) * limits.max_rounds,
            vetoers=frozenset(everybody[:1]) if has_vetoes else frozenset(),
            joining=tuple(role for role in policy.joining if role not in everybody),
        )
        for policy in policies
    ]
