"""Expiry: what a question gives that nobody answered in time; never more than the vote and the guards allow."""

from policies.people.question import AGAIN, Question, Word
from policies.team.people import OnTimeout


def rule_expired(question: Question, on_timeout: OnTimeout | None, is_rounds: bool = True) -> Word:
    """Return what a question gives whose time is over; another round that cannot follow is a no.

    Outside the rounds a seat that nobody filled gives no decision: its stage has none before it is full.

    >>> asked = Question("q", "decide", (), "?", ("go", "no_go", "stop"), "", "")
    >>> rule_expired(asked, "again"), rule_expired(asked, "stop"), rule_expired(asked, None)
    ('no_go', 'stop', 'stop')
    """
    if question.kind == "supply":
        return "stop"  # the run stops for want of the fact, and can be resumed with it
    if on_timeout == AGAIN and question.kind != "contribute" and AGAIN not in question.options:
        return "no_go"
    if question.kind == "contribute" and on_timeout == "no_go" and not is_rounds:
        return "stop"
    return on_timeout or "stop"
