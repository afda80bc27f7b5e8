"""The table of patterns, and the course of a team: what is asked next, given all that was said."""

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from policies.decision.marks import UNMARKED, Marks
from policies.decision.table import Policy
from policies.patterns.pattern import Facts, Pattern
from policies.patterns.stages import Count, Log, Next
from policies.team.team import PATTERN_NAMES, PatternName, Team

PATTERNS: Mapping[PatternName, Pattern] = {
    name: import_module(f"policies.patterns.{name}").PATTERN for name in PATTERN_NAMES
}
"""Each pattern by its name, which is also the name of its file."""


def pattern_named(name: str | None) -> Pattern:
    """Return a pattern by the name that a thread, or a record, has for it; the rounds where it has none yet.

    >>> pattern_named(None).is_rounds, pattern_named("vote").is_rounds
    (True, False)
    """
    return PATTERNS[cast("PatternName", name or "rounds")]


def decides_by_policy(team: Team) -> bool:
    """Return whether a decision table decides what the team is asked."""
    return PATTERNS[team.pattern].count is not None


def ruling_policy(team: Team) -> Policy:
    """Return the decision table as the team's pattern applies it."""
    return PATTERNS[team.pattern].ruling(team.policy)


def advance(team: Team, log: Log, facts: Facts) -> Next:
    """Return what follows on the log: a stage, the end, or a stop; the team carries the budget in force.

    Pure, so that asking again after a kill gives the same.
    """
    return PATTERNS[team.pattern].advance(team, log, facts)


def count_of(team: Team, log: Log, facts: Facts, marks: Marks = UNMARKED) -> Count | None:
    """Return the vote that the log ends with, and the ruling on it; None where nobody voted."""
    counted = PATTERNS[team.pattern].count
    return counted(team, log, facts, marks) if counted else None
