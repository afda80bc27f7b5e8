"""Staleness: what a thread was started with, against what it is asked to continue with."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.language import say
from policies.paths import MISSING
from policies.plain import shown
from policies.team.privacy import WITHHELD

MAX_NAMED = 3
"""Changes of one field that are named."""

MAX_PLACES, MAX_LETTERS = 100, 10_000
"""Places of the facts that are kept as altered, and the letters of their keys."""

Keys = tuple[str, ...]

FIELDS = ("team", "policy", "facts", "goal")
"""What a thread keeps a hash of, in the order in which a move is named."""


def find_moved(kept: Mapping[str, str | None], given: Mapping[str, str | None]) -> str | None:
    """Return the first field whose hash moved, or None; a field without a hash on either side cannot have moved.

    >>> find_moved({"team": "a", "goal": "b"}, {"team": "a", "goal": "c"})
    'goal'
    >>> find_moved({"facts": None}, {"facts": "a"}) is None
    True
    """
    return next((field for field in FIELDS if _moved(kept.get(field), given.get(field))), None)


def _moved(kept: str | None, given: str | None) -> bool:
    return kept is not None and given is not None and kept != given


def changes_in_words(kept: Any, given: Any) -> str:
    """Return what moved between two values, each place with its old and its new value; the first few of them.

    >>> changes_in_words({"supply": {"suppliers": 2}}, {"supply": {"suppliers": 1}, "region": "EU"})
    "`supply.suppliers`: 2 → 1; `region`: not there → 'EU'"
    """
    told = [_in_words(*change) for change in changes_between((), kept, given)]
    more = [say("and {count} more", count=len(told) - MAX_NAMED)] if len(told) > MAX_NAMED else []
    return say("; ").join([*told[:MAX_NAMED], *more])


def places_altered(kept: Any, given: Any) -> list[Keys]:
    """Return the places of the facts that differ, sorted, as keys; an item of a list has its place as its key.

    Where they are many or long, the places above them stand for them; at last one without keys, for all the facts.

    >>> places_altered({"supply": {"suppliers": 2}, "b": [1, 2]}, {"supply": {"suppliers": 1}, "b": [1]})
    [('b', '1'), ('supply', 'suppliers')]
    """
    found = [path for path, _, _ in changes_between((), kept, given)]
    deepest = max(map(len, found), default=0)
    cut = (sorted({path[:depth] for path in found}) for depth in range(deepest, 0, -1))
    return next(filter(_is_short, cut), [()] if found else [])


def _is_short(places: Sequence[Keys]) -> bool:
    return len(places) <= MAX_PLACES and sum(len(key) for place in places for key in place) <= MAX_LETTERS


def changes_between(path: Keys, kept: Any, given: Any) -> Iterator[tuple[Keys, Any, Any]]:
    """Yield each innermost place below a path where two values differ, with both.

    >>> list(changes_between((), {"supply": {"suppliers": 2}}, {"supply": {"suppliers": 1}}))
    [(('supply', 'suppliers'), 2, 1)]
    """
    if isinstance(kept, list) and isinstance(given, list):
        kept, given = ({str(number): item for number, item in enumerate(each)} for each in (kept, given))
    if isinstance(kept, Mapping) and isinstance(given, Mapping):
        for key in dict.fromkeys((*kept, *given)):
            yield from changes_between((*path, key), kept.get(key, MISSING), given.get(key, MISSING))
    elif kept != given or isinstance(kept, bool) != isinstance(given, bool):  # 1 equals true
        yield path, kept, given


def _in_words(path: Keys, kept: Any, given: Any) -> str:
    """Return a change; without the values where one of them is private."""
    is_private = WITHHELD in (kept, given)
    told = say("private before or now, so not shown") if is_private else f"{_shown(kept)} → {_shown(given)}"
    return say("{name}: {value}", name=f"`{'.'.join(path)}`", value=told) if path else told


def _shown(value: Any) -> str:
    return say("not there") if value is MISSING else shown(value)
