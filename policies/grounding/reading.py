"""Reading: the numbers and dates that a text states, each with all that it may mean.

English and French, figures only: a number that is spelled out (two, deux) is not read.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from policies.grounding import words
from policies.grounding.dates import BLANK, IDIOMS, MAX_DAY, Clock, Dated, Day, take_dates
from policies.grounding.digits import MAX_DIGITS, NUMERAL, Numeral, plain_text, readings_of

MAX_BEFORE = 40
"""So many characters before a number can say what it is."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in a text, without its sign: what it is worth, by which power of ten, with how many decimals."""

    value: Decimal
    power: int = 0
    decimals: int = 0
    unit: words.Unit = "plain"
    sign: str = ""
    is_about: bool = False


Part = Figure | Day | Clock


@dataclass(frozen=True, slots=True)
class Mention:
    """A number or date as it is written, and what it may mean: each meaning holds where all of its parts do."""

    written: str
    start: int
    end: int
    meanings: tuple[tuple[Part, ...], ...]
    word: str = ""
    """All that is written around it without a space, where it has none itself: the name that it may be part of."""


@dataclass(frozen=True, slots=True)
class _Around:
    """What is written around a numeral."""

    start: int
    end: int
    figure: Figure
    """The unit, sign and power that it is given, on no value."""
    is_name: bool = False
    """Whether it is part of a word."""
    unscaled: bool = False
    """Whether what looks like a scale may be a unit."""


def mentions_in(text: str) -> list[Mention]:
    """Return the numbers and dates of a text, in order.

    No number: the marker of a list at the start of a line, a part of a word with letters (Q3, COVID-19, 1st).

    >>> [each.written for each in mentions_in("1. Revenue of $684k in Q3, up 12,4 % (3 to 5 orders) on 2026-03-02")]
    ['$684k', '12,4 %', '3', '5', '2026-03-02']
    """
    plain = plain_text(text)
    dated, left = take_dates(_without_markers(plain))
    found = [*(_of_date(text, each) for each in dated), *_numbers_in(text, left)]
    return _joined(plain, _with_words(plain, sorted(found, key=lambda each: each.start)))


def words_of(text: str) -> list[tuple[int, int, str]]:
    """Return what a text has between its spaces, with its place, each without brackets, quotes and stops around it.

    >>> words_of("(see 747-8F.)")
    [(0, 4, 'see'), (5, 13, '747-8F')]
    """
    return [(*found.span(), found[0].strip(_EDGES)) for found in re.finditer(r"\S+", text)]


def _with_words(plain: str, mentions: list[Mention]) -> list[Mention]:
    known = words_of(plain) if mentions else []
    starts = [start for start, _, _ in known]
    around = [known[bisect_right(starts, each.end - 1) - 1] for each in mentions]
    pairs = zip(mentions, around, strict=True)
    return [replace(each, word=word if start <= each.start else "") for each, (start, _, word) in pairs]


_EDGES = ".,;:!?()[]{}<>\"'`«»“”"
_MARKER = re.compile(r"^[ \t]*(?:[-*•>#]{1,6}[ \t]+){0,3}\(?[0-9]{1,2}[.)](?=\s|$)", re.MULTILINE)
_INDEX = re.compile(r"(?<=\w)\[[0-9]{1,3}\]")


def _without_markers(text: str) -> str:
    for pattern in (_MARKER, _INDEX, IDIOMS):
        text = pattern.sub(lambda found: BLANK * len(found[0]), text)
    return text


def _of_date(text: str, dated: Dated) -> Mention:
    meanings = tuple(tuple(map(_part, meaning)) for meaning in dated.meanings)
    return Mention(text[dated.start : dated.end], dated.start, dated.end, meanings)


def _part(part: Day | Clock | Numeral) -> Part:
    return Figure(part.value, decimals=part.decimals) if isinstance(part, Numeral) else part


def _numbers_in(text: str, plain: str) -> Iterator[Mention]:
    end = 0
    for found in NUMERAL.finditer(plain):
        mention = _mention(text, plain, found) if found.start() >= end else None
        if mention:
            end = mention.end
            yield mention


