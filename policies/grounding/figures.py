"""Figures: what a text may mean where it states a number or a date."""

from dataclasses import dataclass
from decimal import Decimal

from policies.grounding.dates import Clock, Day
from policies.grounding.words import Unit


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in a text, without its sign: what it is worth, by which power of ten, with how many decimals."""

    value: Decimal
    power: int = 0
    decimals: int = 0
    unit: Unit = "plain"
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
