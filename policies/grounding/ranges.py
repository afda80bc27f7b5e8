"""Ranges: the ends of a range and the numbers of a list, which share a unit, a power or a month."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from policies.grounding.dates import MAX_DAY, Day
from policies.grounding.figures import Figure, Mention, Part
from policies.grounding.words import JOINED

MAX_JOINING = 40
"""So many characters between two numbers can join them."""


def joined(plain: str, mentions: list[Mention]) -> list[Mention]:
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
    return 0 < gap <= MAX_JOINING and JOINED.fullmatch(plain, one.end, other.start) is not None


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
