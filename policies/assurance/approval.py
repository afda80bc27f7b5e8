"""Approval: the policies under which no run starts, since they are not shown to be total and monotone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache

from policies.assurance.ballots import TooManyVotesError
from policies.assurance.electorate import Electorate, electorate_of, electorate_of_panel
from policies.assurance.proof import NEEDED_OF_PEOPLE, PropertyCheck, find_unproved
from policies.decision.table import Policy
from policies.language import Language, speaking, spoken
from policies.patterns.course import decides_by_policy, ruling_policy
from policies.people.panel import panel_of
from policies.run.budgets import raised
from policies.team.team import Budget, Team
from policies.team.titles import distinct_titles

KEPT = 256
VOTED_BY = ("min_go_votes", "max_rounds")
"""Limits that a decision table may read."""


@dataclass(frozen=True)
class Unapproved:
    """A policy that is not approved: the properties that fail, or why that cannot be said."""

    policy: Policy
    failing: tuple[PropertyCheck, ...] = ()
    too_many: str | None = None
    """The team casts more kinds of votes than a proof goes through."""
    is_of_people: bool = False
    """Whether it is the table by which people decide together."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """What people call the roles that vote."""


def find_unapproved(
    team: Team, limits: Budget, began: Budget | None = None, before: Budget | None = None
) -> Unapproved | None:
    """Return the first policy, of a team within or the team's own, that is not approved; None where all are.

    A run that `began` with other limits may be at a place that only they lead to, so its rounds are walked from there.
    Where `before` is given, policies are looked at whose limits moved since: the others were approved then.
    """
    for each, (now, first, last) in _limits_within(team, limits, began or limits, before or limits):
        is_moved = before is None or any(getattr(now, name) != getattr(last, name) for name in VOTED_BY)
        found = _of_one(each, now, first) if decides_by_policy(each) and is_moved else None
        if found:
            return found
    return None if before is not None else _of_people(team)


def _of_people(team: Team) -> Unapproved | None:
    """Return the table by which people decide together, where it is not approved."""
    panel = panel_of(team.escalate.decide)
    failing = find_unproved(panel.policy, electorate_of_panel(panel), needed=NEEDED_OF_PEOPLE)
    return Unapproved(panel.policy, tuple(failing), is_of_people=True) if failing else None


def _limits_within(team: Team, *limits: Budget) -> Iterator[tuple[Team, tuple[Budget, ...]]]:
    """Yield each team within and then the team, with the limits as they are for it: what a run raises, it raises."""
    for role in team.roles.values():
        if role.team is not None:
            own = role.team.budget
            yield from _limits_within(role.team, *(raised(own, team.budget, each) for each in limits))
    yield team, limits


def _of_one(team: Team, limits: Budget, began: Budget) -> Unapproved | None:
    try:
        key = _Key(electorate_of(team, limits, began), spoken())
        failing = _unproved(ruling_policy(team), key, limits.max_rounds)
    except TooManyVotesError as error:
        return Unapproved(team.policy, too_many=str(error))
    titles = distinct_titles({name: role.title for name, role in team.roles.items()})
    return Unapproved(team.policy, failing, titles=titles) if failing else None


class _Key:
    """A team as its policy sees it, and the language of the notes on it; equal where all of both is."""

    def __init__(self, electorate: Electorate, language: Language) -> None:
        self.electorate, self.language = electorate, language
        seen = (getattr(electorate, each.name) for each in fields(electorate))
        self._parts = tuple(tuple(sorted(part.items())) if isinstance(part, Mapping) else part for part in seen)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.language is other.language and self._parts == other._parts

    def __hash__(self) -> int:
        return hash(self._parts)


@lru_cache(maxsize=KEPT)
def _unproved(policy: Policy, key: _Key, raised_to: int) -> tuple[PropertyCheck, ...]:
    """Return what fails, with notes in the language of the key."""
    with speaking(key.language):
        return tuple(find_unproved(policy, key.electorate, raised_to))
