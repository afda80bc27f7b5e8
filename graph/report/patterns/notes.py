"""A workspace: the notes of each iteration, what each adds, and the artifacts."""

from collections.abc import Sequence

from graph.report.patterns.work import Given, Plain, Work
from policies.language import say, say_count


def notes_of(work: Work) -> list[Plain]:
    """Return the notes by iteration; in the first they are ideas, later refinements."""
    iterations = [
        {"number": number, "kind": say("Ideas") if number == 1 else say("Refinements"), "notes": _notes(work, entries)}
        for number, (_, entries) in enumerate(work.stages(), 1)
    ]
    count = len(work.of("note"))
    told = say_count("{number} iteration", "{number} iterations", len(iterations))
    headline = say_count("{number} note in {iterations}", "{number} notes in {iterations}", count, iterations=told)
    section = {"kind": "notes", "title": say("Notes"), "headline": headline, "summary": f"{headline}."}
    return [{**section, "iterations": iterations}] if iterations else []


def _notes(work: Work, entries: Sequence[Given]) -> list[Plain]:
    return [_note(work, entry) for entry in entries]


def _note(work: Work, entry: Given) -> Plain:
    answer = entry["answer"] or {}
    return {
        "agent": entry["agent"],
        "title": work.title_of(entry["agent"]),
        "content": answer.get("content"),
        "adds": answer.get("adds") or None,
        "artifacts": [{"name": each["name"], "content": each["content"]} for each in answer.get("artifacts", [])],
        "fault": None if answer else work.fault_of(entry["absent"]) or say("no answer"),
    }
