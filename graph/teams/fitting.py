"""Fitting: whether the facts that a team file has at hand are such as its guards and checks can use."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from graph.facts.loader import facts_at_hand
from graph.facts.table import sources_in
from graph.problems import UsageError
from policies.plain import is_plain
from policies.team import rules as team_rules
from policies.team.facts import find_unusable
from policies.team.privacy import withhold
from policies.team.rules import Problem

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Misfitting:
    """A problem of a guard or a check with a fact, and where the team file would have that fact."""

    problem: Problem
    fact: team_rules.Path


def find_misfitting(raw: Any, are_given: bool) -> Iterator[Misfitting]:
    """Yield what the guards and checks of a team, and of the teams within it, cannot use of the file's own facts.

    Facts that are given with the run (`are_given`) are not the file's: a run finds out what they lack. A team within
    has facts of its own, or is given those of the team around it.
    """
    yield from _in_team(raw, (), None, are_given)


def _in_team(raw: Any, at: team_rules.Path, above: tuple[Facts, team_rules.Path] | None, are_given: bool) -> Any:
    if not isinstance(raw, dict):
        return
    own = None if are_given else _own_facts(raw)
    found = above if own is None else (own, (*at, "facts"))
    if found:
        facts, place = found
        for each in find_unusable(raw, facts):
            problem = replace(each.problem, path=(*at, *each.problem.path))
            yield Misfitting(problem, (*place, *each.fact))
        private = raw.get("private")
        paths = private if isinstance(private, list) else ()
        found = withhold(facts, [path for path in paths if isinstance(path, str)]), place
    roles = raw.get("roles")
    for name, role in roles.items() if isinstance(roles, dict) else ():
        inner = role.get("team") if isinstance(role, dict) else None
        yield from _in_team(inner, (*at, "roles", name, "team"), found, are_given=False)


def _own_facts(raw: Facts) -> Facts | None:
    """Return the facts that a team file has at hand; None where there are none, or a source of them is asked later."""
    facts, sources = raw.get("facts"), sources_in(raw.get("facts"))
    try:
        facts = facts_at_hand(sources) if sources is not None else facts
    except UsageError:  # a run reports that they are unavailable
        return None
    return facts if isinstance(facts, dict) and is_plain(facts) else None
