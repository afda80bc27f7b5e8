"""Dates and times in prose: what their digits mean together, so that no part of one is taken for a number."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from policies.grounding.digits import Numeral
from policies.grounding.words import IS_FRACTION, MONTHS, one_of

MAX_DAY = 31
MAX_MONTH = 12
MAX_HOUR = 23
NOON = 12


@dataclass(frozen=True, slots=True)
class Day:
    """A day, or what of it is said: a day of any year or month, a month of a year, a year."""

    month: int | None
    day: int | None = None
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day."""

    hour: int
    minute: int = 0


Meaning = tuple[Day | Clock | Numeral, ...]
"""What a date or time says, part by part."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A date or time in a text, and what it may mean."""

    start: int
    end: int
    meanings: tuple[Meaning, ...]


Parts = Mapping[str, str]

_MONTH = one_of(MONTHS)
_YEAR = r"(?P<year>(?:19|20|21)[0-9]{2})"
_YEAR_BEHIND = rf"(?:[.,]?[ ]{{1,2}}{_YEAR}(?!\w|[.,][0-9]))?"
_NO_MORE = r"(?![0-9]|[.,'][0-9]|[ ]?[%‰€$£]|[ ][0-9]{3}(?![0-9]))"
"""Behind a day of a month: nothing that makes its digits a number, as in `In March 12 % of payments failed`."""

_HALF = r"(?P<half>[aApP])(?:[mM]\b|\.[mM]\b\.?)"


def _day(month: object, day: str | None, year: str | None) -> Day | None:
    number, month = int(day) if day else None, int(str(month))
    fits = 1 <= month <= MAX_MONTH and (number is None or 1 <= number <= MAX_DAY)
    return Day(month, number, int(year) if year else None) if fits else None


def _whole(digits: str) -> Numeral:
    return Numeral(Decimal(digits))


def _together(parts: Parts) -> Iterator[Meaning]:
    """Yield the date of eight digits, which may be a number as well."""
    yield from _dated(parts)
    yield (_whole("".join(parts[name] for name in ("year", "month", "day"))),)


def _dated(parts: Parts) -> Iterator[Meaning]:
    day = _day(parts["month"], parts["day"], parts["year"])
    if day and "hour" in parts:
        yield day, Clock(int(parts["hour"]), int(parts["minute"]))
    elif day:
        yield (day,)


def _either_way(parts: Parts) -> Iterator[Meaning]:
    """Yield both orders of day and month; without a year the two may be numbers as well."""
    year = parts.get("year") or (f"20{parts['short']}" if "short" in parts else None)
    for day, month in ((parts["one"], parts["other"]), (parts["other"], parts["one"])):
        found = _day(month, day, year)
        if found:
            yield (found,)
    if year is None:
        yield _whole(parts["one"]), _whole(parts["other"])


def _named(parts: Parts) -> Iterator[Meaning]:
    """Yield the day of a named month; what looks like its year may be a number: `on 2 March 2000 customers`."""
    month, year = MONTHS[parts["name"].lower()], parts.get("year")
    day = _day(month, parts.get("day"), year)
    if day:
        yield (day,)
    if day and year and "day" in parts:
        yield Day(month, day.day), _whole(year)


def _month_of_year(parts: Parts) -> Iterator[Meaning]:
    yield (Day(int(parts["month"]), None, int(parts["year"])),)
    yield _whole(parts["year"]), _whole(parts["month"])


def _timed(parts: Parts) -> Iterator[Meaning]:
    hour, minute, half = int(parts["hour"]), parts.get("minute"), parts.get("half", "").lower()
    later = NOON if half == "p" and hour < NOON else -NOON if half == "a" and hour == NOON else 0
    if hour + later <= MAX_HOUR:
        yield (Clock(hour + later, int(minute or 0)),)
    if minute is None and not half:
        yield (_whole(parts["hour"]),)


