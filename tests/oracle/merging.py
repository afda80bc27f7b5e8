"""Facts merged from sources, told from the specification: each place is looked up in the sources, nothing is folded.

Objects are merged, and of anything else the later source counts. A value comes from all sources that are still in it;
a source's places are the shortest paths whose values come from it alone.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Keys = tuple[str, ...]
GONE = object()
WITHHELD = "(withheld)"


def at(data: Any, keys: Keys) -> Any:
    for key in keys:
        if not isinstance(data, dict) or key not in data:
            return GONE
        data = data[key]
    return data


def still_in(sources: Sequence[Any], keys: Keys) -> list[int]:
    """The sources whose value is in the facts at a place: none behind them has put something else in its way."""
    found = []
    for number, data in enumerate(sources):
        own = at(data, keys)
        later = sources[number + 1 :]
        above = [at(each, keys[:end]) for each in later for end in range(1, len(keys))]
        here = [each for each in (at(each, keys) for each in later) if each is not GONE]
        is_replaced = any(each is not GONE and not isinstance(each, dict) for each in above)
        is_over = any(not isinstance(each, dict) for each in here) or (here and not isinstance(own, dict))
        if own is not GONE and not is_replaced and not is_over:
            found.append(number)
    return found


def merged(sources: Sequence[Any], keys: Keys = ()) -> Any:
    """The facts at a place."""
    inside = still_in(sources, keys)
    last = at(sources[inside[-1]], keys) if inside else {}
    if not isinstance(last, dict):
        return last
    names = dict.fromkeys(key for number in inside for key in at(sources[number], keys))
    return {name: merged(sources, (*keys, name)) for name in names}


def places(sources: Sequence[Any], number: int, keys: Keys = ()) -> Iterator[Keys]:
    """The shortest paths whose values come from one source alone."""
    inside = still_in(sources, keys)
    if keys and inside == [number]:
        yield keys
    elif number in inside and isinstance(at(sources[number], keys), dict):
        for name in at(sources[number], keys):
            yield from places(sources, number, (*keys, name))


def withheld(data: Any, keys: Keys) -> Any:
    """The facts with a word in place of what is at a place, in every item of a list on the way."""
    if not keys:
        return WITHHELD
    if isinstance(data, list):
        return [withheld(each, keys) for each in data]
    if not isinstance(data, dict):
        return data
    return {name: withheld(each, keys[1:]) if name == keys[0] else each for name, each in data.items()}


NAMES = ("a", "b", "c", "d")


def any_object(rng: random.Random, depth: int = 3) -> dict[str, Any]:
    names = rng.sample(NAMES, rng.randint(0 if depth < 3 else 1, len(NAMES)))
    return {name: any_value(rng, depth - 1) for name in names}


def any_value(rng: random.Random, depth: int) -> Any:
    if depth and rng.random() < 0.6:
        return any_object(rng, depth)
    plain: list[Any] = [rng.randint(0, 3), rng.random(), "text", None, True, [], [1, {"a": 1}]]
    return rng.choice(plain)


def any_path(rng: random.Random) -> str:
    return ".".join(rng.choices(NAMES, k=rng.randint(1, 3)))


def dotted(places_found: Iterator[Keys]) -> list[str]:
    return sorted(".".join(keys) for keys in places_found)


def placed(data: Mapping[str, Any], into: str | None) -> Any:
    for key in reversed(into.split(".") if into else []):
        data = {key: data}
    return data
