"""Provenance: facts merged from several sources, and which of them each part comes from alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Self

from policies.conditions.places import Path, shown_path
from policies.language import in_figures, say

Plain = dict[str, Any]
Owners = int | dict[str, Any]
"""Who a value comes from: the number of a source, or that of each part of an object that several have given."""

GIVEN, SUPPLIED = "given", "supplied"
"""Kinds of what was brought from outside: facts given with a run, and a fact that a person supplied."""

BROUGHT = (GIVEN, SUPPLIED)
NOBODY = -1
"""Who a part comes from whose source is not known any more."""

MAX_PLACES = 100
"""Places that are shown of one source; a thread keeps them all, as only then it knows whose facts are whose."""

MAX_LETTERS = 1_000_000
"""Characters of all the places that a thread keeps: there are as many as facts, and each may be long."""

MORE = "…"
"""The last place that is shown of a source which has more."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Facts, the sources that they were merged from, and who each part comes from.

    A source is {source, kind, fetched_at, as_of, digest, cause}; with its `places` it is what a record shows.
    """

    facts: Plain = field(default_factory=dict)
    owners: Plain = field(default_factory=dict)
    sources: tuple[Plain, ...] = ()

    @classmethod
    def kept(cls, facts: Mapping[str, Any], sources: Sequence[Mapping[str, Any]]) -> Self:
        """Return what was gathered before, from the facts and the sources with their places."""
        named = {place: number for number, each in enumerate(sources) for place in each["places"]}
        bare = tuple({key: value for key, value in each.items() if key != "places"} for each in sources)
        return cls(dict(facts), {key: _owners_of((key,), value, named) for key, value in facts.items()}, bare)

    def plus(self, source: Mapping[str, Any], data: Mapping[str, Any] | None) -> Self:
        """Return what there is with one more source: objects are merged, of all else its value counts.

        >>> one = Gathered().plus({"source": "a", "kind": "file"}, {"risk": {"rate": 1, "alerts": 4}, "region": "US"})
        >>> both = one.plus({"source": "b", "kind": "http"}, {"risk": {"rate": 2}, "limits": {"rate": 3}})
        >>> both.facts
        {'risk': {'rate': 2, 'alerts': 4}, 'region': 'US', 'limits': {'rate': 3}}
        >>> [(each["source"], each["places"]) for each in both.placed]
        [('a', ['risk.alerts', 'region']), ('b', ['risk.rate', 'limits'])]
        """
        facts, owners = _over(self.facts, self.owners, data or {}, len(self.sources))
        return type(self)(facts, owners, (*self.sources, dict(source)))

    @property
    def placed(self) -> list[Plain]:
        """The sources, each with the shortest paths whose values come from it alone.

        Something brought of which nothing is left is not among them.
        """
        places: dict[int, list[str]] = {}
        for keys, number in _owned((), self.owners):
            places.setdefault(number, []).append(shown_path(keys))
        found = [{**each, "places": places.get(number, [])} for number, each in enumerate(self.sources)]
        return [each for each in found if each["places"] or each["kind"] not in BROUGHT]

    @property
    def fault(self) -> str | None:
        """What is wrong with the places where sources gave their facts among those of others; None where nothing is."""
        letters = accumulate(len(shown_path(keys)) for keys, _ in _owned((), self.owners))
        if all(count <= MAX_LETTERS for count in letters):
            return None
        return say(
            "lies among the facts of other sources in so many places that their paths have more than {most} "
            "characters; name with `into` a place of its own",
            most=in_figures(f"{MAX_LETTERS:,}"),
        )

    @property
    def was_fetched(self) -> bool:
        """Whether a part of the facts has a source that can be asked again.

        >>> Gathered().plus({"kind": "given"}, {"a": 1}).was_fetched, Gathered().plus({"kind": "sql"}, {}).was_fetched
        (False, True)
        """
        return any(each["kind"] not in BROUGHT for each in self.sources)

    @property
    def brought(self) -> Plain:
        """What of the facts was brought from outside."""
        return Gathered().with_brought(self).facts

    def with_brought(self, before: "Gathered", kinds: Sequence[str] = BROUGHT) -> "Gathered":
        """Return what there is, with all over it that had been brought from outside before, of these kinds.

        >>> before = Gathered().plus({"kind": "http"}, {"a": 1}).plus({"kind": "supplied"}, {"b": {"c": 2}})
        >>> Gathered().plus({"kind": "http"}, {"a": 3, "b": {"c": 0, "d": 4}}).with_brought(before).facts
        {'a': 3, 'b': {'c': 2, 'd': 4}}
        """
        gathered = self
        for number, source in enumerate(before.sources):
            if source["kind"] in kinds:
                gathered = gathered.plus(source, _part(before.facts, before.owners, number))
        return gathered


def briefly(source: Mapping[str, Any]) -> Plain:
    """Return a source as a record shows it: of many places the first ones.

    >>> briefly({"source": "crm", "places": ["risk"]})
    {'source': 'crm', 'places': ['risk']}
    """
    places = source["places"]
    return {**source, "places": places if len(places) <= MAX_PLACES else [*places[:MAX_PLACES], MORE]}


def _over(kept: Plain, owners: Plain, data: Mapping[str, Any], number: int) -> tuple[Plain, Plain]:
    """Return the facts and their owners with the data of a source over them."""
    facts, after = dict(kept), dict(owners)
    for key, value in data.items():
        below = kept.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            owner = owners[key]
            inner = owner if isinstance(owner, dict) else dict.fromkeys(below, owner)
            facts[key], after[key] = _over(dict(below), inner, value, number)
        else:
            facts[key], after[key] = value, number
    return facts, after


def _owned(keys: Path, owners: Owners) -> Iterator[tuple[Path, int]]:
    """Yield the shortest paths that come from one source alone, with its number."""
    if isinstance(owners, int):
        yield keys, owners
        return
    for key, owner in owners.items():
        yield from _owned((*keys, key), owner)


def _owners_of(keys: Path, value: Any, named: Mapping[str, int]) -> Owners:
    number = named.get(shown_path(keys))
    if number is not None:
        return number
    if not isinstance(value, Mapping):
        return NOBODY
    return {key: _owners_of((*keys, key), part, named) for key, part in value.items()}


def _part(facts: Mapping[str, Any], owners: Plain, number: int) -> Plain:
    """Return what of the facts comes from one source."""
    part = {}
    for key, owner in owners.items():
        if owner == number:
            part[key] = facts[key]
        elif isinstance(owner, dict) and (inner := _part(facts[key], owner, number)):
            part[key] = inner
    return part
