"""Hierarchy: a lead splits the task between teams, one subtask each; one without an answer is reported missing."""

from policies.patterns.assignments import assign
from policies.patterns.pattern import Facts, Pattern
from policies.patterns.stages import Log, Next
from policies.team.team import Team


def advance(team: Team, log: Log, _: Facts) -> Next:
    """Return what `assign` says next."""
    return assign(team, log, once=True)


PATTERN = Pattern(
    "complex work",
    "top-down",
    advance,
    ("assignments", "output", "synthesis"),
    lead="assigns the subtasks",
    lead_writes=True,
    is_composed=True,
    assigns_teams=True,
    options=("max_steps",),
)
