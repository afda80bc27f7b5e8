"""Limits: how far a fact is from its limit, and which values of a fact or a limit would have changed an outcome."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from itertools import islice, product
from typing import Any

from policies.assurance.gaps import gap_between, number_of
from policies.assurance.ranges import Range, Values, find_ranges
from policies.decision.guards import COMPARISONS, Cap, Finding, Guard, cap_of, capped, examine
from policies.decision.outcome import decide
from policies.decision.table import OUTCOMES, Outcome, Policy
from policies.decision.vote import Vote
from policies.paths import keys_of, with_value

MAX_MIXED = 4
"""Guards lifted at once, each by its fact or by its limit; beyond, all by their facts or all by their limits."""

MAX_KEPT = 20
"""Sets of changes kept for each outcome that no single change gives."""

_CAPS: tuple[Cap | None, ...] = (None, "go_with_caution", "no_go")


@dataclass(frozen=True)
class LimitFlip:
    """Values of facts, of literal limits of guards, or of `min_go_votes` that would have given another outcome.

    Each of these values gives it. At those in `stays_at`, which are just outside, the outcome stays what it is.
    """

    facts: Mapping[str, Values]
    limits: Mapping[str, Values]
    outcome: Outcome
    stays_at: tuple[Any, ...] = ()


@dataclass(frozen=True)
class _Place:
    """What can be changed: the fact at a path, or the literal limit of the guard with this index."""

    keys: tuple[str, ...] = ()
    path: str = ""
    at: int = -1

    def overlaps(self, other: "_Place") -> bool:
        """Return whether a value in one place is read in the other, too."""
        shared = min(len(self.keys), len(other.keys))
        return self == other or (shared > 0 and self.keys[:shared] == other.keys[:shared])


class _Case:
    """A vote that was decided on guards and facts."""

    def __init__(self, policy: Policy, vote: Vote, guards: Sequence[Guard], facts: Mapping[str, Any]) -> None:
        self.policy, self.vote, self.guards, self.facts = policy, vote, guards, facts
        self.found = examine(guards, facts)
        self.ruling = decide(policy, vote, self.found)
        self.places = [_places(at, guard) for at, guard in enumerate(guards)]
        self.compared: dict[_Place, list[Any]] = {}
        for (fact, limit), finding in zip(self.places, self.found, strict=True):
            self.compared.setdefault(fact, []).append(finding.limit)
            self.compared.setdefault(limit, []).append(finding.value)
        self.readers = {place: self._readers(place) for place in self.compared}

    def _readers(self, place: _Place) -> tuple[int, ...]:
        """Return the guards whose answer may depend on a place."""
        return tuple(at for at, pair in enumerate(self.places) if any(map(place.overlaps, pair)))

    def findings(self, values: Mapping[_Place, Any]) -> tuple[Finding, ...]:
        """Return what the guards find with these values in these places; those that read none of them, as it was."""
        facts, limits = self.facts, dict[int, Any]()
        for place, value in values.items():
            facts = with_value(facts, place.keys, value) if place.path else facts
            limits |= {} if place.path else {place.at: value}
        read = {at for place in values for at in self.readers[place]}
        return tuple(self._again(at, facts, limits) if at in read else finding for at, finding in enumerate(self.found))

    def _again(self, at: int, facts: Mapping[str, Any], limits: Mapping[int, Any]) -> Finding:
        guard = self.guards[at]
        changed = guard.model_copy(update={guard.comparison: limits[at]}) if at in limits else guard
        return examine([changed], facts)[0]

    def outcome(self, values: Mapping[_Place, Any]) -> Outcome:
        """Return what is decided with these values in these places."""
        return decide(self.policy, self.vote, self.findings(values)).final

    def outcome_at(self, place: _Place, value: Any) -> Outcome:
        """Return what is decided with this value in this place."""
        return self.outcome({place: value})

    def ranges(self, place: _Place, levels: tuple[int, int]) -> list[Range]:
        """Return the values of a place with which the guards that read it give a cap between two levels."""

        def is_within(value: Any) -> bool:
            found = self.findings({place: value})
            return levels[0] <= _level([found[at] for at in self.readers[place]]) <= levels[1]

        return [each for each in find_ranges(self.compared[place], is_within) if each.answer]


def _places(at: int, guard: Guard) -> tuple[_Place, _Place]:
    """Return the two places that a guard compares: its fact and its limit."""
    path = guard.limit_path
    return _Place(keys_of(guard.fact), guard.fact), _Place(keys_of(path), path) if path else _Place(at=at)


def flip_limits(policy: Policy, vote: Vote, guards: Sequence[Guard], facts: Mapping[str, Any]) -> list[LimitFlip]:
    """Return the values of facts and limits that change the outcome with the stances as they are, each once.

    First every change of one fact or of one limit; then, for each outcome that none of these gives, the smallest sets
    of changes that lift several guards at once; then the votes needed.

    >>> guard = Guard(name="fraud", fact="rate", at_least=0.03, cap="no_go")
    >>> table = Policy(name="x", rules=[], otherwise="go")
    >>> flip_limits(table, Vote({"risk": "go"}), [guard], {"rate": 0.034})[0]
    LimitFlip(facts={'rate': {'below': 0.03}}, limits={}, outcome='go', stays_at=(0.03,))
    """
    case = _Case(policy, vote, guards, facts)
    single = [*_single_flips(case)]
    given = {case.ruling.final, *(flip.outcome for flip in single)}
    joint = [islice(_joint_flips(case, outcome), MAX_KEPT) for outcome in OUTCOMES if outcome not in given]
    return [*single, *(flip for flips in joint for flip in flips), *_vote_flips(case)]


def _single_flips(case: _Case) -> Iterator[LimitFlip]:
    now = case.ruling.final
    for place, others in case.compared.items():
        outcome_at = partial(case.outcome_at, place)
        for found in find_ranges(others, outcome_at):
            if found.answer != now:
                stays = tuple(border for border in found.outside if outcome_at(border) == now)
                yield _flip(case, {place: found}, outcome_at(found.samples[0]), stays)


def _flip(case: _Case, changes: Mapping[_Place, Range], outcome: Outcome, stays_at: tuple[Any, ...] = ()) -> LimitFlip:
    facts = {place.path: found.values for place, found in changes.items() if place.path}
    limits = {case.guards[place.at].name: found.values for place, found in changes.items() if not place.path}
    return LimitFlip(facts, limits, outcome, stays_at)


def _joint_flips(case: _Case, outcome: Outcome) -> Iterator[LimitFlip]:
    """Yield the sets of changes that lift all guards whose cap is stricter than an outcome needs, smallest first."""
    levels = [level for level, cap in enumerate(_CAPS) if capped(case.ruling.vote, cap) == outcome]
    held = [at for at, found in enumerate(case.found) if levels and _level([found]) > levels[-1]]
    pairs = [case.places[at] for at in held]
    chosen = product(*pairs) if len(held) <= MAX_MIXED else zip(*pairs, strict=True)
    for places in sorted({tuple(dict.fromkeys(each)): None for each in chosen}, key=len):
        read = [at for place in places for at in case.readers[place]]
        # A single change was tried before; where two changes move the same guard, no value of one is sure alone.
        if len(places) > 1 and len({*read}) == len(read):
            rest = _level([found for at, found in enumerate(case.found) if at not in read])
            yield from _lifting(case, places, (levels[0], levels[-1], rest), outcome)


def _lifting(
    case: _Case, places: Sequence[_Place], levels: tuple[int, int, int], outcome: Outcome
) -> Iterator[LimitFlip]:
    """Yield the ranges of several places, independent of each other, that leave a cap between two levels.

    Where none of the other guards caps so far, one of the places has to keep a cap of at least the lower level.
    """
    low, high, rest = levels
    free = [case.ranges(place, (0, high)) for place in places]
    if rest >= low:
        kept = [free]
    else:  # told apart by the first place that keeps the cap, so that nothing is claimed twice
        none = [case.ranges(place, (0, low - 1)) for place in places]
        caps = [case.ranges(place, (low, high)) for place in places]
        kept = [[*none[:at], each, *free[at + 1 :]] for at, each in enumerate(caps)]
    sets = [dict(zip(places, ranges, strict=True)) for found in kept for ranges in product(*found)]
    yield from (_flip(case, changes, outcome) for changes in sets if _gives(case, changes, outcome))


def _gives(case: _Case, changes: Mapping[_Place, Range], outcome: Outcome) -> bool:
    """Decide again at both ends of all ranges."""
    ends = ({place: found.samples[end] for place, found in changes.items()} for end in (0, -1))
    return all(case.outcome(values) == outcome for values in ends)


def _level(findings: Sequence[Finding]) -> int:
    return _CAPS.index(cap_of(findings))


def _vote_flips(case: _Case) -> Iterator[LimitFlip]:
    """Yield the nearest `min_go_votes`, lower and higher, that changes the outcome."""
    vote, now = case.vote, case.ruling.final
    for values in (range(vote.min_go_votes - 1, 0, -1), range(vote.min_go_votes + 1, len(vote.casts) + 1)):
        decided = (
            (value, decide(case.policy, replace(vote, min_go_votes=value), case.found).final) for value in values
        )
        for value, outcome in islice((each for each in decided if each[1] != now), 1):
            yield LimitFlip({}, {"min_go_votes": {"equals": value}}, outcome)


def distance_of(finding: Finding) -> float | None:
    """Return how far a fact is from its limit, in decimal arithmetic; None where nothing is measured.

    It is 0 or more while the guard is clear; where it is more than a float can hold, it is None, too.

    >>> guard = Guard(name="fraud", fact="rate", at_least=0.03, cap="no_go")
    >>> [distance_of(found) for rate in (0.026, 0.034) for found in examine([guard], {"rate": rate})]
    [0.004, -0.004]
    """
    gap = gap_of(finding)
    return None if gap is None else number_of(gap, finding.value, finding.limit)


def gap_of(finding: Finding) -> Decimal | None:
    """Return the same distance exactly; None where nothing is measured."""
    side = COMPARISONS[finding.guard.comparison].side
    if finding.fault or side is None:
        return None
    high, low = (finding.limit, finding.value) if side == "upper" else (finding.value, finding.limit)
    return gap_between(high, low)
