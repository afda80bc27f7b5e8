"""Results side by side or in order: of a pipeline, a parallel team, or those to whom a lead gave subtasks."""

from collections.abc import Sequence

from graph.report.patterns.work import Given, Plain, Work
from graph.report.words import said_number
from policies.language import say, say_count


def pipeline_of(work: Work) -> list[Plain]:
    """Return the stages of a pipeline, in order."""
    items = [work.told(output) | {"number": number} for number, output in enumerate(work.outputs, 1)]
    done = _answered(items)
    summary = say_count("{number} stage in order", "{number} stages in order", len(items))
    whole = say_count("{number} stage done", "{number} stages done", len(items))
    part = say_count(
        "{done} of {number} stage done", "{done} of {number} stages done", len(items), done=said_number(done)
    )
    return _section(say("Stages"), items, whole if done == len(items) else part, summary, is_ordered=True)


def parallel_of(work: Work) -> list[Plain]:
    """Return the results of a parallel team, in the order of its sequence, and who has none."""
    items = [*map(work.told, work.outputs)]
    answered = _answered(items)
    summary = say_count("{number} role at once", "{number} roles at once", len(items))
    whole = say_count("{number} role answered", "{number} roles answered", len(items))
    part = say_count(
        "{some} of {number} role answered", "{some} of {number} roles answered", len(items), some=said_number(answered)
    )
    return _section(say("Results"), items, whole if answered == len(items) else part, summary)


def _answered(items: Sequence[Plain]) -> int:
    return sum(item["state"] != "absent" for item in items)


def _section(title: str, items: Sequence[Plain], headline: str, told: str, is_ordered: bool = False) -> list[Plain]:
    section = {
        "kind": "results",
        "title": title,
        "headline": headline,
        "summary": f"{', '.join(filter(None, [told, _absent(len(items) - _answered(items))]))}.",
        "items": [*items],
        "is_ordered": is_ordered,
    }
    return [section] if items else []


def _absent(missing: int) -> str | None:
    return say_count("{number} without an answer", "{number} without an answer", missing) if missing else None


def assignments_of(work: Work) -> list[Plain]:
    """Return who was given which subtask and what came of it, and which teams are missing."""
    given = next(iter(work.of("assignments")), None)
    if given is None:
        return []
    seats = {output["seat"]: output for output in work.outputs}
    assignments = given["answer"]["assignments"]
    items = [_assigned(work, each, number, seats) for number, each in enumerate(assignments, 1)]
    headline = _subtasks(sum(item["state"] == "answered" for item in items), len(items))
    return [
        {
            "kind": "assignments",
            "title": say("Assignments"),
            "headline": headline,
            "summary": f"{headline}.",
            "lead": given["agent"],
            "lead_title": work.title_of(given["agent"]),
            "items": items,
            "missing": [_missing(work, each) for each in work.missing],
        }
    ]


def _subtasks(answered: int, given: int) -> str:
    if answered == given:
        return say_count("{number} subtask answered", "{number} subtasks answered", given)
    some = said_number(answered)
    return say_count("{some} of {number} subtask answered", "{some} of {number} subtasks answered", given, some=some)


def _assigned(work: Work, assignment: Given, number: int, seats: dict[str, Given]) -> Plain:
    seat = seats.get(f"assignment_{number}")
    told = work.told(seat or {"agent": assignment["to"], "answer": None, "absent": None})
    if seat is None or not (seat["answer"] or seat["absent"]):
        told |= {"tone": "none", "state": "open", "word": say("no answer yet")}
    return told | {"number": number, "task": assignment["subtask"]}


def _missing(work: Work, each: Given) -> Plain:
    return {"agent": each["agent"], "title": work.title_of(each["agent"]), "why": _why(work, each["reason"])}


def _why(work: Work, reason: str) -> str:
    return say("it was given no subtask") if reason == "not_assigned" else work.fault_of(reason) or reason