def _mention(text: str, plain: str, found: re.Match[str]) -> Mention | None:
    """Return the number that a numeral is with what is written around it; None where it is part of a word."""
    start = found.start() - _is_below_one(plain, found)
    around = _around(plain, start, found.end())
    if around.is_name:
        return None
    readings = readings_of(f"0.{found[0]}" if start < found.start() else found[0])
    meanings = tuple(_meanings(readings, around))
    return Mention(text[around.start : around.end], around.start, around.end, meanings)


def _meanings(readings: Iterable[tuple[Numeral, ...]], around: _Around) -> Iterator[tuple[Part, ...]]:
    told = around.figure
    for reading in readings:
        yield tuple(_told(each, told) for each in reading)
        if around.unscaled:
            yield tuple(_told(each, replace(told, power=0, unit="measure")) for each in reading)


def _told(numeral: Numeral, told: Figure) -> Figure:
    return replace(told, value=numeral.value.scaleb(told.power), decimals=numeral.decimals)


def _is_below_one(plain: str, found: re.Match[str]) -> bool:
    """Return whether a numeral is the decimals of a number that begins with its point, as in `.5`."""
    start = found.start()
    is_behind_point = found[0].isdigit() and plain[max(start - 1, 0) : start] in (".", ",")
    return is_behind_point and not plain[max(start - 2, 0) : start - 1].strip(" ($€£+-−")


# --- what is written around a numeral ---------------------------------------------------------------------------------


def _around(plain: str, start: int, end: int) -> _Around:
    begin, sign, has_currency = _before(plain, start)
    power, end, unscaled = _power(plain, end)
    unit, end = _unit(plain, end, has_currency)
    is_about = bool(
        words.ABOUT.search(plain[max(begin - MAX_BEFORE, 0) : begin]) or words.ABOUT_AFTER.match(plain, end)
    )
    is_name = _is_in_word(plain, begin) or plain[end : end + 1].isalpha() or plain[end : end + 1] == "_"
    figure = Figure(Decimal(0), power, 0, unit, sign, is_about)
    return _Around(begin, end, figure, is_name, unscaled and unit == "plain")


def _before(plain: str, start: int) -> tuple[int, str, bool]:
    """Return where a number begins, its sign, and whether a currency is before it."""
    sign, begin = _sign(plain, start)
    currency = words.BEFORE.search(plain[max(begin - MAX_BEFORE, 0) : begin])
    if currency is None:
        return begin, sign, False
    begin -= len(currency[0])
    if not sign:
        sign, begin = _sign(plain, begin)
    return begin, sign, True


def _sign(plain: str, start: int) -> tuple[str, int]:
    """Return the sign right before a number, and where it begins; what joins it to one before is not a sign."""
    sign, before = plain[start - 1 : start] if start else "", plain[max(start - 3, 0) : max(start - 1, 0)]
    is_joined = before[-1:].isalnum() or before[-1:] in (BLANK, ")", "]") or before.strip()[-1:].isdigit()
    if not sign or sign not in "+-−–±" or before.rstrip()[-1:] in ("%", BLANK) or is_joined:
        return "", start
    return ("+" if sign == "+" else "" if sign == "±" else "-"), start - 1


def _power(plain: str, end: int) -> tuple[int, int, bool]:
    """Return by which power of ten a number is multiplied, where what says so ends, and whether it may be a unit."""
    exponent = _EXPONENT.match(plain, end)
    if exponent:
        return int((exponent[1] or exponent[2]).replace("−", "-")), exponent.end(), False
    power, unscaled = 0, False
    while scale := words.SCALE.match(plain, end):
        power, end = power + words.SCALES[scale[1]], scale.end()
        unscaled = unscaled or (scale[0][0] == " " and scale[1] in words.AMBIGUOUS) or scale[1] == "m"
        if power > MAX_DIGITS:
            break
    return power, end, unscaled


