"""Tripwires: what a decision rests on, compared with the facts of a later day, to know whether it should stand.

The tripwires are the guards of the team, and for each role that spoke the position that its own checks give.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from policies.assurance.gaps import Order, number_of, orders_on
from policies.assurance.limits import distance_of, gap_of
from policies.conditions.places import shown_path, values_at
from policies.conditions.reading import fact_paths
from policies.decision.guards import Finding, Guard, examine
from policies.language import say
from policies.paths import MISSING, keys_of
from policies.run.staleness import changes_between
from policies.team.checks import RoleChecks, Unanswered, stance_of
from policies.team.fields import Position
from policies.team.people import seconds_of
from policies.team.privacy import WITHHELD
from policies.team.watch import Watch

WatchVerdict = Literal["holds", "weakened", "reopen", "unknown"]
"""`weakened`: a limit is closer. `reopen`: something changed its answer, or it expired. `unknown`: no facts to ask."""

MAX_CHANGED = 100
"""Facts that changed and are named, those first that a tripwire reads."""

UNREADABLE = "unreadable"
"""The answer of a guard that cannot compare its facts, and of checks of which one has no answer."""

Facts = Mapping[str, Any]
Path = tuple[str, ...]


@dataclass(frozen=True)
class Watched:
    """A decision, and all that its tripwires need; `decided_at` is ISO 8601, UTC."""

    decided_at: str
    facts: Facts
    guards: tuple[Guard, ...] = ()
    checks: Mapping[str, RoleChecks] = field(default_factory=dict)
    watch: Watch = field(default_factory=Watch)

    @property
    def expires_at(self) -> str | None:
        """Until when the decision stands; None where nothing ends it.

        >>> Watched("2026-03-02T10:00:00.000+00:00", {}, watch=Watch(expires_after="2d")).expires_at
        '2026-03-04T10:00:00.000+00:00'
        """
        if self.watch.expires_after is None:
            return None
        until = datetime.fromisoformat(self.decided_at) + timedelta(seconds=seconds_of(self.watch.expires_after))
        return until.astimezone(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a tripwire says on some facts.

    `answer` is `clear` or `tripped` of a guard, a stance of checks, `unreadable` of either. `distance` is how far the
    fact is from its limit, None where nothing is measured. `check` is which check gives the position: its number from
    1, `otherwise`, or the one that has no answer. `fault` says why there is none.
    """

    answer: str
    value: Any = None
    limit: Any = None
    distance: float | None = None
    check: int | Literal["otherwise"] | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Tripwire:
    """One tripwire on the facts of the decision and on those of now; `now` is None where these are unknown.

    `name` is that of a guard; of checks it is the condition of the one that is shown, or `otherwise`.
    """

    kind: Literal["guard", "check"]
    name: str
    role: str | None
    fact: str | None
    comparison: str | None
    then: Reading
    now: Reading | None
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

    @property
    def causes(self) -> tuple[tuple[str, ...], ...]:
        """What asks for another decision: each tripwire that changed its answer, and that the decision expired.

        >>> Drift("reopen", "2026-03-04T10:00:00.000+00:00", True, ()).causes
        (('expired',),)
        """
        changed = sorted((each.kind, each.role or each.name) for each in self.tripwires if each.verdict == "reopen")
        return (*changed, *([("expired",)] if self.expired else []))


