"""A conversation: its turns, as a script."""

from graph.report.patterns.work import Plain, Work
from graph.report.words import counted


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
    summary = f"{counted(len(turns), 'turn')} by {counted(speakers, 'role')}."
    headline = f"Completed in {counted(len(turns), 'turn')}"
    return [{"kind": "turns", "title": "Turns", "headline": headline, "summary": summary, "turns": turns}]
