"""Marks: what is counted of a round that its stances do not give."""

from dataclasses import dataclass, fields

from policies.plain import MAX_INTEGER


@dataclass(frozen=True, slots=True)
class Marks:
    """What is counted of a round that its stances do not give; rows read each by its name.

    `open_questions` are messages that nobody has answered yet. `ungrounded` and `moved` are how many roles carry the
    flag `ungrounded` or `moved_without_reason`.
    """

    open_questions: int = 0
    ungrounded: int = 0
    moved: int = 0


MARKS: tuple[str, ...] = tuple(field.name for field in fields(Marks))
"""The marks by name."""

UNMARKED = Marks()

FLAG_MARKS = ("ungrounded", "moved")
"""The marks that count flags, which only contributions carry."""


FIRST_MOVE = 2
"""The round in which a stance can be another than before for the first time."""


def most_in(round_number: int, seats: int) -> Marks:
    """Return the most that each mark can be: a role carries a flag once, and nobody moved before the second round.

    >>> most_in(1, 3).moved, most_in(2, 3).moved
    (0, 3)
    """
    return Marks(MAX_INTEGER, seats, seats if round_number >= FIRST_MOVE else 0)