_FORMS: tuple[tuple[str, Callable[[Parts], Iterator[Meaning]]], ...] = (
    (
        rf"{_YEAR}(?P<dash>[-/.])(?P<month>[0-9]{{1,2}})(?P=dash)(?P<day>[0-9]{{1,2}})(?![0-9])"
        r"(?:[Tt ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::[0-9]{2}(?:[.][0-9]{1,9})?)?"
        r"(?:[Zz]|[+−-][0-9]{2}:?[0-9]{2})?)?",
        _dated,
    ),
    (rf"{_YEAR}(?P<month>0[1-9]|1[0-2])(?P<day>[0-3][0-9])(?!\w){_NO_MORE}", _together),
    (rf"(?P<one>[0-9]{{1,2}})(?P<mark>[/.-])(?P<other>[0-9]{{1,2}})(?P=mark){_YEAR}(?![0-9])", _either_way),
    (r"(?P<one>[0-9]{1,2})/(?P<other>[0-9]{1,2})/(?P<short>[0-9]{2})(?![\w/])", _either_way),
    (
        rf"(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th|er)?(?:[ ]of)?[ ]{{1,2}}(?P<name>{_MONTH})\b{_YEAR_BEHIND}",
        _named,
    ),
    (rf"(?P<name>{_MONTH})\.?[ ]{{1,2}}(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?(?!\w){_NO_MORE}{_YEAR_BEHIND}", _named),
    (rf"(?P<name>{_MONTH})\.?[ ]{{1,2}}(?:of[ ]|de[ ])?{_YEAR}(?!\w|[.,][0-9])", _named),
    (rf"{_YEAR}-(?P<month>0[1-9]|1[0-2])(?![\w]|-[0-9])", _month_of_year),
    (rf"(?P<one>[0-9]{{1,2}})/(?P<other>[0-9]{{1,2}})(?![\w/]|[.,][0-9]|[ ]?%)(?!{IS_FRACTION})", _either_way),
    (rf"(?P<hour>[0-9]{{1,2}}):(?P<minute>[0-5][0-9])(?::[0-5][0-9])?(?:[ ]?{_HALF})?(?![\w:])", _timed),
    (r"(?P<hour>[0-9]{1,2})[ ]?[hH][ ]?(?P<minute>[0-5][0-9])(?!\w|[.,][0-9]|[ ][0-9])", _timed),
    (rf"(?P<hour>[0-9]{{1,2}})[ ]?{_HALF}", _timed),
    (r"(?P<hour>[0-9]{1,2})[ ]?h(?!\w)", _timed),
)

_READERS = tuple((re.compile(rf"(?<![\w.,/:]){form}", re.IGNORECASE), read) for form, read in _FORMS)

IDIOMS = re.compile(r"(?<![\w/])(?:24/7|7/7|7 ?j(?:ours)?/7|24 ?h(?:eures)?/24)(?![\w/])", re.IGNORECASE)
"""What says `always`, and no number."""

BLANK = "\0"
"""What takes the place of digits that are read."""


def take_dates(text: str) -> tuple[tuple[Dated, ...], str]:
    """Return the dates and times of a plain text, and the text without them; what cannot be one is left in it.

    >>> [each.meanings[0] for each in take_dates("on 2 March 2026, at 14:30")[0]]
    [(Day(month=3, day=2, year=2026),), (Clock(hour=14, minute=30),)]
    >>> take_dates("12 % on 2026-13-45")
    ((), '12 % on 2026-13-45')
    """
    taken: list[Dated] = []
    for pattern, read in _READERS:
        found = [Dated(*each.span(), (*read(_given(each)),)) for each in pattern.finditer(text)]
        dated = [each for each in found if each.meanings]
        text = _without(text, dated)
        taken += dated
    return tuple(sorted(taken, key=lambda each: each.start)), text


def _given(found: re.Match[str]) -> Parts:
    return {name: value for name, value in found.groupdict().items() if value is not None}


def _without(text: str, dated: list[Dated]) -> str:
    parts, last = [], 0
    for each in dated:
        parts += [text[last : each.start], BLANK * (each.end - each.start)]
        last = each.end
    return "".join([*parts, text[last:]])
