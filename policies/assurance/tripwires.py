"""Tripwires: what a decision rests on, compared with the facts of a later day, to know whether it is still right.

The tripwires are the guards of the team, and for each role that spoke the position that its own checks give.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from policies.assurance.limits import distance_of, gap_of
from policies.assurance.standing import UNREADABLE, Facts, Stood, Values, asked, measured, place_read, single, stood_on
from policies.conditions.places import EACH, Path, Place, shown_place
from policies.conditions.reading import fact_paths
from policies.decision.guards import Comparison, Finding, Guard, examine
from policies.language import say
from policies.paths import MISSING, keys_of
from policies.run.staleness import changes_between
from policies.team.checks import RoleChecks, Unanswered
from policies.team.privacy import WITHHELD

WatchVerdict = Literal["holds", "weakened", "reopen", "unknown"]
"""What became of a decision. `weakened`: a limit that is measured is closer, or a later check gives the same position.

`reopen`: something changed its answer, or the decision expired. `unknown`: there are no facts to ask.
"""

MAX_CHANGED = 100
"""Facts that changed and are named, those first that a tripwire reads."""


@dataclass(frozen=True)
class Watched:
    """A decision, and all that its tripwires need; valid until `expires_at` (ISO 8601, UTC) where that is set."""

    facts: Facts
    guards: tuple[Guard, ...] = ()
    checks: Mapping[str, RoleChecks] = field(default_factory=dict)
    expires_at: str | None = None


@dataclass(frozen=True, slots=True)
class TripwireReading:
    """What a tripwire says on some facts.

    `answer` is `clear` or `tripped` of a guard, a stance of checks, `unreadable` of either. `distance` is how far the
    fact is from where the comparison becomes true, below 0 where it is true, None where nothing is measured. `check` is
    which check gives the position: its number from 1, `otherwise`, or the one that has no answer. `fault` says why
    there is none.
    """

    answer: str
    value: Any = None
    limit: Any = None
    distance: float | None = None
    check: int | Literal["otherwise"] | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Tripwire:
    """One tripwire on the facts of the decision and on the current ones; `now` is None where these are unknown.

    `name` is that of a guard; of checks it is the condition of the one that is shown, or `otherwise`. `title` is what
    people call the role.
    """

    kind: Literal["guard", "check"]
    name: str
    role: str | None
    title: str | None
    fact: str | None
    comparison: Comparison | None
    then: TripwireReading
    now: TripwireReading | None
    verdict: WatchVerdict


@dataclass(frozen=True, slots=True)
class Change:
    """A fact that is another now; None stands for one that is not there, too."""

    path: str
    then: Any
    now: Any


@dataclass(frozen=True)
class Drift:
    """How far the facts have moved away from a decision."""

    verdict: WatchVerdict
    expires_at: str | None
    expired: bool
    tripwires: tuple[Tripwire, ...]
    changed: tuple[Change, ...] = ()


def find_drift(watched: Watched, facts: Facts | None, now: str) -> Drift:
    """Return what became of a decision on the current facts (None: nobody knows them), at a time (ISO 8601, UTC).

    >>> guard = Guard(name="fraud", fact="rate", at_least=0.03, cap="no_go")
    >>> decision = Watched({"rate": 0.01}, (guard,))
    >>> rates = (0.01, 0.02, 0.03)
    >>> [find_drift(decision, {"rate": rate}, "2026-03-03T10:00:00.000+00:00").verdict for rate in rates]
    ['holds', 'weakened', 'reopen']
    """
    until = watched.expires_at
    expired = until is not None and now >= until
    tripwires = (*_of_guards(watched, facts), *_of_checks(watched, facts))
    changed = () if facts is None else _changed(watched, facts)
    found = {"reopen" if expired else "holds", "holds" if facts is not None else "unknown"}
    return Drift(_worst({*found, *(each.verdict for each in tripwires)}), until, expired, tripwires, changed)


def _worst(verdicts: Iterable[str]) -> WatchVerdict:
    order: tuple[WatchVerdict, ...] = ("holds", "weakened", "unknown", "reopen")
    return max((each for each in order if each in verdicts), key=order.index)


# --- guards -----------------------------------------------------------------------------------------------------------


def _of_guards(watched: Watched, facts: Facts | None) -> Iterator[Tripwire]:
    then = examine(watched.guards, watched.facts)
    now = [None] * len(then) if facts is None else examine(watched.guards, facts)
    for before, after in zip(then, now, strict=True):
        guard = before.guard
        read = _read(before), None if after is None else _read(after)
        verdict = _verdict(*read, is_closer=after is not None and _is_closer(before, after))
        yield Tripwire("guard", guard.name, None, None, guard.fact, guard.comparison, *read, verdict)


def _read(found: Finding) -> TripwireReading:
    answer = UNREADABLE if found.unread else "tripped" if found.tripped else "clear"
    return TripwireReading(answer, single(found.value), single(found.limit), distance_of(found), fault=found.told)


def _is_closer(before: Finding, after: Finding) -> bool:
    gaps = gap_of(before), gap_of(after)
    return gaps[0] is not None and gaps[1] is not None and abs(gaps[1]) < abs(gaps[0])


def _verdict(then: TripwireReading, now: TripwireReading | None, is_closer: bool) -> WatchVerdict:
    if now is None:
        return "unknown"
    if then.answer != now.answer:
        return "reopen"
    return "weakened" if is_closer else "holds"


# --- checks -----------------------------------------------------------------------------------------------------------


def _of_checks(watched: Watched, facts: Facts | None) -> Iterator[Tripwire]:
    for name, role in watched.checks.items():
        then = stood_on(role, watched.facts)
        now = None if facts is None else stood_on(role, facts)
        places = measured(asked(role, then), watched.facts, facts)
        verdict: WatchVerdict = "unknown"
        if now is not None:
            is_weaker = then.has_lost(now) or any(place.is_crossed or place.is_closer for place in places)
            verdict = "reopen" if then.told != now.told else "weakened" if is_weaker else "holds"
        shown = min(places, key=lambda place: place.rank, default=None)
        place = shown or place_read(role, then.looked_at, watched.facts, facts)
        read = _position(name, then, place.then), None if now is None else _position(name, now, place.now)
        yield Tripwire("check", place.when, name, role.title, place.fact, place.comparison, *read, verdict)


def _position(role: str, stood: Stood, shown: Values) -> TripwireReading:
    fault = stood.said.cause(role) if isinstance(stood.said, Unanswered) else None
    return TripwireReading(stood.answer, shown.value, shown.limit, shown.distance, stood.check, fault)


# --- facts ------------------------------------------------------------------------------------------------------------


def _changed(watched: Watched, facts: Facts) -> tuple[Change, ...]:
    read = [*_paths_read(watched)]
    found = changes_between((), watched.facts, facts)
    ordered = sorted(found, key=lambda change: not any(_overlap(change[0], path) for path in read))
    named = [(_place(path, watched.facts), then, now) for path, then, now in ordered[:MAX_CHANGED]]
    return tuple(Change(shown_place(place), _told(then), _told(now)) for place, then, now in named)


def _place(path: Path, facts: Facts) -> Place:
    """Return a path with numbers where it leads to items of lists, which are lists in both facts."""
    value: Any = facts
    place: Place = ()
    for key in path:
        is_item = isinstance(value, list)
        place = (*place, int(key) if is_item else key)
        value = (dict(enumerate(value)) if is_item else value).get(place[-1])
    return place


def _paths_read(watched: Watched) -> Iterator[Path]:
    for guard in watched.guards:
        yield from (keys_of(path) for path in (guard.fact, guard.limit_path) if path)
    for role in watched.checks.values():
        yield from (path for check in role.checks for path in fact_paths(check.when))


def _overlap(one: Path, other: Path) -> bool:
    return all(EACH in pair or pair[0] == pair[1] for pair in zip(one, other, strict=False))


def _told(value: Any) -> Any:
    """Return a value as it is shown: what is not there as null, what is withheld as that it is."""
    if value == WITHHELD:
        return say("private, so not shown")
    return None if value is MISSING else value
