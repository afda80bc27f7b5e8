"""Grounds: what a number in a text may rest on, and whether it does."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Context, Decimal, localcontext
from typing import Any, TypeGuard

from policies.grounding.dates import Clock, Day
from policies.grounding.digits import plain_text
from policies.grounding.reading import Figure, Mention, Part, mentions_in, words_of
from policies.grounding.words import HINTS, Unit
from policies.paths import PREFIX

EXACT = Context(prec=200)
"""Digits with which numbers are compared: more than any has."""

SHARES: Mapping[Unit, tuple[int, ...]] = {
    "plain": (0,),
    "measure": (0,),
    "money": (0,),
    "percent": (0, -2),
    "per mille": (0, -1, -3),
    "basis points": (0, -2, -4),
}
"""By which powers of ten a fact may be less than a number of the unit that is written for it: 12 % may be 0.12."""

SIGNIFICANT = 2
"""To so many digits a whole number may be rounded; to one less behind a word such as `about`."""

MAX_FIGURES = 15
"""Digits of a derivation that count: what binary arithmetic leaves behind them is dropped."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What numbers may rest on: values by size, those above and those below zero, counts, dates, times and names."""

    above: tuple[Decimal, ...] = ()
    below: tuple[Decimal, ...] = ()
    """The sizes of what is below zero."""
    counts: frozenset[Decimal] = frozenset()
    days: frozenset[Day] = frozenset()
    clocks: frozenset[Clock] = frozenset()
    names: frozenset[str] = frozenset()


def ungrounded(text: str, grounds: Grounds) -> tuple[str, ...]:
    """Return the numbers and dates of a text that equal nothing known, as they are written, each once.

    >>> facts = {"revenue": 684_000, "failed_rate": 0.028}
    >>> known = with_counts(grounds_in(facts, ["Launch on 2026-03-02?"]), [3])
    >>> ungrounded("$684k, about 700,000, 2.8 % failed, 3 roles, on 2 March", known)
    ()
    >>> ungrounded("42 % of 3 roles by 9 March", known)
    ('42 %', '9 March')
    """
    found = (each.written for each in mentions_in(text) if not is_grounded(each, grounds))
    return tuple(dict.fromkeys(found))


def is_grounded(mention: Mention, grounds: Grounds) -> bool:
    """Return whether a number or date equals something known in one of its meanings, or is in a name that is known.

    A number written with decimals equals what is rounded to as many; a whole one may be rounded to two digits, and to
    one behind a word such as `about`. Without a sign it equals what is as large below zero; a count has no unit.
    """
    if mention.word in grounds.names:
        return True
    with localcontext(EXACT):
        return any(all(_rests(part, grounds) for part in meaning) for meaning in mention.meanings)


def _rests(part: Part, grounds: Grounds) -> bool:
    if isinstance(part, Clock):
        return part in grounds.clocks
    if isinstance(part, Day):
        return any(_is_within(day, part) for day in grounds.days)
    if part.unit == "plain" and not part.power and part.value in grounds.counts and part.sign != "-":
        return True
    sign = part.sign if part.value else ""
    sides = (grounds.above if sign != "-" else (), grounds.below if sign != "+" else ())
    return any(_has_near(side, part, power) for side in sides for power in SHARES[part.unit])


def _is_within(known: Day, said: Day) -> bool:
    """Return whether all that a date says is so of a known one."""
    pairs = ((known.year, said.year), (known.month, said.month), (known.day, said.day))
    return all(value is None or value == fact for fact, value in pairs)


def _has_near(values: tuple[Decimal, ...], said: Figure, power: int) -> bool:
    """Return whether one of these sizes is what the number says, once it is rounded as the number is.

    Half of the last digit is rounded away from zero, or to an even digit: both are done.
    """
    step = step_of(said)
    half = step / 2
    place = bisect_left(values, (said.value - half).scaleb(power))
    if place == len(values):
        return False
    end = (said.value + half).scaleb(power)
    return values[place] < end or (values[place] == end and (said.value / step) % 2 == 0)


def step_of(said: Figure) -> Decimal:
    """Return the step to which a number is rounded as it is written: of its last decimal, or of its digits that count.

    >>> [int(step_of(Figure(Decimal(value)))) for value in (5, 700, 680_000)]
    [1, 10, 10000]
    >>> int(step_of(Figure(Decimal(700), is_about=True)))
    100
    """
    if said.decimals or said.power < 0 or not said.value:
        return Decimal(1).scaleb(said.power - said.decimals)
    digits = str(int(said.value))
    zeros = len(digits) - len(digits.rstrip("0"))
    counting = SIGNIFICANT - 1 if said.is_about else SIGNIFICANT
    least = max(min(zeros, len(digits) - counting), 0)
    return Decimal(1).scaleb(least)


