"""Results side by side or in order: of a pipeline, a parallel team, or those to whom a lead gave subtasks."""

from collections.abc import Sequence

from graph.report.patterns.work import Given, Plain, Work, said_fault_of
from graph.report.words import counted, part_of


def pipeline_of(work: Work) -> list[Plain]:
    """Return the stages of a pipeline, in order."""
    items = [work.told(output) | {"number": number} for number, output in enumerate(work.outputs, 1)]
    return _section("Stages", items, "stage", is_ordered=True)


def parallel_of(work: Work) -> list[Plain]:
    """Return the results of a parallel team, in the order of its sequence, and who has none."""
    return _section("Results", [*map(work.told, work.outputs)], "role")


def _section(title: str, items: Sequence[Plain], noun: str, is_ordered: bool = False) -> list[Plain]:
    summary = f"{counted(len(items), noun)} {'in order' if is_ordered else 'at once'}{_absent(items)}."
    answered = sum(item["word"] != "absent" for item in items)
    section = {
        "kind": "results",
        "title": title,
        "headline": part_of(answered, len(items), noun, "done" if is_ordered else "answered"),
        "summary": summary,
        "items": [*items],
        "is_ordered": is_ordered,
    }
    return [section] if items else []


def _absent(items: Sequence[Plain]) -> str:
    missing = sum(item["word"] == "absent" for item in items)
    return f", {missing} without an answer" if missing else ""


def assignments_of(work: Work) -> list[Plain]:
    """Return who was given which subtask and what came of it, and which teams are missing."""
    given = next(iter(work.of("assignments")), None)
    if given is None:
        return []
    seats = {output["seat"]: output for output in work.outputs}
    assignments = given["answer"]["assignments"]
    items = [_assigned(work, each, number, seats) for number, each in enumerate(assignments, 1)]
    answered = sum(item["word"] == "answered" for item in items)
    headline = part_of(answered, len(items), "subtask", "answered")
    return [
        {
            "kind": "assignments",
            "title": "Assignments",
            "headline": headline,
            "summary": f"{headline}.",
            "lead": given["agent"],
            "lead_title": work.title_of(given["agent"]),
            "items": items,
            "missing": [_missing(work, each) for each in work.missing],
        }
    ]


def _assigned(work: Work, assignment: Given, number: int, seats: dict[str, Given]) -> Plain:
    seat = seats.get(f"assignment_{number}")
    told = work.told(seat or {"agent": assignment["to"], "answer": None, "absent": None})
    if seat is None or not (seat["answer"] or seat["absent"]):
        told |= {"tone": "none", "word": "no answer yet"}
    return told | {"number": number, "task": assignment["subtask"]}


def _missing(work: Work, each: Given) -> Plain:
    return {"agent": each["agent"], "title": work.title_of(each["agent"]), "why": _why(each["reason"])}


def _why(reason: str) -> str:
    return "it was given no subtask" if reason == "not_assigned" else said_fault_of(reason) or reason
