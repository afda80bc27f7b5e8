"""A conversation: its turns, as a script."""

from graph.report.patterns.work import Plain, Work
from policies.language import say, say_count


def turns_of(work: Work) -> list[Plain]:
    """Return the turns in order, each with whom it names next."""
    said = work.of("turn")
    if not said:
        return []
    turns = [
        {
            "number": number,
            "agent": each["agent"],
            "title": work.title_of(each["agent"]),
            "text": each["answer"]["text"],
            "next": each["answer"]["next"],
            "next_title": each["answer"]["next"] and work.title_of(each["answer"]["next"]),
        }
        for number, each in enumerate(said, 1)
    ]
    speakers = len({turn["agent"] for turn in turns})
    by = say_count("{number} role", "{number} roles", speakers)
    summary = say_count("{number} turn by {roles}.", "{number} turns by {roles}.", len(turns), roles=by)
    headline = say_count("Completed in {number} turn", "Completed in {number} turns", len(turns))
    return [{"kind": "turns", "title": say("Turns"), "headline": headline, "summary": summary, "turns": turns}]