def find_drift(watched: Watched, facts: Facts | None, now: str) -> Drift:
    """Return what became of a decision on the facts of now (None: nobody knows them), at a time (ISO 8601, UTC).

    >>> guard = Guard(name="fraud", fact="rate", at_least=0.03, cap="no_go")
    >>> decision = Watched("2026-03-02T10:00:00.000+00:00", {"rate": 0.01}, (guard,))
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
        yield Tripwire("guard", guard.name, None, guard.fact, guard.comparison, *read, verdict)


def _read(found: Finding) -> Reading:
    answer = UNREADABLE if found.unread else "tripped" if found.tripped else "clear"
    return Reading(answer, _single(found.value), _single(found.limit), distance_of(found), fault=found.told)


def _single(value: Any) -> Any:
    """Return a value that is shown in one word; of a list or an object nothing is."""
    return None if value is MISSING or isinstance(value, list | Mapping) else value


def _is_closer(before: Finding, after: Finding) -> bool:
    gaps = gap_of(before), gap_of(after)
    return gaps[0] is not None and gaps[1] is not None and abs(gaps[1]) < abs(gaps[0])


def _verdict(then: Reading, now: Reading | None, is_closer: bool) -> WatchVerdict:
    if now is None:
        return "unknown"
    if then.answer != now.answer:
        return "reopen"
    return "weakened" if is_closer else "holds"


# --- checks -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Stood:
    """Where the checks of a role ended on some facts: the position, and how many of them were looked at."""

    said: Position | Unanswered
    looked_at: int
    check: int | Literal["otherwise"]

    @property
    def answer(self) -> str:
        return UNREADABLE if isinstance(self.said, Unanswered) else self.said.stance

    @property
    def told(self) -> tuple[Any, ...]:
        """What the position says, whichever check gives it."""
        said = self.said
        return () if isinstance(said, Unanswered) else (said.stance, said.summary, said.actions, said.reply)


def _of_checks(watched: Watched, facts: Facts | None) -> Iterator[Tripwire]:
    for name, role in watched.checks.items():
        then = _stood(role, watched.facts)
        now = None if facts is None else _stood(role, facts)
        most = max(then.looked_at, now.looked_at if now else 0)
        pairs = _pairs([check.when for check in role.checks[:most]], watched.facts, facts)
        shown = min(pairs, key=lambda pair: pair.rank, default=None)
        verdict: WatchVerdict = "unknown"
        if now is not None and facts is not None:
            is_weaker = any(pair.is_crossed or pair.is_closer for pair in pairs)
            verdict = "reopen" if then.told != now.told else "weakened" if is_weaker else "holds"
        place = shown or _plain_place(role, then.looked_at, watched.facts, facts)
        read = _position(name, then, place.then), None if now is None else _position(name, now, place.now)
        yield Tripwire("check", place.when, name, place.fact, place.comparison, *read, verdict)


def _stood(role: RoleChecks, facts: Facts) -> _Stood:
    said = stance_of(role, facts)
    if isinstance(said, Unanswered):
        return _Stood(said, said.number, said.number)
    number = next((number for number, check in enumerate(role.checks, 1) if check is said), None)
    return _Stood(said, number or len(role.checks), number or "otherwise")


def _position(role: str, stood: _Stood, shown: "_Values") -> Reading:
    fault = stood.said.cause(role) if isinstance(stood.said, Unanswered) else None
    return Reading(stood.answer, shown.value, shown.limit, shown.distance, stood.check, fault)


@dataclass(frozen=True, slots=True)
class _Values:
    value: Any = None
    limit: Any = None
    distance: float | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """What is shown of the checks of a role: a place in the facts, then and now, and what it is compared with."""

    when: str
    fact: str | None
    comparison: str | None = None
    then: _Values = _Values()
    now: _Values = _Values()
    is_crossed: bool = False
    is_closer: bool = False
    gap: Any = 0

    @property
    def rank(self) -> tuple[Any, ...]:
        """What is shown first: a limit that was crossed, then one that is closer, then the nearest."""
        return not self.is_crossed, not self.is_closer, self.gap


def _pairs(conditions: Sequence[str], then: Facts, now: Facts | None) -> list[_Place]:
    """Return the orders of numbers that can be measured on both facts; without those of now, on the facts then."""
    places = []
    for when in dict.fromkeys(conditions):
        before = {each.name: each for each in orders_on(when, then)}
        after = before if now is None else {each.name: each for each in orders_on(when, now)}
        places += [_pair(when, before[name], after[name]) for name in before if name in after]
    return places


def _pair(when: str, before: Order, after: Order) -> _Place:
    crossed, closer = before.holds != after.holds, after.gap < before.gap
    name = shown_path(before.fact)
    return _Place(when, name, before.comparison, _values(before), _values(after), crossed, closer, after.gap)


def _values(order: Order) -> _Values:
    return _Values(order.value, order.limit, number_of(order.gap, order.value, order.limit))


def _plain_place(role: RoleChecks, most: int, then: Facts, now: Facts | None) -> _Place:
    """Return what checks read that compare no numbers: the first place that changed, else of the last check asked."""
    conditions = [check.when for check in reversed(role.checks[:most])]
    read = [(when, path) for when in conditions for path in fact_paths(when)]
    pairs = [(when, path, _Values(_found(path, then)), _Values(_found(path, now or {}))) for when, path in read]
    changed = next((pair for pair in pairs if pair[2] != pair[3]), None)
    when, path, before, after = changed or next(iter(pairs), ("otherwise", None, _Values(), _Values()))
    return _Place(when, None if path is None else shown_path(path), None, before, after)


def _found(path: Path, facts: Facts) -> Any:
    return _single(next(values_at(path, facts), None))


# --- facts ------------------------------------------------------------------------------------------------------------


def _changed(watched: Watched, facts: Facts) -> tuple[Change, ...]:
    read = [*_paths_read(watched)]
    found = changes_between((), watched.facts, facts)
    ordered = sorted(found, key=lambda change: not any(_overlap(change[0], path) for path in read))
    return tuple(Change(".".join(path), _told(then), _told(now)) for path, then, now in ordered[:MAX_CHANGED])


def _paths_read(watched: Watched) -> Iterator[Path]:
    for guard in watched.guards:
        yield from (keys_of(path) for path in (guard.fact, guard.limit_path) if path)
    for role in watched.checks.values():
        yield from (path for check in role.checks for path in fact_paths(check.when))


def _overlap(one: Path, other: Path) -> bool:
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]


def _told(value: Any) -> Any:
    """Return a value as it is shown: what is not there as null, what is withheld as that it is."""
    if value == WITHHELD:
        return say("private, so not shown")
    return None if value is MISSING else value