# --- what is known ----------------------------------------------------------------------------------------------------


def grounds_in(
    facts: Any,
    texts: Iterable[str] = (),
    names: Iterable[str] = (),
    derived: Iterable[float] = (),
) -> Grounds:
    """Return what numbers may rest on all through a run: what the facts and texts state, and what is derived of them.

    What the name of a fact says of its numbers holds, too: `revenue_musd: 2.5` may be said as 2,500,000. Of names only
    whole words count.

    >>> known = grounds_in({"revenue_musd": 2.5, "past_30_days": True, "day": "2026-03-02"}, names=["Boeing 747"])
    >>> [str(each) for each in known.above], sorted(map(int, known.counts)), "747" in known.names
    (['2.5', '30', '2.5E+6'], [2026], True)
    """
    told = [*dict.fromkeys((*texts_in(facts), *texts))]
    with localcontext(EXACT):
        meanings = [meaning for text in told for mention in mentions_in(text) for meaning in mention.meanings]
        parts = [part for meaning in meanings for part in meaning]
        figures = [_signed(part) for meaning in meanings for part in meaning if _is_stated(part, meaning)]
        values = {*_numbers_in(facts), *map(_shortened, derived), *figures}
    days = frozenset(each for each in parts if isinstance(each, Day))
    return Grounds(
        above=tuple(sorted(each for each in values if each >= 0)),
        below=tuple(sorted(-each for each in values if each < 0)),
        counts=frozenset(Decimal(each.year) for each in days if each.year),
        days=days,
        clocks=frozenset(each for each in parts if isinstance(each, Clock)),
        names=frozenset((*filter(_is_name, _words_in([*told, *_paths_in(facts)])), *_words_in(names))),
    )


def with_counts(grounds: Grounds, counts: Iterable[int]) -> Grounds:
    """Return the grounds with what the record counts by now.

    >>> sorted(map(int, with_counts(grounds_in({"day": "2026-03-02"}), [3, 0]).counts))
    [0, 3, 2026]
    """
    return replace(grounds, counts=grounds.counts.union(map(Decimal, counts)))


def _is_stated(part: Part, meaning: tuple[Part, ...]) -> TypeGuard[Figure]:
    """Return whether a part is a number that a text states: a year next to a day is not."""
    return isinstance(part, Figure) and not any(isinstance(each, Day) for each in meaning)


def _signed(figure: Figure) -> Decimal:
    return -figure.value if figure.sign == "-" else figure.value


def _is_name(word: str) -> bool:
    """Return whether a word of the facts is more than digits, which are a number there or a part of a date."""
    return not word.isdigit()


def _words_in(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (word for _, _, word in words_of(plain_text(text)) if any(map(str.isdigit, word)))


def _shortened(derived: float) -> Decimal:
    return Decimal(f"{derived:.{MAX_FIGURES}g}")


def _numbers_in(value: Any, power: int = 0) -> Iterator[Decimal]:
    """Yield the numbers in facts, those whose name has a scale also by that."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _numbers_in(inner, _power_of(key))
    elif isinstance(value, list):
        for item in value:
            yield from _numbers_in(item, power)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = Decimal(str(value))
        yield from (number, number.scaleb(power)) if power else (number,)


def _power_of(key: str) -> int:
    return next((HINTS[word] for word in reversed(re.split(r"[_\W]+", key.lower())) if word in HINTS), 0)


def texts_in(value: Any) -> Iterator[str]:
    """Yield the texts in facts, and the names of facts as words.

    >>> [*texts_in({"past_30_days": ["up", 3]})]
    ['past 30 days', 'up']
    """
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield key.replace("_", " ")
            yield from texts_in(inner)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)
    elif isinstance(value, str):
        yield value


def _paths_in(value: Any, above: str = "") -> Iterator[str]:
    """Yield the dotted paths of facts, each as it is and as conditions write it."""
    if isinstance(value, list):
        for item in value:
            yield from _paths_in(item, above)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            path = f"{above}.{key}" if above else key
            yield from (path, f"{PREFIX}{path}")
            yield from _paths_in(inner, path)
