"""Checks: what a role says by its own rules, evaluated by code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from policies.conditions.condition import Fault, holds
from policies.conditions.places import shown_path
from policies.decision.guards import ABSENT
from policies.language import phrase, say
from policies.paths import MISSING, keys_of, value_at
from policies.team.expecting import find_lacking
from policies.team.fields import Position, Text, Value
from policies.team.fit import Misfit, explain_fault, find_mistyped
from policies.team.team import Check, Role, Team


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A check that has no answer: its number from 1, its condition, and why."""

    number: int
    when: str
    missing: str | None
    """The path that the facts lack, or None where what they have cannot be used."""
    told: str

    def cause(self, role: str) -> str:
        """Return which check of which role has no answer, and why."""
        return say(
            "role `{role}`, check {number} (`{when}`): {why}",
            role=role,
            number=self.number,
            when=self.when,
            why=self.told,
        )


class RoleChecks(Value):
    """What the checks of a role need of it."""

    title: Text
    """What people call the role."""
    checks: Annotated[tuple[Check, ...], Field(strict=False)] = ()
    """Its checks, in order."""
    otherwise: Position | None = None
    """The position when no check is true."""


def stance_of(role: Role | RoleChecks, facts: Mapping[str, Any]) -> Position | Unanswered:
    """Return the position of the first check that holds, else the role's `otherwise`.

    A check that has no answer ends the search: a fact is missing, or is of a kind that the check cannot compare.
    Guessing past it would let a missing fact turn a `block` into a `go`.

    Raises:
        ValueError: the role has no `otherwise`.
    """
    if role.otherwise is None:
        raise ValueError(say("the role {title} has no checks, so no rule can speak for it", title=repr(role.title)))
    for number, check in enumerate(role.checks, 1):
        answer = _answer(check.when, facts)
        if isinstance(answer, str | Misfit):
            return _unanswered(number, check.when, answer, facts)
        if answer:
            return check
    return role.otherwise


def _answer(when: str, facts: Mapping[str, Any]) -> bool | Misfit | str:
    """Return whether a condition holds, else what of the facts it cannot use, or what the runtime says.

    CEL calls values of two kinds unequal; here that does not count as an answer, since nobody means to compare them.
    """
    answer = holds(when, facts)
    if isinstance(answer, Fault):
        return explain_fault(when, answer.message, facts)
    return next(find_mistyped(when, facts), answer)


def _unanswered(number: int, when: str, why: Misfit | str, facts: Mapping[str, Any]) -> Unanswered:
    if isinstance(why, str):
        return Unanswered(number, when, None, why)
    return Unanswered(number, when, shown_path(why.path) if why.is_missing else None, why.told(facts))


@dataclass(frozen=True, slots=True)
class Needed:
    """A fact that somebody has to supply before the team starts: its path, and why."""

    path: str
    cause: str


def find_needed(team: Team, facts: Mapping[str, Any]) -> Needed | None:
    """Return the first fact the team cannot start without, or None.

    These are the paths in `requires`, and those that the checks of its `rules` roles lack, of the roles that may join
    as well.
    """
    required = next(iter(find_lacking(team.requires, facts)), None)
    if required is not None:
        found = ABSENT if value_at(required, facts) is MISSING else phrase("is null")
        told = Misfit(keys_of(required), found).told(facts)
        return Needed(required, say("the team requires it: {why}", why=told))
    for name in team.speaking:
        role = team.roles[name]
        said = stance_of(role, facts) if role.enabled and role.team is None and role.voice == "rules" else None
        if isinstance(said, Unanswered) and said.missing is not None:
            return Needed(said.missing, said.cause(name))
    return None
