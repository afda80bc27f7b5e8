"""Ranges: which values of a fact or a limit give the same answer, as people say it.

What a value is compared with cuts all the values of its kind into pieces; within a piece no comparison tells two values
apart. Neighbouring pieces with the same answer make a range.
"""

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from policies.decision.guards import kind_of

Values = Mapping[str, Any]
"""Which values: bounds by comparison (`{"at_least": 5, "below": 10}`), one value (`{"equals": 5}`), every value of that
kind but some (`{"other_than": ["draft"]}`), or every one (`{"any": "a number"}`)."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """One value, or all between two that are not in it (None: no bound; of texts: all others), and some of them."""

    low: Any
    high: Any
    samples: tuple[Any, ...]

    @property
    def is_single(self) -> bool:
        return self.low is not None and self.low == self.high


@dataclass(frozen=True, slots=True)
class Range:
    """Values with the same answer, some of them, and the bounds that are just outside."""

    values: Values
    answer: Hashable
    samples: tuple[Any, ...]
    outside: tuple[Any, ...] = ()


_Answered = Sequence[tuple[frozenset[Hashable], _Piece]]


def find_ranges(others: Iterable[Any], answer: Callable[[Any], Hashable]) -> list[Range]:
    """Return the ranges of values with the same answer; `others` is what a value may be compared with.

    Where two values that nothing tells apart have different answers, no range has them.

    >>> [(each.values, each.answer) for each in find_ranges([0.03], lambda value: value >= 0.03)]
    [({'below': 0.03}, False), ({'at_least': 0.03}, True)]
    >>> [(each.values, each.answer) for each in find_ranges(["draft"], lambda value: value == "draft")]
    [({'equals': 'draft'}, True), ({'other_than': ['draft']}, False)]
    """
    kinds: dict[str, list[Any]] = {}
    for other in others:
        kinds.setdefault(kind_of(other), []).append(other)
    pieces = (
        _number_pieces(sorted({*kinds.get("a number", [])})),
        _text_pieces([*dict.fromkeys(kinds.get("text", []))]),
        [_Piece(flag, flag, (flag,)) for flag in (False, True) if "a boolean" in kinds],
    )
    numbers, *words = [[(frozenset(map(answer, each.samples)), each) for each in kind] for kind in pieces]
    return [*_of_numbers(numbers), *(found for kind in words for found in _of_words(kind))]


def _number_pieces(borders: Sequence[Any]) -> list[_Piece]:
    ends = [None, *borders, None]
    between = [_Piece(low, high, _between(low, high)) for low, high in pairwise(ends)]
    single = [_Piece(border, border, (border,)) for border in borders]
    ordered = [piece for pair in zip(between, [*single, None], strict=True) for piece in pair if piece]
    return [piece for piece in ordered if piece.samples] if borders else []


def _between(low: Any, high: Any) -> tuple[Any, ...]:
    """Return some numbers between two: the nearest to each, one step away, and one in the middle."""
    near = [] if low is None else [math.nextafter(low, math.inf), low + 1]
    near += [] if high is None else [math.nextafter(high, -math.inf), high - 1]
    near += [] if low is None or high is None else [low / 2 + high / 2]
    inside = (value for value in near if (low is None or low < value) and (high is None or value < high))
    return tuple(dict.fromkeys(value for value in inside if math.isfinite(value)))


def _text_pieces(texts: Sequence[str]) -> list[_Piece]:
    other = "other"
    while other in texts:
        other += "_"
    return [*(_Piece(text, text, (text,)) for text in texts), _Piece(None, None, (other,))] if texts else []


def _of_numbers(answered: _Answered) -> Iterator[Range]:
    """Yield a range for each run of pieces with the same answer; those around single values are one."""
    runs = [(answers, [piece for _, piece in run]) for answers, run in groupby(answered, key=lambda each: each[0])]
    for answers in dict.fromkeys(answers for answers, _ in runs if len(answers) == 1):
        alike = [run for known, run in runs if known == answers]
        others = [piece for known, piece in answered if known != answers]
        if all(piece.is_single for piece in others) and (len(alike) > 1 or not others):
            yield _other_than(answers, [piece for run in alike for piece in run], others)
        else:
            yield from (_of_run(answers, run) for run in alike)


def _of_run(answers: frozenset[Hashable], run: Sequence[_Piece]) -> Range:
    first, last = run[0], run[-1]
    (answer,), samples = answers, tuple(sample for piece in run for sample in piece.samples)
    if first is last and first.is_single:
        return Range({"equals": first.low}, answer, samples)
    lower = {} if first.low is None else {"at_least" if first.is_single else "above": first.low}
    upper = {} if last.high is None else {"at_most" if last.is_single else "below": last.high}
    outside = [*(lower.values() if "above" in lower else ()), *(upper.values() if "below" in upper else ())]
    return Range({**lower, **upper}, answer, samples, tuple(outside))


def _other_than(answers: frozenset[Hashable], pieces: Sequence[_Piece], others: Sequence[_Piece]) -> Range:
    (answer,), samples = answers, tuple(sample for piece in pieces for sample in piece.samples)
    values = {"other_than": [piece.low for piece in others]} if others else {"any": kind_of(samples[0])}
    return Range(values, answer, samples)


def _of_words(answered: _Answered) -> Iterator[Range]:
    """Yield a range for each text or boolean, those with the answer of all other texts as one with them."""
    rest = next((answers for answers, piece in answered if not piece.is_single), None)
    for answers, piece in answered:
        if answers != rest and len(answers) == 1:
            yield _of_run(answers, [piece])
    if rest is not None and len(rest) == 1:
        alike = [piece for answers, piece in answered if answers == rest]
        yield _other_than(rest, alike, [piece for answers, piece in answered if answers != rest])
