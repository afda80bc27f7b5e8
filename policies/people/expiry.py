"""Expiry: what a question gives that nobody answered in time; never more than the vote and the guards allow."""

from policies.people.question import AGAIN, Question, Word
from policies.team.people import OnTimeout


def rule_expired(question: Question, on_timeout: OnTimeout | None) -> Word:
    """Return what a question gives whose time is over; another round that cannot follow is a no.

    >>> asked = Question("q", "decide", (), "?", ("go", "no_go", "stop"), "", "")
    >>> rule_expired(asked, "again"), rule_expired(asked, "stop"), rule_expired(asked, None)
    ('no_go', 'stop', 'stop')
    """
    if question.kind == "supply":
        return "stop"  # the run stops for want of the fact, and can be resumed with it
    if on_timeout == AGAIN and question.kind != "contribute" and AGAIN not in question.options:
        return "no_go"
    return on_timeout or "stop"
