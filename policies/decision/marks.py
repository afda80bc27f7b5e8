"""Marks: what is counted of a round that its stances do not give."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields

from policies.language import say, say_count
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


def most_in(round_number: int, seats: int, grounds: bool = True) -> Marks:
    """Return the most that each mark can be: a role carries a flag once, and nobody moved before the second round.

    >>> most_in(1, 3).moved, most_in(2, 3).moved, most_in(1, 3, grounds=False).ungrounded
    (0, 3, 0)
    """
    return Marks(MAX_INTEGER, seats if grounds else 0, seats if round_number >= FIRST_MOVE else 0)


@dataclass(frozen=True, slots=True)
class Excess:
    """A mark that is more than a round can have: why, and what is allowed, in words."""

    mark: str
    count: int
    why: str
    allowed: str


def find_excess(marks: Marks, round_number: int, seats: int, grounds: bool = True) -> Iterator[Excess]:
    """Yield the marks that are more than a round can have; `grounds` says whether the numbers of the team are grounded.

    >>> next(find_excess(Marks(moved=1), 1, 3)).why
    'no role has an earlier stance in round 1'
    """
    most = asdict(most_in(round_number, seats, grounds))
    for mark, count in asdict(marks).items():
        if count > most[mark]:
            allowed = say("{low} to {high}", low=0, high=most[mark]) if most[mark] else "0"
            yield Excess(mark, count, _why(mark, most[mark], round_number, seats), allowed)


def _why(mark: str, most: int, round_number: int, seats: int) -> str:
    if most:
        return say_count("{number} role votes there", "{number} roles vote there", seats)
    if mark == "moved":
        return say("no role has an earlier stance in round {number}", number=round_number)
    return say("numbers are not grounded there (`ground: true`)")
