"""Workspace: a group drafts ideas and refines them, each seeing the others' latest notes."""

from policies.contracts.answers import Task
from policies.language import phrase
from policies.patterns.pattern import Counted, Facts, Pattern
from policies.patterns.results import side_by_side, tolerance_of
from policies.patterns.stages import Finish, Log, Next, Stage
from policies.team.team import Team


def advance(team: Team, log: Log, _: Facts) -> Next:
    """Return the next iteration, or the end: after `max_rounds` iterations, or one in which nobody added anything."""
    idle = len(log) > 1 and not any(entry.answer and entry.answer["adds"] for entry in log[-1].entries)
    if not idle and len(log) < team.budget.max_rounds:
        tasks = (Task(role, role, "note", _seen_by(role, log)) for role in team.sequence)
        return Stage(f"iteration_{len(log) + 1}", tuple(tasks), tolerance_of(team))
    notes = notes_of(log)
    latest = {note["agent"]: note for note in notes}
    results = tuple({"agent": agent, "text": note["content"], **_artifacts(note)} for agent, note in latest.items())
    own = {role: [note["content"] for note in notes if note["agent"] == role] for role in team.sequence}
    answer = None if team.options.synthesis else side_by_side(results)
    details = {"notes": notes, "individual_contributions": own}
    return Finish(results, answer, ended_early=idle and len(log) < team.budget.max_rounds, details=details)


def notes_of(log: Log) -> list[dict[str, object]]:
    """Return the notes in the order in which they were added: {agent, kind, iteration, content, adds, artifacts}.

    `kind` is `idea` in the first iteration, `refinement` after it.
    """
    return [
        {"agent": entry.role, "kind": "idea" if number == 1 else "refinement", "iteration": number, **entry.answer}
        for number, stage in enumerate(log, 1)
        for entry in stage.entries
        if entry.answer
    ]


def _seen_by(role: str, log: Log) -> dict[str, object]:
    if not log:
        return {"iteration": 1}
    latest: dict[object, dict[str, object]] = {note["agent"]: note for note in notes_of(log)}
    own = latest.pop(role, None)
    return {"iteration": len(log) + 1, "your_note": own, "others": [*latest.values()]}


def _artifacts(note: dict[str, object]) -> dict[str, object]:
    return {"artifacts": note["artifacts"]} if note["artifacts"] else {}


PATTERN = Pattern(
    phrase("creative work"),
    phrase("iterative"),
    "high",
    advance,
    ("note",),
    writes="synthesis",
    options=("synthesis",),
    counted=Counted(phrase("Iterations"), "iteration"),
    ends_early=phrase("Ended early: nobody added anything."),
)
