"""Digits: what a run of digits and separators can mean, whatever the script and the separators of its writer."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

MAX_DIGITS = 40
"""A number of more digits is not read: it equals nothing."""

NUMERAL = re.compile(r"[0-9]{1,3}(?: [0-9]{3})+(?![0-9])(?:[.,][0-9]+)?|[0-9]+(?:[.,'_][0-9]+)*")
"""Groups of three behind spaces, or digits with separators between them, in plain text."""

ODD = "\u00bd"
"""What takes the place of a character that says a number without digits, such as ½, ⅓ and ⑫."""

_RAISED = re.compile("(?<!\\w)[⁰¹²³⁴-⁹₀-₉]+")
"""Small digits that are a number: behind a letter or a digit they mark a note, or a power."""

_IS_RAISED = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉")

_ALIKE = {
    **dict.fromkeys("\u00a0\u202f\u2007\u2008\u2009\u200a", " "),
    **dict.fromkeys("\u2018\u2019\u02bc\u2032\u066c", "'"),
    **dict.fromkeys("\ufe63\uff0d", "−"),
    **dict.fromkeys("\u2012\u2014", "–"),
    **dict.fromkeys("\u2010\u2011", "-"),
    "\u00ba": "°",
    **dict.fromkeys("\uff05\ufe6a\u066a", "%"),
    **dict.fromkeys("\uff0e\u066b", "."),
    **{"\uff0c": ",", "\uff0f": "/", "\uff1a": ":", "\uff0b": "+", "\uff04": "$"},
}
"""What looks or means like a space, an apostrophe, a sign or a point: typographic, full-width and Arabic forms."""


@dataclass(frozen=True, slots=True)
class Numeral:
    """One way to read digits: the number, and how many decimals it is written with."""

    value: Decimal
    decimals: int = 0


Reading = tuple[Numeral, ...]
"""Digits as one number, or as several behind each other."""


def plain_text(text: str) -> str:
    r"""Return the text with ASCII digits, spaces and signs in place of others that look or mean the same, as long.

    >>> plain_text("\uff11\uff12 \u0663 684\u202f000 5\uff05")
    '12 3 684 000 5%'
    """
    if text.isascii():
        return text
    flat = _RAISED.sub(lambda found: "".join(str(unicodedata.digit(each)) for each in found[0]), text)
    return "".join(map(_plain_character, flat))


@lru_cache(maxsize=4_096)
def _plain_character(character: str) -> str:
    if character in _IS_RAISED:
        return character
    digit = unicodedata.digit(character, None)
    if digit is None:
        return ODD if unicodedata.category(character) == "No" else _ALIKE.get(character, character)
    return str(digit)


def readings_of(numeral: str) -> tuple[Reading, ...]:
    """Return every way to read a numeral; none where it has too many digits.

    A single point or comma before three digits separates thousands or decimals; only the facts can say which. Commas
    and spaces may also separate numbers, points may not: 3.2.1 is not a number.

    >>> [str(reading[0].value) for reading in readings_of("1.234")], readings_of("1.234,5")[0][0].decimals
    (['1234', '1.234'], 1)
    >>> [[str(each.value) for each in reading] for reading in readings_of("3,2,1")], readings_of("3.2.1")
    ([['3', '2', '1']], ())
    """
    if len(numeral) > 2 * MAX_DIGITS or sum(map(str.isdigit, numeral)) > MAX_DIGITS:
        return ()
    pieces, marks = re.split(r"[.,'_ ]", numeral), re.sub(r"[0-9]", "", numeral)
    apart = tuple(Numeral(Decimal(piece)) for piece in pieces)
    if not marks:
        return (apart,)
    found = [*_grouped(pieces, marks), *_with_decimals(pieces, marks)]
    is_list = (not found and "." not in marks) or (not marks.strip() and not any(map(_is_rest, pieces)))
    return (*((each,) for each in found), *([apart] if is_list else []))


def _is_rest(piece: str) -> bool:
    """Return whether digits cannot be a number by themselves, since it would not begin with a zero."""
    return piece.startswith("0")


def _grouped(pieces: list[str], marks: str) -> list[Numeral]:
    """Return the whole number that the pieces are groups of, as in 1,234,567 and in 12,34,567."""
    return [Numeral(Decimal("".join(pieces)))] if _are_groups(pieces, marks) else []


def _are_groups(pieces: list[str], marks: str) -> bool:
    *most, last = pieces[1:]
    if len(set(marks)) > 1 or len(last) != 3 or not 0 < len(pieces[0]) <= 3 or pieces[0] == "0":
        return False
    by_three = all(len(piece) == 3 for piece in most)
    by_two = marks[0] == "," and len(pieces[0]) < 3 and all(len(piece) == 2 for piece in most)
    return by_three or by_two


def _with_decimals(pieces: list[str], marks: str) -> list[Numeral]:
    """Return the number whose decimals the last piece has, behind a point or comma of its own."""
    whole, before = pieces[:-1], marks[:-1]
    if marks[-1] not in ".," or marks[-1] in before or (before and not _are_groups(whole, before)):
        return []
    return [Numeral(Decimal(f"{''.join(whole)}.{pieces[-1]}"), len(pieces[-1]))]
