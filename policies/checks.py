"""Checks: what a role says by its own rules, evaluated by code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from policies.conditions import Fault, holds
from policies.contract import Contribution, Stance
from policies.fields import Position
from policies.guards import MISSING, value_at
from policies.places import shown_path, values_at
from policies.reading import reads_in
from policies.team import Role, Team, missing_fact

Flag = str
"""`contradicts_facts:<role>` or `unsupported:<role>`."""

_PERMISSIVENESS: dict[Stance, int] = {"block": 0, "caution": 1, "go": 2}


@dataclass(frozen=True, slots=True)
class MissingFact:
    """A check that has no answer, and the dotted path of the fact it lacks or cannot use."""

    path: str
    message: str


def stance_of(role: Role, facts: Mapping[str, Any]) -> Position | MissingFact:
    """Return the position of the first check that holds, else the role's `otherwise`.

    A check that has no answer (a fact is missing or of a type it cannot compare) ends the search: guessing past it
    would let a missing fact turn a `block` into a `go`.

    Raises:
        ValueError: the role has no `otherwise`.
    """
    if role.otherwise is None:
        raise ValueError(f"the role {role.title!r} has no checks, so no rule can speak for it")
    for check in role.checks:
        answer = holds(check.when, facts)
        if isinstance(answer, Fault):
            return _missing(check.when, answer, facts)
        if answer:
            return check
    return role.otherwise


def find_flags(said: Contribution, role: Role, facts: Mapping[str, Any]) -> tuple[Flag, ...]:
    """Return what a contribution is flagged with; flags are for the record and change no outcome.

    `contradicts_facts`: its stance is more permissive than the role's own checks allow. `unsupported`: its evidence
    names a path that the facts do not have, or is no list of paths.

    >>> said = Contribution("risk", "go", "Fine.", 1.0, ("Go.",), ("risk.rate",))
    >>> find_flags(said, Role(title="Risk", mandate="Judge."), {})
    ('unsupported:risk',)
    """
    allowed = stance_of(role, facts) if role.otherwise is not None else None
    contradicts = isinstance(allowed, Position) and _PERMISSIVENESS[said.stance] > _PERMISSIVENESS[allowed.stance]
    unsupported = said.evidence is None or any(value_at(path, facts) is MISSING for path in said.evidence)
    found = (("contradicts_facts", contradicts), ("unsupported", unsupported))
    return tuple(f"{name}:{said.agent}" for name, holds in found if holds)


def find_missing_fact(team: Team, facts: Mapping[str, Any]) -> str | None:
    """Return the dotted path of the first fact the team cannot start without, or None.

    These are the paths in `requires`, and what the checks of its `rules` roles, those that may join included, lack.
    """
    named = [name for name in team.speaking if team.roles[name].team is None]
    speaking = [team.roles[name] for name in named if team.roles[name].voice == "rules"]
    positions = (stance_of(role, facts) for role in speaking if role.enabled)
    return missing_fact(team.requires, facts) or next(
        (position.path for position in positions if isinstance(position, MissingFact)), None
    )


def _missing(condition: str, fault: Fault, facts: Mapping[str, Any]) -> MissingFact:
    paths = [read.path for read in reads_in(condition) if read.use != "test"] or [()]
    lacking = (path for path in paths if None in values_at(path, facts))
    return MissingFact(shown_path(next(lacking, paths[0])), f"`{condition}`: {fault.message}")
