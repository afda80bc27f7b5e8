"""Checks on paper: a run of rounds whose decision is asked for again before it is announced.

A sample is decided by the oracle's own table at the place of the round. The interval is judged by exact fractions.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import comb

from tests.oracle.deciding import STANCES, capped, decide
from tests.oracle.runs import Ending, Run
from tests.oracle.tables import Told

Sampled = Callable[[str, int, int, int], str]
"""What a role says in a round, in which check of it, in which sample: a stance, or why there is no answer."""

TAIL, STEP = Fraction(1, 40), Fraction(1, 10**6)


@dataclass(frozen=True)
class Rule:
    """How a team checks its decisions."""

    samples: int
    limit: str
    """The largest share of flips, as it is written."""
    otherwise: str


@dataclass(frozen=True)
class Checked:
    """What a check found, on paper."""

    round: int
    number: int
    announced: str
    completed: tuple[int, ...]
    casts: tuple[tuple[str, ...], ...]
    outcomes: tuple[str, ...]
    acts: str

    @property
    def flips(self) -> int:
        """How many outcomes differ from the decision."""
        return sum(each != self.announced for each in self.outcomes)


@dataclass
class CheckedRun(Run):
    """One thread of a team that checks its decisions."""

    rule: Rule = field(kw_only=True)
    sampled: Sampled = field(kw_only=True)
    checks: list[Checked] = field(default_factory=list)
    _before: tuple[dict[str, str], dict[str, frozenset[str]]] = ({}, {})
    """What each role said last, and named, before the round that is decided."""

    def _close_round(self) -> None:
        self._before = (dict(self._said), dict(self._cited))
        super()._close_round()
        if self._ending.stop_reason == "success":
            self._check()

    def resume(self, max_rounds: int | None = None, max_messages: int | None = None) -> Ending:
        """Run on; a decision that was not stable is asked for again, at the place at which it was taken."""
        if self._ending.stop_reason != "unstable_decision":
            self._refusals = {}  # whoever is asked once more has all repairs again
            return super().resume(max_rounds, max_messages)
        self.team = replace(self.team, max_messages=max_messages or self.team.max_messages)
        self._raised = max_rounds or self._raised
        self._check()
        return self._ending

    _raised: int | None = None
    """The rounds that somebody allowed while a decision was checked; they count once it is not any more."""

    def _check(self) -> None:
        decision = self._ending.outcomes[-1]
        number = 1 + sum(each.round == self.place.round for each in self.checks)
        found = {sample: self._ballot(number, sample) for sample in range(1, self.rule.samples + 1)}
        whole = {sample: each for sample, each in found.items() if all(word in STANCES for word in each)}
        outcomes = tuple(self._decided(each) for each in whole.values())
        flips = sum(each != decision for each in outcomes)
        is_steady = bool(outcomes) and Fraction(flips, len(outcomes)) <= Fraction(self.rule.limit)
        acts = "announce" if is_steady else self.rule.otherwise
        self.checks.append(
            Checked(self.place.round, number, decision, tuple(whole), tuple(whole.values()), outcomes, acts)
        )
        where = f"round_{self.place.round}"
        ends = {
            "announce": replace(self._ending, stop_reason="success", decision=decision, at=None),
            "escalate": replace(self._ending, stop_reason="waiting", decision=None, at=None),
            "stop": replace(self._ending, stop_reason="unstable_decision", decision=None, at=where),
        }
        self._ending = ends[acts]
        if acts != "stop" and self._raised:
            self.place = replace(self.place, max_rounds=self._raised)

    def _ballot(self, number: int, sample: int) -> tuple[str, ...]:
        return tuple(self.sampled(role, self.place.round, number, sample) for role in self.team.seats(self.place))

    def _decided(self, ballot: tuple[str, ...]) -> str:
        seats = self.team.seats(self.place)
        sure = [self.sure.get((role, self.place.round), 1.0) for role in seats]
        told = Told(moved=sum(self._is_moved(role, word) for role, word in zip(seats, ballot, strict=True)))
        found = decide(self.table, self.team, self.place, ballot, told, confidences=sure)
        return capped(found.outcome, self.caps)

    def _is_moved(self, role: str, stance: str) -> bool:
        said, cited = self._before
        named = frozenset(self.cites.get((role, self.place.round), ()))
        return said.get(role, stance) != stance and named <= cited.get(role, frozenset())


def is_interval(low: float, high: float, flips: int, samples: int) -> bool:
    """Return whether these are the ends of the exact 95 % interval, to a millionth."""
    if not samples:
        return (low, high) == (0.0, 1.0)
    lower, higher = Fraction(str(low)), Fraction(str(high))
    is_low = lower == 0 if flips == 0 else _crosses(lambda rate: _at_least(flips, samples, rate), lower)
    is_high = (
        higher == 1
        if flips == samples
        else _crosses(lambda rate: _at_least(samples - flips, samples, 1 - rate), higher, falls=True)
    )
    return is_low and is_high


def _crosses(chance: Callable[[Fraction], Fraction], rate: Fraction, falls: bool = False) -> bool:
    before, after = chance(rate - STEP), chance(rate + STEP)
    return after < TAIL < before if falls else before < TAIL < after


def _at_least(flips: int, samples: int, rate: Fraction) -> Fraction:
    chances = (comb(samples, each) * rate**each * (1 - rate) ** (samples - each) for each in range(flips, samples + 1))
    return sum(chances, Fraction(0))
