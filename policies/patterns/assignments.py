"""Assignments: a lead splits the task, those it names answer, the lead writes the synthesis.

Of this the patterns `manager` and `hierarchy` are made: a manager may give one worker several subtasks, a leader gives
each team at most one.
"""

from policies.contracts.answers import Task
from policies.language import phrase
from policies.patterns.pattern import Facts, Pattern
from policies.patterns.results import people
from policies.patterns.stages import Entry, Finish, Log, Next, Stage, entries_of
from policies.team.team import Team


def assign(team: Team, log: Log, once: bool) -> Next:
    """Return the assignment, the stage of those it names, or the end: results in the order of the assignments.

    `once` says that each is named at most once; then one without an answer is reported missing, and ends nothing.
    """
    given = next(entries_of(log, "assignments"), None)
    if given is None or given.answer is None:
        asks = {"agents": people(team, team.helpers), "once": once, "max_assignments": team.options.max_steps}
        return Stage("assignments", (Task("assignments", team.lead or "", "assignments", asks, team.helpers),))
    assignments = given.answer["assignments"]
    if len(log) == 1:
        tasks = (
            Task(f"assignment_{number}", each["to"], "output", {"subtask": each["subtask"]})
            for number, each in enumerate(assignments, 1)
        )
        return Stage("teams" if once else "workers", tuple(tasks), "some" if once else "none")
    entries = log[1].entries
    results = tuple(
        _result(entry, each["subtask"]) for entry, each in zip(entries, assignments, strict=True) if entry.answer
    )
    missing = _missing(team, entries) if once else []
    return Finish(results, details={"assignments": assignments, "missing": missing})


def _result(entry: Entry, subtask: str) -> dict[str, object]:
    return {"agent": entry.role, "subtask": subtask, **(entry.answer or {})}


def _missing(team: Team, entries: tuple[Entry, ...]) -> list[dict[str, str | None]]:
    """Return the teams without an answer, in sequence order, each with the reason."""
    asked = {entry.role: entry for entry in entries}
    told = {role: asked[role].absent if role in asked else "not_assigned" for role in team.sequence}
    return [{"agent": role, "reason": reason} for role, reason in told.items() if reason]


def assigning(once: bool) -> Pattern:
    """Return the pattern in which a lead assigns: to teams, each named at most once, or to workers."""

    def advance(team: Team, log: Log, _: Facts) -> Next:
        return assign(team, log, once)

    return Pattern(
        phrase("complex work"),
        "top-down",
        "medium",
        advance,
        ("assignments", "output"),
        writes="synthesis",
        lead=phrase("assigns the subtasks"),
        lead_writes=True,
        is_composed=True,
        assigns_teams=once,
        options=("max_steps",),
    )
