"""Expecting: what of the data of a source is not as its team expects."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.language import say
from policies.paths import MISSING, keys_of, path_of, with_value
from policies.plain import WHOLE, shown
from policies.team.expectation import Expectation
from policies.team.privacy import overlaps


@dataclass(frozen=True, slots=True)
class Unexpected:
    """A path at which there is not what is expected: the sentence on it, and whether somebody may supply the fact."""

    path: str
    told: str
    is_missing: bool = False
    """Whether nothing is there, or null, which somebody may supply."""


def expected_under(expect: Mapping[str, Expectation], into: str | None) -> dict[str, Expectation]:
    """Return what is expected of a source's data by its paths in the facts, where these are placed under a path.

    >>> [*expected_under({"rate": Expectation(kind="number")}, "risk_signals")]
    ['risk_signals.rate']
    """
    above = keys_of(into) if into else ()
    return {path_of((*above, *keys_of(path))): expectation for path, expectation in expect.items()}


def find_unexpected(
    expect: Mapping[str, Expectation], data: Any, private: Iterable[str] = ()
) -> tuple[Unexpected, ...]:
    """Return what of the data is not as expected: the first problem at each path, with values that are not private.

    Of a list on the way each item is looked at; one without items has nothing that could be wrong.

    >>> expect = {"risk.rate": Expectation(kind="number", at_least=0), "region": Expectation(kind="text")}
    >>> [each.told for each in find_unexpected(expect, {"risk": {"rate": True}})]
    ['`risk.rate` is True; expected: a number, at least 0', '`region` is missing; expected: text']
    """
    hidden = (*private,)
    return tuple(
        problem
        for path, expectation in expect.items()
        if (problem := next(_problems(path, expectation, data, hidden), None)) is not None
    )


def find_unfit(expect: Mapping[str, Expectation], path: str, value: Any) -> tuple[Unexpected, ...]:
    """Return what of a value for a path of the facts is not as expected there and below.

    >>> [each.told for each in find_unfit({"risk.rate": Expectation(kind="number")}, "risk.rate", "high")]
    ["`risk.rate` is 'high'; expected: a number"]
    """
    return find_unexpected(within(expect, path), with_value({}, keys_of(path), value))


def find_lacking(paths: Iterable[str], facts: Any) -> tuple[str, ...]:
    """Return the paths at which the facts lack a value, or have null; of a list on the way, in any item.

    >>> find_lacking(("risk.rate", "lots.open"), {"risk": {}, "lots": [{"open": 2}]})
    ('risk.rate',)
    """
    return tuple(path for path in paths if any(map(_is_lacking, _places(_Place("", facts, keys_of(path))))))


def within(expect: Mapping[str, Expectation], path: str) -> dict[str, Expectation]:
    """Return what is expected at a path and below it.

    >>> [*within({"risk.rate": Expectation(kind="number"), "risky": Expectation(kind="text")}, "risk")]
    ['risk.rate']
    """
    keys = keys_of(path)
    return {each: expectation for each, expectation in expect.items() if keys_of(each)[: len(keys)] == keys}


def expected_in_words(expect: Mapping[str, Expectation], path: str) -> str | None:
    """Return what is expected at a path and below it; None where nothing is.

    >>> expect = {"risk": Expectation(kind="object"), "risk.rate": Expectation(kind="number")}
    >>> expected_in_words(expect, "risk"), expected_in_words(expect, "risk.rate"), expected_in_words(expect, "region")
    ('an object; `risk.rate`: a number', 'a number', None)
    """
    found = within(expect, path)
    told = [
        each.in_words if keys_of(name) == keys_of(path) else say("`{path}`: {words}", path=name, words=each.in_words)
        for name, each in found.items()
    ]
    return say("; ").join(told) or None


@dataclass(frozen=True, slots=True)
class _Place:
    """A place that a path leads to: what is there, the keys that lead no further, and whether an item is above it."""

    name: str
    value: Any
    rest: tuple[str, ...] = ()
    is_in_item: bool = False


def _places(place: _Place) -> Iterator[_Place]:
    """Yield where the keys of a place lead, or stop: at what is not an object, or is not there."""
    if not place.rest:
        yield place
    elif isinstance(place.value, list):
        for number, item in enumerate(place.value):
            yield from _places(_Place(f"{place.name}[{number}]", item, place.rest, is_in_item=True))
    elif isinstance(place.value, Mapping):
        key, rest = place.rest[0], place.rest[1:]
        name = f"{place.name}.{key}" if place.name else key
        yield from _places(_Place(name, place.value.get(key, MISSING), rest, place.is_in_item))
    else:
        yield place


def _problems(path: str, expectation: Expectation, data: Any, private: tuple[str, ...]) -> Iterator[Unexpected]:
    for place in _places(_Place("", data, keys_of(path))):
        is_missing = _is_missing(place)
        if is_missing and expectation.optional:
            continue
        if is_missing or place.rest or not expectation.is_met(place.value):
            told = _told(path, place, expectation.in_words, overlaps(keys_of(path), private))
            yield Unexpected(path, told, is_missing and not place.is_in_item)


def _is_missing(place: _Place) -> bool:
    return place.value is None or place.value is MISSING


def _is_lacking(place: _Place) -> bool:
    return _is_missing(place) or bool(place.rest)


def _told(path: str, place: _Place, expected: str, is_private: bool) -> str:
    name = ".".join((place.name, *place.rest)) if place.name else path
    if place.value is MISSING or (place.value is None and place.rest):
        return say("`{path}` is missing; expected: {expected}", path=name, expected=expected)
    if place.value is None:
        return say("`{path}` is null; expected: {expected}", path=name, expected=expected)
    if place.rest:
        above = place.name or say(WHOLE)
        return say(
            "`{above}` is not an object, so that `{path}` is missing; expected: {expected}",
            above=above,
            path=name,
            expected=expected,
        )
    if is_private:
        return say(
            "`{path}` is private, so that its value is not shown; expected: {expected}", path=name, expected=expected
        )
    return say("`{path}` is {value}; expected: {expected}", path=name, value=shown(place.value), expected=expected)
