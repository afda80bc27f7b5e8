"""Fractions in prose: `2/3 of carts`, `1/3 des paniers` and characters such as ½ are one number, the quotient."""

import re
import unicodedata
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from policies.grounding.digits import ODD
from policies.grounding.figures import Figure
from policies.grounding.words import IS_FRACTION

FIGURES = 2
"""So many digits of a quotient count."""

FRACTION = (
    rf"(?<![0-9.,/])(?P<over>[1-9][0-9]{{0,5}})/(?P<under>[1-9][0-9]{{0,5}}){IS_FRACTION}(?:[^\W\d_]+)?"
    rf"|(?:(?P<whole>[0-9]{{1,6}})[ ]?)?(?P<odd>{ODD})"
)


def fraction_in(text: str, found: re.Match[str]) -> Fraction:
    """Return what `FRACTION` found in a text, or the characters of it that say a number by themselves.

    >>> fraction_in("2½", re.search(FRACTION, "2½"))
    Fraction(5, 2)
    """
    if found["over"]:
        return Fraction(int(found["over"]), int(found["under"]))
    return int(found["whole"] or 0) + Fraction(unicodedata.numeric(text[found.start("odd")])).limit_denominator(1_000)


def meaning_of(quotient: Fraction, told: Figure) -> Figure:
    """Return the number that a fraction is: its quotient, to two digits; without a unit, a share in percent.

    >>> part = meaning_of(Fraction(2, 3), Figure(Decimal(0)))
    >>> round(part.value, 2), part.unit
    (Decimal('66.67'), 'percent')
    """
    value = Decimal(quotient.numerator) / quotient.denominator
    if told.unit == "plain" and not told.power and quotient.denominator > 1:
        return _figure(100 * value, replace(told, unit="percent"))
    return _figure(value, told)


def _figure(value: Decimal, told: Figure) -> Figure:
    return replace(told, value=value.scaleb(told.power), decimals=max(FIGURES - 1 - value.adjusted(), 0))
