"""Reading: the numbers and dates that a text states, each with all that it may mean.

English and French, figures only: a number that is spelled out (two, deux) is not read.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from policies.grounding import words
from policies.grounding.dates import BLANK, MAX_DAY, Clock, Dated, Day, take_dates
from policies.grounding.digits import MAX_DIGITS, NUMERAL, Numeral, plain_text, readings_of
from policies.grounding.figures import Figure, Mention, Part
from policies.grounding.fractions import FRACTION, fraction_in, meaning_of
from policies.grounding.markers import without_circled, without_emphasis, without_markers
from policies.grounding.ranges import joined

MAX_BEFORE = 40
"""So many characters before a number can say what it is."""


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
    in_order: bool = False
    """Whether it is the place of something in an order: 42nd."""


def mentions_in(text: str) -> list[Mention]:
    """Return the numbers and dates of a text, in order.

    No number: the marker of a list that counts on at the start of a line, a part of a word with letters (Q3, COVID-19),
    the place of one of the first ten in an order (1st).

    >>> [each.written for each in mentions_in("1. Revenue of $684k in Q3, up 12,4 % (3 to 5 orders) on 2026-03-02")]
    ['$684k', '12,4 %', '3', '5', '2026-03-02']
    """
    plain = plainly(text)
    dated, left = take_dates(without_markers(plain))
    found = [*(_of_date(text, each) for each in dated), *_numbers_in(text, left)]
    return joined(plain, _with_words(plain, sorted(found, key=lambda each: each.start)))


def plainly(text: str) -> str:
    r"""Return a text as it is read, as long: without emphasis and circled markers, with plain digits and signs.

    >>> plainly("_684\u202f000_")
    ' 684 000 '
    """
    return without_emphasis(plain_text(without_circled(text)))


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


_EDGES = ".,;:!?()[]{}<>\"'`«»“”*"
_NUMBER = re.compile(rf"{FRACTION}|{NUMERAL.pattern}")
_YEAR = re.compile("(?:19|20|21)[0-9]{2}")
_IN_ORDER = 10
"""So many places of an order are words rather than numbers: the 1st, the 3rd."""


def _of_date(text: str, dated: Dated) -> Mention:
    meanings = tuple(tuple(map(_part, meaning)) for meaning in dated.meanings)
    return Mention(text[dated.start : dated.end], dated.start, dated.end, meanings)


def _part(part: Day | Clock | Numeral) -> Part:
    return Figure(part.value, decimals=part.decimals) if isinstance(part, Numeral) else part


def _numbers_in(text: str, plain: str) -> Iterator[Mention]:
    end = 0
    for found in _NUMBER.finditer(plain):
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
    below = "0." if start < found.start() else ""
    meanings = (*_meanings_of(text, found, below, around), *_days(f"{below}{found[0]}", around))
    return Mention(text[around.start : around.end], around.start, around.end, meanings)


def _meanings_of(text: str, found: re.Match[str], below: str, around: _Around) -> Iterator[tuple[Part, ...]]:
    if found["over"] or found["odd"]:
        yield (meaning_of(fraction_in(text, found), around.figure),)
    else:
        yield from _meanings(readings_of(f"{below}{found[0]}"), around)


def _days(numeral: str, around: _Around) -> Iterator[tuple[Part, ...]]:
    """Yield the year that four digits may be alone, without a separator, and the day that one of an order may be."""
    is_bare = around.figure.unit == "plain" and not around.figure.power and not around.figure.sign
    if is_bare and not around.in_order and _YEAR.fullmatch(numeral):
        yield (Day(None, None, int(numeral)),)
    if around.in_order and len(numeral) < 3 and int(numeral) <= MAX_DAY:
        yield (Day(None, int(numeral)),)


def _meanings(readings: Iterable[tuple[Numeral, ...]], around: _Around) -> Iterator[tuple[Part, ...]]:
    told = around.figure
    for reading in readings:
        yield tuple(_told(each, told) for each in reading)
        if around.unscaled:
            yield tuple(_told(each, replace(told, power=0, unit="metres")) for each in reading)


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
    figure = Figure(Decimal(0), power, 0, unit, sign, is_about)
    order = words.ORDINAL.match(plain, end) if unit == "plain" and not power else None
    is_name = _is_in_word(plain, begin, figure) or _is_word_behind(plain, start, end, order)
    return _Around(begin, order.end() if order else end, figure, is_name, unscaled and unit == "plain", bool(order))


def _is_word_behind(plain: str, start: int, end: int, order: re.Match[str] | None) -> bool:
    """Return whether what is right behind a number makes it a part of a word; of an order the first ten are words."""
    if order:
        return not plain[start:end].isdigit() or int(plain[start:end][:MAX_DIGITS]) <= _IN_ORDER
    behind = plain[end : end + 1]
    return behind == "_" or (behind.isalpha() and not words.GLUED.match(plain, end))


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
        unscaled = unscaled or scale[1] == words.METRES
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


def _is_in_word(plain: str, begin: int, figure: Figure) -> bool:
    """Return whether what is right before a number makes it a part of a word: a letter, also before a hyphen.

    Not the x of `x42`; nor a word before a hyphen where a unit is behind the number, as in `a loss of-42 %`.
    """
    last, before = plain[max(begin - 1, 0) : begin], plain[max(begin - 2, 0) : max(begin - 1, 0)]
    if last == "x" and not (before.isalnum() or before == "_"):
        return False
    is_bare = figure.unit in ("plain", "measure") and not figure.power
    return last.isalpha() or last == "_" or (last == "-" and before.isalpha() and is_bare)
