"""Manager: a lead splits the task; a worker may get several subtasks, and every one must be answered."""

from policies.patterns.assignments import assign
from policies.patterns.pattern import Facts, Pattern
from policies.patterns.stages import Log, Next
from policies.team.team import Team


def advance(team: Team, log: Log, _: Facts) -> Next:
    """Return what `assign` says next."""
    return assign(team, log, once=False)


PATTERN = Pattern(
    "complex work",
    "top-down",
    advance,
    ("assignments", "output", "synthesis"),
    lead="assigns the subtasks",
    lead_writes=True,
    is_composed=True,
    options=("max_steps",),
)
