"""Arrived: what the page of a run says to whoever has just answered: what the record has, whatever a link claims."""

from graph.past import Past
from graph.report.words import listed
from nodes.rulings import one_line
from policies.access.caller import Caller
from policies.language import say, say_count


def arrived_in_words(past: Past, question: str | None, caller: Caller) -> str | None:
    """Return whose answers to a question the record has; None where it has none, or there is no such question."""
    by = [event["by"] for event in past.events_of("answered") if event.get("question") == question]
    if not by:
        return None
    if caller.is_proved and caller.person in by:
        return say("Your answer is in the record.")
    names = listed([*map(one_line, by)])
    return say_count(
        "The record has the answer of {names}.", "The record has the answers of {names}.", len(by), names=names
    )
