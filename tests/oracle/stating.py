"""Stating: random ways to write a number, and whether a fact bears it out; from the words of the specification alone.

Knows nothing of the code it judges: fractions and integers, where that uses decimals and intervals.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random

SCALES = {
    3: ("k", " thousand", " mille"),
    6: (" million", " millions"),
    9: (" billion", "bn", " milliard", " Md"),
}
SHARES = {"%": 2, " %": 2, " percent": 2, " pour cent": 2, " basis points": 4, " points de base": 4, " ‰": 3}
ABOUT = ("about ", "around ", "roughly ", "nearly ", "~", "environ ", "près de ")
GROUPS = (",", ".", " ", "\u00a0", "\u202f", "'", "’", "")
BEFORE = ("$", "€", "USD ", "")
AFTER = (" €", " USD", " dollars", " euros", "€")
PHRASES = ("We see {} here.", "Il y a {} ici.", "see ({})", "{}", "so: {}, then", "une part de {} ; rien d'autre")


@dataclass(frozen=True)
class Written:
    """A number as it is written: digits without their point, decimals, power of ten, and what stands around them."""

    digits: int
    decimals: int
    power: int = 0
    share: int = 0
    sign: str = ""
    is_about: bool = False
    figures: str = ""
    """Its digits with their separators."""
    text: str = ""


def is_borne_out(value: Fraction, written: Written) -> bool:
    """Return whether a number, as it is written, equals a value up to rounding, unit words and sign."""
    is_other = value < 0 if written.sign == "+" else value >= 0 if written.sign else False
    if is_other and written.digits:
        return False
    shares = {0: (0,), 2: (0, 2), 3: (0, 1, 3), 4: (0, 2, 4)}[written.share]
    return any(_is_rounded(abs(value) * 10**share, written) for share in shares)


def _is_rounded(value: Fraction, written: Written) -> bool:
    said = Fraction(written.digits) * Fraction(10) ** (written.power - written.decimals)
    return any(said == whole * step for step in _steps(written) for whole in _roundings(value / step))


def _steps(written: Written) -> set[Fraction]:
    """Return to what it may be rounded: its last decimal; a whole number to two digits, or to one behind `about`."""
    if written.decimals or not written.digits:
        return {Fraction(10) ** (written.power - written.decimals)}
    digits = str(written.digits * 10**written.power)
    zeros, counting = len(digits) - len(digits.rstrip("0")), 1 if written.is_about else 2
    steps = {Fraction(10) ** places for places in range(zeros + 1) if len(digits) - places >= counting}
    return steps or {Fraction(1)}


def _roundings(value: Fraction) -> set[int]:
    below = value.numerator // value.denominator
    rest = value - below
    if rest == Fraction(1, 2):
        return {below + 1, below + below % 2}
    return {below + (rest > Fraction(1, 2))}


def random_value(random: Random) -> Fraction:
    """Return a number as facts have them: whole or with a few decimals, of any size, now and then below zero."""
    places = random.choice((0, 0, 1, 2, 3, 4))
    whole = random.randrange(10 ** random.randrange(1, 10))
    return Fraction(whole, 10**places) * random.choice((1, 1, 1, -1))


def random_statement(value: Fraction, random: Random) -> Written:
    """Return a way to write a value: rounded, scaled, as a share, with the separators of some country."""
    written = Written(0, 0, is_about=random.random() < 0.3)
    kind = random.choice(("plain", "scaled", "share", "money"))
    if kind == "scaled":
        written = replace(written, power=random.choice((3, 6, 9)))
    if kind == "share":
        written = replace(written, share=random.choice((2, 2, 3, 4)))
    decimals = random.randrange(4)
    times = random.choice({0: (0,), 2: (0, 2), 3: (0, 3), 4: (0, 2, 4)}[written.share])
    exact = abs(value) * 10**times / Fraction(10) ** written.power * 10**decimals
    digits = random.choice(sorted(_roundings(exact)))
    sign = random.choice(("-", "−", "")) if value < 0 else random.choice(("+", "", "", ""))
    rounded = replace(written, digits=digits, decimals=decimals, sign=sign)
    return _in_text(_trimmed(rounded, random), kind, random)


def _trimmed(written: Written, random: Random) -> Written:
    """Return a whole number now and then rounded to fewer digits."""
    length = len(str(written.digits))
    if written.decimals or length < 3 or random.random() < 0.5:
        return written
    step = 10 ** random.randrange(1, length - 1 + written.is_about)
    return replace(written, digits=(written.digits + step // 2) // step * step)


def _in_text(written: Written, kind: str, random: Random) -> Written:
    shown = replace(written, figures=_figures(written, random))
    unit = ""
    if kind == "scaled":
        unit = random.choice(SCALES[written.power])
    elif kind == "share":
        unit = random.choice([said for said, share in SHARES.items() if share == written.share])
    before, after = (random.choice(BEFORE), "") if kind == "money" else ("", unit)
    if kind == "money" and not before:
        after = random.choice(AFTER)
    about = random.choice(ABOUT) if written.is_about else ""
    return replace(shown, text=f"{about}{written.sign}{before}{shown.figures}{after}")


def _figures(written: Written, random: Random) -> str:
    point = random.choice(".,")
    group = random.choice([each for each in GROUPS if each != point])
    digits = str(written.digits).zfill(written.decimals + 1)
    whole, rest = digits[: len(digits) - written.decimals], digits[len(digits) - written.decimals :]
    parts: list[str] = []
    while len(whole) > 3:
        whole, parts = whole[:-3], [whole[-3:], *parts]
    return group.join([whole, *parts]) + (point + rest if rest else "")


def read_both_ways(written: Written) -> list[Written]:
    """Return a number in the other way in which its separator may be read, too: for decimals, or for thousands."""
    whole, *rest = written.figures.replace(",", ".").split(".")
    if len(rest) != 1 or len(rest[0]) != 3 or len(whole) > 3 or whole == "0" or not whole.isdigit():
        return [written]
    return [replace(written, digits=int(whole + rest[0]), decimals=decimals) for decimals in (0, 3)]
