"""Signing off: what those give together who put their names to a decision of the team."""

from collections.abc import Mapping, Sequence

from policies.people.question import Word


def rule_sign_off(seats: Sequence[str], said: Mapping[str, Word]) -> Word | None:
    """Return the decision once everybody has signed it; a stop or another round as soon as one says so; else None.

    >>> rule_sign_off(("cfo", "cto"), {"cfo": "go"}), rule_sign_off(("cfo", "cto"), {"cfo": "go", "cto": "go"})
    (None, 'go')
    >>> rule_sign_off(("cfo", "cto"), {"cto": "again"})
    'again'
    """
    urgent: tuple[Word, ...] = ("stop", "again")
    for word in urgent:
        if word in said.values():
            return word
    return next(iter(said.values())) if all(seat in said for seat in seats) else None
