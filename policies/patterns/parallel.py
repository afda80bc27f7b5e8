"""Parallel: all roles get the same task at once."""

from policies.contracts.answers import Task
from policies.language import phrase
from policies.patterns.pattern import Facts, Pattern
from policies.patterns.results import side_by_side, tolerance_of
from policies.patterns.stages import Finish, Log, Next, Stage
from policies.team.team import Team


def advance(team: Team, log: Log, _: Facts) -> Next:
    """Return the one stage of all roles, or the end: their results in sequence order, side by side or merged."""
    if not log:
        return Stage("answers", tuple(Task(role, role, "output") for role in team.sequence), tolerance_of(team))
    entries = log[0].entries
    results = tuple({"agent": entry.role, **entry.answer} for entry in entries if entry.answer)
    missing = [{"agent": entry.role, "reason": entry.absent} for entry in entries if entry.absent]
    answer = None if team.options.synthesis else side_by_side(results)
    return Finish(results, answer, details={"missing": missing})


PATTERN = Pattern(
    phrase("independent work"),
    "none",
    "low",
    advance,
    ("output",),
    writes="synthesis",
    is_composed=True,
    options=("synthesis",),
)