_EXPONENT = re.compile(r"[eE]([+−-]?[0-9]{1,2})(?!\w)| ?[x×*·] ?10\^([+−-]?[0-9]{1,2})(?!\w)")


def _unit(plain: str, end: int, has_currency: bool) -> tuple[words.Unit, int]:
    percent = words.PERCENT.match(plain, end)
    if percent:
        return words.unit_of(percent), percent.end()
    currency = words.CURRENCY.match(plain, end)
    if currency:
        return "money", currency.end()
    written = words.UNIT.match(plain, end)
    unit: words.Unit = "measure" if written or words.MEASURE.match(plain, end) else "plain"
    return ("money" if has_currency else unit), written.end() if written else end


def _is_in_word(plain: str, begin: int) -> bool:
    """Return whether what is right before a number makes it a part of a word: a letter, also before a hyphen."""
    last, before = plain[max(begin - 1, 0) : begin], plain[max(begin - 2, 0) : max(begin - 1, 0)]
    return last.isalpha() or last == "_" or (last == "-" and before.isalpha())


# --- ranges and lists -------------------------------------------------------------------------------------------------


def _joined(plain: str, mentions: list[Mention]) -> list[Mention]:
    """Return the mentions, each end of a range with the unit, power or month of the other as a further meaning."""
    for place in reversed(range(len(mentions) - 1)):
        one, other = mentions[place], mentions[place + 1]
        if _is_joined(plain, one, other):
            mentions[place] = _also(one, _like(one, other))
    for place in range(1, len(mentions)):
        one, other = mentions[place - 1], mentions[place]
        if _is_joined(plain, one, other):
            told = _also(other, _same_month(other, one))
            mentions[place] = _as_rounded(told) if _is_rounded(one) else told
    return mentions


def _is_joined(plain: str, one: Mention, other: Mention) -> bool:
    gap = other.start - one.end
    return 0 < gap <= MAX_BEFORE and words.JOINED.fullmatch(plain, one.end, other.start) is not None


def _also(mention: Mention, meanings: Iterable[tuple[Part, ...]]) -> Mention:
    return replace(mention, meanings=tuple(dict.fromkeys((*mention.meanings, *meanings))))


def _bare(mention: Mention) -> Iterator[Figure]:
    """Yield what a mention may mean that has neither a power nor a unit but money."""
    for meaning in mention.meanings:
        match meaning:
            case (Figure(power=0, unit="plain" | "money") as figure,):
                yield figure


def _like(one: Mention, other: Mention) -> Iterator[tuple[Part, ...]]:
    """Yield what a bare number means with the unit and power of the next one, or in its month."""
    for bare in _bare(one):
        for meaning in other.meanings:
            match meaning:
                case (Figure(power=power, unit=unit),) if power or unit != "plain":
                    shared = bare.unit if unit == "plain" else unit
                    yield (replace(bare, value=bare.value.scaleb(power), power=power, unit=shared),)
                case (Day() as day, *_):
                    yield from _in_month(bare, day)


def _same_month(other: Mention, one: Mention) -> Iterator[tuple[Part, ...]]:
    """Yield what a bare number means in the month of the day before it, as in `March 2–5`."""
    for bare in _bare(other):
        for meaning in one.meanings:
            match meaning:
                case (Day() as day, *_):
                    yield from _in_month(bare, day)


def _in_month(bare: Figure, day: Day) -> Iterator[tuple[Part, ...]]:
    if day.day is not None and not bare.decimals and 1 <= bare.value <= MAX_DAY:
        yield (replace(day, day=int(bare.value)),)


def _is_rounded(mention: Mention) -> bool:
    return any(isinstance(part, Figure) and part.is_about for meaning in mention.meanings for part in meaning)


def _as_rounded(mention: Mention) -> Mention:
    meanings = (
        tuple(replace(part, is_about=True) if isinstance(part, Figure) else part for part in meaning)
        for meaning in mention.meanings
    )
    return replace(mention, meanings=tuple(meanings))
