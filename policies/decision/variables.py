"""The variables of a vote: what a row of a decision table may read, a value each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from policies.decision.conflicts import find_conflicts
from policies.decision.marks import MARKS
from policies.decision.vote import Cast, Vote

Kind = Literal["count", "stances", "conflicts", "confidence"]
"""An integer, a mapping of texts, a list of texts, or a double."""

Casts = tuple[Cast, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: how it is worked out of a vote, what it is, and whether it tells roles apart by their weight."""

    read: Callable[[Vote, Casts], Any]
    kind: Kind = "count"
    is_weighed: bool = False


def mean_of(confidences: Sequence[float]) -> float:
    """Return the mean of decimal numbers as they are written, in any order and on any Python; 0 of none.

    Binary sums would make the mean of three times 0.7 less than 0.7, and a row with `mean_confidence >= 0.7` not hold.

    >>> mean_of((0.7, 0.7, 0.7)), mean_of(())
    (0.7, 0.0)
    """
    return float(sum(Fraction(str(each)) for each in confidences) / len(confidences)) if confidences else 0.0


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
        """Return the named variables; `VARIABLES` has those there are."""
        return named_values(names, self.key(names))

    def key(self, names: tuple[str, ...]) -> tuple[Any, ...]:
        """Return the values of the named variables, as they can be compared and hashed."""
        known = self._known
        return tuple([known[name] if name in known else self._work_out(name) for name in names])

    def _work_out(self, name: str) -> Any:
        value = self._known[name] = VARIABLES[name].read(self._vote, self._casts)
        return value


def named_values(names: tuple[str, ...], key: tuple[Any, ...]) -> dict[str, Any]:
    """Return the variables by name, stances as a mapping and conflicts as a list."""
    values = dict(zip(names, key, strict=True))
    return {name: _READABLE[VARIABLES[name].kind](value) for name, value in values.items()}


def _as_it_is(value: Any) -> Any:
    return value


_READABLE: Mapping[Kind, Callable[[Any], Any]] = {
    "count": _as_it_is,
    "stances": dict,
    "conflicts": list,
    "confidence": _as_it_is,
}


def _weighted(stance: Cast) -> Callable[[Vote, Casts], int]:
    def weigh(vote: Vote, _: Casts) -> int:
        return sum(vote.weights.get(role, 1) for role, cast in vote.casts.items() if cast == stance)

    return weigh


def _marked(name: str) -> Callable[[Vote, Casts], int]:
    return lambda vote, _: int(getattr(vote.marks, name))


VARIABLES: Mapping[str, Variable] = {
    "go": Variable(lambda _, casts: casts.count("go")),
    "caution": Variable(lambda _, casts: casts.count("caution")),
    "block": Variable(lambda _, casts: casts.count("block")),
    "absent": Variable(lambda _, casts: casts.count("absent")),
    "team": Variable(lambda _, casts: len(casts)),
    "vetoes": Variable(lambda vote, _: sum(vote.casts.get(role) == "block" for role in vote.vetoers)),
    "round": Variable(lambda vote, _: vote.round),
    "rounds_left": Variable(lambda vote, _: max(vote.max_rounds - vote.round, 0)),
    "block_streak": Variable(lambda vote, casts: vote.rounds_blocked + 1 if "block" in casts else 0),
    **{name: Variable(_marked(name)) for name in MARKS},
    "min_go_votes": Variable(lambda vote, _: vote.min_go_votes),
    "weighted_go": Variable(_weighted("go"), is_weighed=True),
    "weighted_caution": Variable(_weighted("caution"), is_weighed=True),
    "weighted_block": Variable(_weighted("block"), is_weighed=True),
    "stances": Variable(lambda vote, _: tuple(vote.casts.items()), "stances"),
    "conflicts": Variable(lambda vote, _: tuple(find_conflicts(vote.stances.values())), "conflicts"),
    "mean_confidence": Variable(lambda vote, _: mean_of(vote.confidences), "confidence"),
    "min_confidence": Variable(lambda vote, _: min(vote.confidences, default=0.0), "confidence"),
}
"""What a row of a decision table may read."""


def reads_weights(names: Iterable[str]) -> bool:
    """Return whether one of these variables tells roles apart by their weight.

    >>> reads_weights(["go", "weighted_go"]), reads_weights(["go"])
    (True, False)
    """
    return any(VARIABLES[name].is_weighed for name in names)


def reads_confidences(names: Iterable[str]) -> bool:
    """Return whether some of these variables rests on what roles say of their own confidence.

    >>> reads_confidences(["mean_confidence"]), reads_confidences(["go"])
    (True, False)
    """
    return any(VARIABLES[name].kind == "confidence" for name in names)
