"""The vote: what one round's seats hold when they are all filled or absent, and the variables a table reads of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import takewhile
from typing import Any, Literal

from policies.conflicts import find_conflicts
from policies.fields import Stance

Cast = Literal["go", "caution", "block", "absent"]
"""A stance, or `absent`: the seat gave none, and none is made up for it."""


Casts = tuple[Cast, ...]


@dataclass(frozen=True, slots=True)
class Vote:
    """One round's vote.

    `casts` has one entry a seat, in sequence order. `rounds_blocked` counts the rounds in a row right before this one
    that had a block. `weights` (1 where a role has none) and `vetoers` come from the team file.
    """

    casts: Mapping[str, Cast]
    min_go_votes: int = 2
    round: int = 1
    max_rounds: int = 3
    rounds_blocked: int = 0
    open_questions: int = 0
    weights: Mapping[str, int] = field(default_factory=dict)
    vetoers: frozenset[str] = frozenset()
    confidences: tuple[float, ...] = ()

    @property
    def is_last(self) -> bool:
        """Whether no round may follow."""
        return self.round >= self.max_rounds

    @property
    def stances(self) -> dict[str, Stance]:
        """The stances of the filled seats, by role."""
        return {role: cast for role, cast in self.casts.items() if cast != "absent"}


def mean_of(confidences: Sequence[float]) -> float:
    """Return the mean of decimal numbers as they are written, in any order and on any Python; 0 of none.

    Binary sums would make the mean of three times 0.7 less than 0.7, and a row with `mean_confidence >= 0.7` not hold.

    >>> mean_of((0.7, 0.7, 0.7)), mean_of(())
    (0.7, 0.0)
    """
    return float(sum(Fraction(str(each)) for each in confidences) / len(confidences)) if confidences else 0.0


def rounds_blocked(earlier: Sequence[Iterable[Cast]]) -> int:
    """Return how many of the earlier rounds, counted back from the last one, had a block without a break.

    >>> rounds_blocked([["block"], ["go"], ["go", "block"], ["block"]])
    2
    """
    blocked = ("block" in casts for casts in reversed(earlier))
    return sum(1 for _ in takewhile(bool, blocked))


class Variables:
    """The variables of a vote, each worked out when it is first read.

    >>> Variables(Vote({"risk": "block", "legal": "absent"})).take(("block", "absent", "team", "block_streak"))
    {'block': 1, 'absent': 1, 'team': 2, 'block_streak': 1}
    """

    __slots__ = ("_casts", "_known", "_vote")

    def __init__(self, vote: Vote) -> None:
        self._vote = vote
        self._casts = tuple(vote.casts.values())
        self._known: dict[str, Any] = {}

    def take(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Return the named variables; `VOTE_VARIABLES` lists those there are."""
        return named_values(names, self.key(names))

    def key(self, names: tuple[str, ...]) -> tuple[Any, ...]:
        """Return the values of the named variables, as they can be compared and hashed."""
        known = self._known
        return tuple([known[name] if name in known else self._work_out(name) for name in names])

    def _work_out(self, name: str) -> Any:
        value = self._known[name] = _VALUES[name](self._vote, self._casts)
        return value


def named_values(names: tuple[str, ...], key: tuple[Any, ...]) -> dict[str, Any]:
    """Return the variables by name, stances as a mapping and conflicts as a list."""
    values = dict(zip(names, key, strict=True))
    return {name: _READABLE[name](value) if name in _READABLE else value for name, value in values.items()}


_READABLE: dict[str, Callable[[Any], Any]] = {"stances": dict, "conflicts": list}


def _weighted(stance: Cast) -> Callable[[Vote, Casts], int]:
    def weigh(vote: Vote, _: Casts) -> int:
        return sum(vote.weights.get(role, 1) for role, cast in vote.casts.items() if cast == stance)

    return weigh


_VALUES: dict[str, Callable[[Vote, Casts], Any]] = {
    "go": lambda _, casts: casts.count("go"),
    "caution": lambda _, casts: casts.count("caution"),
    "block": lambda _, casts: casts.count("block"),
    "absent": lambda _, casts: casts.count("absent"),
    "team": lambda _, casts: len(casts),
    "vetoes": lambda vote, _: sum(cast == "block" and role in vote.vetoers for role, cast in vote.casts.items()),
    "round": lambda vote, _: vote.round,
    "rounds_left": lambda vote, _: max(vote.max_rounds - vote.round, 0),
    "block_streak": lambda vote, casts: vote.rounds_blocked + 1 if "block" in casts else 0,
    "open_questions": lambda vote, _: vote.open_questions,
    "min_go_votes": lambda vote, _: vote.min_go_votes,
    "weighted_go": _weighted("go"),
    "weighted_caution": _weighted("caution"),
    "weighted_block": _weighted("block"),
    "stances": lambda vote, _: tuple(vote.casts.items()),
    "conflicts": lambda vote, _: tuple(find_conflicts(vote.stances.values())),
    "mean_confidence": lambda vote, _: mean_of(vote.confidences),
    "min_confidence": lambda vote, _: min(vote.confidences, default=0.0),
}
