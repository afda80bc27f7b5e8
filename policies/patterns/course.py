"""The course of a team: what its pattern asks next, given all that was said."""

from collections.abc import Callable, Mapping
from typing import Any

from policies.patterns import assignments, conversation, debate, orchestrator, parallel, pipeline, vote, workspace
from policies.patterns.stages import Count, Log, Next
from policies.team import PatternName, Team

_ADVANCE: Mapping[PatternName, Callable[[Team, Log], Next]] = {
    "orchestrator": orchestrator.advance,
    "pipeline": pipeline.advance,
    "parallel": parallel.advance,
    "debate": debate.advance,
    "hierarchy": assignments.advance_hierarchy,
    "manager": assignments.advance_manager,
    "workspace": workspace.advance,
    "conversation": conversation.advance,
}


def advance(team: Team, log: Log, facts: Mapping[str, Any]) -> Next:
    """Return what follows on the log: a stage, the end, or a stop; the team carries the budget in force.

    Pure, so that asking again after a kill gives the same. The rounds are no course of stages: see `policies.routing`.
    """
    return vote.advance(team, log, facts) if team.pattern == "vote" else _ADVANCE[team.pattern](team, log)


def count_of(team: Team, log: Log, facts: Mapping[str, Any]) -> Count | None:
    """Return the vote that the log ends with, and the ruling on it; None where nobody voted."""
    is_counted = team.pattern == "vote" and len(log) > 1
    return vote.count(team, log[1], facts) if is_counted else None
