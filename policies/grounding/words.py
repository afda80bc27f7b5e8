"""Words and signs around numbers, in English and French: scales, units, currencies, months, and what says `about`."""

import re
from collections.abc import Mapping
from typing import Literal

Unit = Literal["plain", "measure", "money", "percent", "per mille", "basis points"]

SCALES: Mapping[str, int] = {
    **dict.fromkeys(("hundred", "hundreds"), 2),
    **dict.fromkeys(("thousand", "thousands", "mille", "millier", "milliers", "k", "K"), 3),
    **dict.fromkeys(("million", "millions", "m", "M", "mn", "mio", "Mio"), 6),
    **dict.fromkeys(("billion", "billions", "milliard", "milliards", "bn", "Bn", "B", "Md", "Mds", "Mrd"), 9),
    **dict.fromkeys(("trillion", "trillions", "tn", "Tn"), 12),
}
"""By which power of ten a word multiplies."""

AMBIGUOUS = ("m", "M", "B", "K")
"""Scales that may be something else where a space is before them: metres, a name."""

HINTS: Mapping[str, int] = {
    **{word: power for word, power in SCALES.items() if len(word) > 1 and word not in ("hundred", "hundreds")},
    **{f"{letter}{code}": power for letter, power in (("k", 3), ("m", 6), ("bn", 9)) for code in ("usd", "eur", "chf")},
    **{"kgbp": 3, "mgbp": 6, "k": 3, "m": 6},
}
"""What the name of a fact says of its numbers, as in `revenue_musd` and `budget_k`."""

UNITS = (
    *("ms", "s", "sec", "min", "mins", "h", "hr", "hrs", "d", "j", "days", "jours"),
    *("mg", "g", "kg", "t", "mm", "cm", "km", "px", "pt", "x", "kB", "MB", "GB", "TB", "ko", "Mo", "Go", "To"),
    *("W", "kW", "MW", "kWh", "MWh", "Hz", "kHz", "MHz", "GHz", "C", "F"),
)
"""Units that are written right behind a number; other letters there make it a part of a name, as in 5G."""

APART = tuple(unit for unit in UNITS if len(unit) > 1 and unit not in ("Go", "To", "Mo", "pt"))
"""Those that are units behind a space, too: no letter alone, and no word, as in `3 Go votes`."""

CODES = ("USD", "EUR", "GBP", "CHF", "JPY", "CAD", "AUD", "CNY", "SEK", "NOK", "DKK", "PLN", "INR", "BRL", "MXN")

_PERCENTS: Mapping[Unit, str] = {
    "basis points": r"basis points?|points? de base|bps?|pb",
    "percent": r"%|per ?cent|pour[ -]cent|pct|p\. ?100|percentage points?|points? de pourcentage|points?|ppt?|pts?",
    "per mille": r"‰|per mille|pour mille",
}

_MONTHS = (
    "january|jan|janvier|janv",
    "february|feb|février|fevrier|févr|fév",
    "march|mar|mars",
    "april|apr|avril|avr",
    "may|mai",
    "june|jun|juin",
    "july|jul|juillet|juil",
    "august|aug|août|aout",
    "september|sept|sep|septembre",
    "october|oct|octobre",
    "november|nov|novembre",
    "december|dec|décembre|decembre|déc",
)

MONTHS: Mapping[str, int] = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split("|")}
"""The number of a month, by its name in lower case."""


def one_of(words: Mapping[str, object] | tuple[str, ...]) -> str:
    """Return a pattern of these words, the longest first.

    >>> one_of(("k", "kg"))
    'kg|k'
    """
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_CODE = one_of(CODES)
MONEY = rf"(?:US\$|[$€£¥₹]|(?:{_CODE})(?![A-Za-z])|(?:euros?|dollars?|pounds?|livres?|francs?|yens?)(?!\w))"
"""A currency behind a number."""

BEFORE = re.compile(rf"(?:(?<![A-Za-z])(?:US|A|C)?[$€£¥₹]|(?<![A-Za-z])(?:{_CODE})) ?$")
"""A currency before a number."""

SCALE = re.compile(rf" ?({one_of(SCALES)})(?:(?!\w)|(?=(?:{_CODE})(?!\w)))")
CURRENCY = re.compile(rf" ?(?:d['e] ?|of )?{MONEY}")
_GROUPS: Mapping[str, Unit] = {unit.replace(" ", "_"): unit for unit in _PERCENTS}
PERCENT = re.compile(
    " ?(?:" + "|".join(f"(?P<{name}>{_PERCENTS[unit]})" for name, unit in _GROUPS.items()) + r")(?!\w)"
)
UNIT = re.compile(rf"(?:{one_of(UNITS)}|°[CF]?)(?!\w)")
MEASURE = re.compile(rf" (?:{one_of(APART)}|°[CF]?)(?!\w)")
"""A unit of measure behind a space."""

ABOUT = re.compile(
    r"(?:[~≈]|\b(?:about|around|roughly|nearly|almost|approximately|approx\.?|circa|ca\.|close to|"
    r"environ|pr[eè]s d['e]|presque|autour d['e]|quelque|à peu près|approximativement|"
    r"de l'ordre d['e]|aux alentours d['e])) ?$",
    re.IGNORECASE,
)
"""What says that a number is rounded, up to where the number begins."""

ABOUT_AFTER = re.compile(r" (?:environ|or so)\b", re.IGNORECASE)

JOINED = re.compile(
    r" ?(?:[-–−,/]|to|and|or|through|until|à|a|et|ou|au|aux|jusqu'à) ?(?:(?:US|A|C)?[$€£¥₹]|the |le |les )?[-+−]?",
    re.IGNORECASE,
)
"""What joins the ends of a range, or the numbers of a list: the unit of the last is that of the others."""


def unit_of(percent: re.Match[str]) -> Unit:
    """Return the unit that `PERCENT` found.

    >>> unit_of(PERCENT.match(" bps"))
    'basis points'
    """
    return next(_GROUPS[name] for name, said in percent.groupdict().items() if said)
