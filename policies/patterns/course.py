"""The table of patterns, and the course of a team: what is asked next, given all that was said."""

from collections.abc import Mapping

from policies.patterns import (
    conversation,
    debate,
    hierarchy,
    manager,
    orchestrator,
    parallel,
    pipeline,
    rounds,
    vote,
    workspace,
)
from policies.patterns.pattern import Facts, Pattern
from policies.patterns.stages import Count, Log, Next
from policies.team import PatternName, Team

PATTERNS: Mapping[PatternName, Pattern] = {
    "rounds": rounds.PATTERN,
    "orchestrator": orchestrator.PATTERN,
    "pipeline": pipeline.PATTERN,
    "parallel": parallel.PATTERN,
    "debate": debate.PATTERN,
    "hierarchy": hierarchy.PATTERN,
    "manager": manager.PATTERN,
    "workspace": workspace.PATTERN,
    "conversation": conversation.PATTERN,
    "vote": vote.PATTERN,
}


def advance(team: Team, log: Log, facts: Facts) -> Next:
    """Return what follows on the log: a stage, the end, or a stop; the team carries the budget in force.

    Pure, so that asking again after a kill gives the same.
    """
    return PATTERNS[team.pattern].advance(team, log, facts)


def count_of(team: Team, log: Log, facts: Facts, open_questions: int = 0) -> Count | None:
    """Return the vote that the log ends with, and the ruling on it; None where nobody voted."""
    counted = PATTERNS[team.pattern].count
    return counted(team, log, facts, open_questions) if counted else None
