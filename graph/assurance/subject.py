"""What a proof is about: a team under its policy, or a policy on a team of so many equal roles."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, islice
from pathlib import Path

from graph.documents import read_document
from graph.problems import UsageError
from graph.teams.loader import Changes, load_team, shipped_teams
from graph.teams.policies import is_path, load_policy, shipped_policies
from policies.assurance.electorate import Electorate, electorate_of, electorate_of_panel
from policies.assurance.proof import Proof, prove
from policies.conditions.condition import ConditionError, compile_condition
from policies.decision.guards import Guard
from policies.decision.table import Policy
from policies.language import phrase, say
from policies.nearest import allowed_names, did_you_mean
from policies.patterns.course import decides_by_policy, ruling_policy
from policies.people.panel import panel_of
from policies.team.access import find_denial
from policies.team.nesting import teams_within
from policies.team.stability import Stability
from policies.team.team import Budget, Team
from policies.team.titles import distinct_titles

APPROVERS = "approvers"
"""What the people are called who decide together for a team, next to the teams within it."""
UNDECIDED = phrase("no policy decides `{team}` itself: its pattern is {pattern}")
UNDECIDED_BUT_WITHIN = phrase(
    "no policy decides `{team}` itself: its pattern is {pattern}; name a team within it that decides: {options}"
)
DEFAULT_ROLES = 3
"""Roles of the team that a policy is shown on where no team is named."""


@dataclass(frozen=True)
class Subject:
    """A policy and the team it is shown on; `name` is how the user called it, `settings` what he set of the team.

    `within` are the roles, from the outside in, that the team answers for; none: it is the team of that name itself.
    """

    name: str
    policy: Policy
    electorate: Electorate
    guards: tuple[Guard, ...] = ()
    team: Team | None = None
    settings: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    """What people call the roles of a team; equal roles, and people who decide, are called by their names."""

    @property
    def title(self) -> str:
        """What it is called on a screen."""
        if self.is_of_people:
            return say("the approvers of {team}", team=self.name)
        return say("{team}, within it {role}", team=self.name, role="/".join(self.within)) if self.within else self.name

    @property
    def is_team(self) -> bool:
        """Whether the user named a team, and not a policy alone."""
        return self.team is not None

    @property
    def is_of_people(self) -> bool:
        """Whether it is the table by which the approvers of a team decide together."""
        return self.within[-1:] == (APPROVERS,)

    @property
    def grounds(self) -> bool:
        """Whether numbers are grounded in its runs, or may be, where it is a policy alone."""
        return self.team.ground if self.team else not self.is_of_people

    @property
    def stability(self) -> Stability | None:
        """How decisions of the team are checked before they are announced; None where they are not."""
        return self.team.stability if self.team and not self.is_of_people else None

    @property
    def words(self) -> tuple[str, ...]:
        """What names it on a command line."""
        within = ("--within", "/".join(self.within)) if self.within else ()
        return (self.name, *within, *(word for setting in self.settings for word in ("--set", setting)))

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


def load_subject(
    name: str, roles: int | None = None, settings: Sequence[str] = (), within: str | None = None
) -> Subject:
    """Return the team or policy of that name, or in that file; a policy is shown on `roles` equal roles.

    `within` names the role that a team within it answers for, and the role within that one, with slashes between.

    Raises:
        UsageError: there is neither, its file has problems, no policy decides the team, or `roles`, `settings` or
            `within` are given with what takes none.
    """
    found = _load(name, roles, settings)
    if within is not None:
        found = _within(found, within)
    if found.team is not None and not decides_by_policy(found.team):
        inner = [each.within for each in _nested(found) if _decides(each)]
        told = UNDECIDED_BUT_WITHIN if inner else UNDECIDED
        values = {"team": found.title, "pattern": found.team.pattern, "options": _flags(inner)}
        raise UsageError(say(told, **values))
    return found


def load_subjects(name: str, roles: int | None = None, settings: Sequence[str] = ()) -> list[Subject]:
    """Return what decides in runs of the team of that name: itself, and the teams within it, the outer one first.

    Raises:
        UsageError: as `load_subject`, or no policy decides any of them.
    """
    return subjects_in(_load(name, roles, settings))


def subjects_in(found: Subject) -> list[Subject]:
    """Return what decides in runs of a subject: itself, and the teams within it, the outer one first.

    Raises:
        UsageError: no policy decides any of them.
    """
    deciding = [each for each in _nested(found) if _decides(each)]
    if not deciding and found.team is not None:
        raise UsageError(
            say(
                "no policy decides `{team}`: its pattern is {pattern}, and no team within it votes",
                team=found.name,
                pattern=found.team.pattern,
            )
        )
    return deciding


def _load(name: str, roles: int | None, settings: Sequence[str]) -> Subject:
    if is_policy(name):
        if settings:
            raise UsageError(say("`{name}` is a policy; `--set` changes a team", name=name))
        policy = load_policy(name)
        return Subject(name, policy, equal_electorates([policy], roles or DEFAULT_ROLES)[0])
    if name not in shipped_teams() and not is_path(name):
        raise UsageError(_unknown(name))
    if roles is not None:
        raise UsageError(say("`{name}` is a team with roles of its own; `--roles` goes with a policy", name=name))
    team = load_team(name, Changes(settings=settings))
    return replace(from_team(team), name=name, settings=tuple(settings))


def _unknown(name: str) -> str:
    """Return that there is neither a team nor a policy of a name, and which there are."""
    values = {"name": name, "teams": ", ".join(shipped_teams()), "policies": ", ".join(shipped_policies())}
    meant = did_you_mean(name, (*shipped_teams(), *shipped_policies()))
    if not meant:
        return say(
            "there is no team and no policy `{name}`; teams: {teams}; policies: {policies}; or a file's path", **values
        )
    return say(
        "there is no team and no policy `{name}`{meant} Teams: {teams}; policies: {policies}; or a file's path",
        meant=meant,
        **values,
    )


def _nested(subject: Subject) -> Iterator[Subject]:
    """Yield a subject, and each team within it."""
    yield subject
    for within, team in teams_within(subject.team) if subject.team else ():
        if within:
            inner = from_team(team)
            yield replace(inner, name=subject.name, settings=subject.settings, within=(*subject.within, *within))
    if subject.team and subject.team.escalate.decide and subject.team.escalate.decide.rule:
        panel = panel_of(subject.team.escalate.decide)
        people = replace(subject, policy=panel.policy, electorate=electorate_of_panel(panel), team=None, titles={})
        yield replace(people, within=(*subject.within, APPROVERS))


def _decides(subject: Subject) -> bool:
    return subject.team is None or decides_by_policy(subject.team)


def _within(subject: Subject, within: str) -> Subject:
    inner = {"/".join(each.within): each for each in _nested(subject) if each.within}
    if within in inner:
        return inner[within]
    values = {"team": subject.name, "role": repr(within)}
    if not inner:
        told = say("--within: `{team}` has no team within it for {role}; no team answers for a role of it", **values)
        raise UsageError(told)
    told = say("--within: `{team}` has no team within it for {role}", **values)
    raise UsageError(f"{told}{allowed_names(within, inner)}")


def _flags(places: Iterable[tuple[str, ...]]) -> str:
    return f" {say('or')} ".join(f"`--within {'/'.join(place)}`" for place in places)


def from_team(team: Team) -> Subject:
    """Return a team as the subject of a proof.

    Raises:
        UsageError: a role of its sequence may not speak, so that no vote of it is ever decided, or a row of its policy
            leaves no room for what a vote adds to it.
    """
    denied = next(filter(None, (find_denial(role, team.access) for role in team.sequence)), None)
    if denied is not None and decides_by_policy(team):
        raise UsageError(
            say(
                "every run of the team `{team}` stops with `{reason}`, so no vote of it is decided; leave the role out "
                "of the sequence or enable it",
                team=team.name,
                reason=denied,
            )
        )
    try:
        for row in ruling_policy(team).rules:
            compile_condition(row.when, "vote")
    except ConditionError as error:
        told = say(
            "the policy `{policy}`: a condition leaves no room for what a vote adds to it: {fault}",
            policy=team.policy.name,
            fault=error.told_of(say("the whole")),
        )
        raise UsageError(told) from None
    titles = distinct_titles({name: role.title for name, role in team.roles.items()})
    return Subject(team.name, ruling_policy(team), electorate_of(team), team.guards, team, titles=titles)


def is_policy(name: str) -> bool:
    """Return whether a name, or the file of that name, is a policy and not a team."""
    if name in shipped_teams():
        return False
    if name in shipped_policies():
        return True
    value = read_document(Path(name)).value if is_path(name) else None
    return isinstance(value, dict) and "rules" in value and "sequence" not in value


def equal_electorates(policies: Sequence[Policy], roles: int) -> list[Electorate]:
    """Return a team of equal roles for each policy, the same for all: those that rows name or release are among them.

    A role that its policy convenes joins; it is in the sequence only where another policy names or releases it.
    """
    named = sorted({role for policy in policies for role in seated_by_name(policy) if role not in policy.joining})
    convened = {role for policy in policies for role in policy.joining}
    made = (name for name in _numbered() if name not in convened and name not in named)
    return electorates_on([*named, *islice(made, max(roles - len(named), 0))], policies)


def seated_by_name(policy: Policy) -> tuple[str, ...]:
    """Return the roles that a policy alone needs: those whose stances rows read, and those that rows release."""
    return (*(policy.named_roles or ()), *policy.leaving)


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
