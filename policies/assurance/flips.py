"""Flips: the smallest changes of stances, facts or limits that would have changed an outcome, each decided again."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

from policies.contract import STANCES, Stance
from policies.guards import Finding, Guard, examine
from policies.outcome import decide
from policies.table import Outcome, Policy
from policies.vote import Vote

MAX_TRIES = 200_000
"""Sets of changes tried before the search ends, and says how far it came."""

MAX_KEPT = 20
"""Sets of one size kept for each outcome."""


@dataclass(frozen=True)
class StanceFlip:
    """Roles and the stances that would have given another outcome; no smaller set gives that outcome."""

    stances: Mapping[str, Stance]
    outcome: Outcome


@dataclass(frozen=True)
class StanceFlips:
    """The smallest sets for each other outcome, smallest first, and up to which size every set was tried."""

    flips: tuple[StanceFlip, ...]
    searched: int

    @property
    def smallest(self) -> int | None:
        """The fewest stances that change the outcome at all."""
        return min((len(flip.stances) for flip in self.flips), default=None)


@dataclass(frozen=True)
class LimitFlip:
    """Values of facts, of literal limits of guards, or of `min_go_votes` that would have given another outcome."""

    facts: Mapping[str, Any]
    limits: Mapping[str, Any]
    outcome: Outcome


def flip_stances(policy: Policy, vote: Vote, findings: Sequence[Finding] = ()) -> StanceFlips:
    """Return, for each other outcome, the smallest sets of stance changes that give it, under the same guards.

    >>> policy = Policy(name="x", rules=[{"when": "block > 0", "then": "no_go"}], otherwise="go")
    >>> flip_stances(policy, Vote({"risk": "go", "legal": "go"})).flips[0]
    StanceFlip(stances={'risk': 'block'}, outcome='no_go')
    """
    now = decide(policy, vote, findings).final
    found: list[StanceFlip] = []
    tries = 0
    for size in range(1, len(vote.casts) + 1):
        tries += math.comb(len(vote.casts), size) * 3**size
        if tries > MAX_TRIES:
            return StanceFlips(tuple(found), size - 1)
        known = {flip.outcome for flip in found} | {now}
        kept: dict[Outcome, int] = {}
        for stances in _changes(vote, size):
            outcome = decide(policy, replace(vote, casts={**vote.casts, **stances}), findings).final
            if outcome not in known and kept.get(outcome, 0) < MAX_KEPT:
                kept[outcome] = kept.get(outcome, 0) + 1
                found.append(StanceFlip(stances, outcome))
    return StanceFlips(tuple(found), len(vote.casts))


def _changes(vote: Vote, size: int) -> Iterator[dict[str, Stance]]:
    """Yield every choice of other stances for that many roles, in sequence order."""
    for roles in combinations(vote.casts, size):
        others = [[stance for stance in STANCES if stance != vote.casts[role]] for role in roles]
        for stances in product(*others):
            yield dict(zip(roles, stances, strict=True))


def flip_limits(policy: Policy, vote: Vote, guards: Sequence[Guard], facts: Mapping[str, Any]) -> list[LimitFlip]:
    """Return the nearest facts and limits that change the outcome with the stances as they are, fewest guards first."""
    findings = examine(guards, facts)
    now = decide(policy, vote, findings).final
    flips: list[LimitFlip] = []
    for places in _sets(findings):
        if flips and len(places) > len(flips[0].facts) + len(flips[0].limits):
            break
        flips += _guard_flips(policy, vote, guards, facts, places, now)
    return flips + _vote_limit_flips(policy, vote, findings, now)


MAX_MIXED = 4
"""Guards turned at once for which each may turn by its fact or its limit; beyond, all by facts or all by limits."""


def _sets(findings: Sequence[Finding]) -> list[tuple[int, ...]]:
    """Return the sets of guards that change the cap: each alone, those tripped at the strictest cap, all tripped."""
    held = tuple(place for place, found in enumerate(findings) if found.tripped)
    hard = tuple(place for place in held if findings[place].guard.cap == "no_go")
    single = [(place,) for place in range(len(findings))]
    return sorted(dict.fromkeys([*single, *(each for each in (hard, held) if each)]), key=len)


def _guard_flips(
    policy: Policy,
    vote: Vote,
    guards: Sequence[Guard],
    facts: Mapping[str, Any],
    places: tuple[int, ...],
    now: Outcome,
) -> Iterator[LimitFlip]:
    findings = examine(guards, facts)
    turned = [_turns(findings[place]) for place in places]
    for chosen in product(*turned) if len(places) <= MAX_MIXED else zip(*turned, strict=False):
        values = dict(zip(places, chosen, strict=True))
        outcome = _turned(policy, vote, guards, facts, values)
        nearer = ({**values, at: (path, _back(findings[at], path, to))} for at, (path, to) in values.items())
        if outcome != now and all(_turned(policy, vote, guards, facts, less) != outcome for less in nearer):
            new_facts = {path: value for path, value in chosen if path is not None}
            new_limits = {guards[at].name: value for at, (path, value) in values.items() if not path}
            yield LimitFlip(new_facts, new_limits, outcome)


def _back(finding: Finding, path: str | None, value: Any) -> Any:
    """Return the value one step nearer to what it was; what it was where there are no steps."""
    now = finding.value if path == finding.guard.fact else finding.limit
    if isinstance(value, bool | str):
        return now
    return _next(value, isinstance(value, int) and isinstance(now, int), up=now > value)


def _turned(
    policy: Policy,
    vote: Vote,
    guards: Sequence[Guard],
    facts: Mapping[str, Any],
    values: Mapping[int, tuple[str | None, Any]],
) -> Outcome:
    changed, edited = dict(facts), [*guards]
    for place, (path, value) in values.items():
        if path is None:
            edited[place] = guards[place].model_copy(update={guards[place].comparison: value})
        else:
            changed = _with(changed, path, value)
    return decide(policy, vote, examine(edited, changed)).final


def _turns(finding: Finding) -> list[tuple[str | None, Any]]:
    """Return the nearest values that turn a guard's answer: of its fact, and of its limit (a path, or None)."""
    guard, value, limit = finding.guard, finding.value, finding.limit
    if finding.fault:
        return []
    if guard.comparison == "equals":
        if finding.tripped:
            return [(guard.fact, not value), (guard.limit_path, not limit)] if isinstance(value, bool) else []
        return [(guard.fact, limit), (guard.limit_path, value)]
    is_upper = guard.comparison in ("at_least", "above")
    is_strict = guard.comparison in ("above", "below")
    # At the limit itself `at_least` holds and `above` does not; the fact goes to the limit, or just beyond it.
    is_whole = isinstance(value, int) and isinstance(limit, int)
    fact = limit if finding.tripped == is_strict else _next(limit, is_whole, up=is_upper != finding.tripped)
    other = value if finding.tripped == is_strict else _next(value, is_whole, up=is_upper == finding.tripped)
    return [(guard.fact, fact), (guard.limit_path, other)]


def _next(value: float, is_whole: bool, up: bool) -> float:
    """Return the nearest number beyond a value; the nearest integer where facts are counted."""
    if is_whole:
        return value + 1 if up else value - 1
    return math.nextafter(value, math.inf if up else -math.inf)


def _with(facts: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    key, _, rest = path.partition(".")
    return {**facts, key: _with(facts[key], rest, value) if rest else value}


def _vote_limit_flips(policy: Policy, vote: Vote, findings: Sequence[Finding], now: Outcome) -> list[LimitFlip]:
    """Return the nearest `min_go_votes`, lower and higher, that changes the outcome."""
    lower = range(vote.min_go_votes - 1, 0, -1)
    higher = range(vote.min_go_votes + 1, len(vote.casts) + 1)
    flips = []
    for values in (lower, higher):
        for value in values:
            outcome = decide(policy, replace(vote, min_go_votes=value), findings).final
            if outcome != now:
                flips.append(LimitFlip({}, {"min_go_votes": value}, outcome))
                break
    return flips


def distance_of(finding: Finding) -> float | None:
    """Return how far a fact is from its limit: 0 or more while the guard is clear; None where nothing is measured.

    >>> guard = Guard(name="fraud", fact="rate", at_least=5, cap="no_go")
    >>> [distance_of(found) for rate in (3, 6) for found in examine([guard], {"rate": rate})]
    [2, -1]
    """
    if finding.fault or finding.guard.comparison == "equals":
        return None
    is_upper = finding.guard.comparison in ("at_least", "above")
    gap: float = finding.limit - finding.value if is_upper else finding.value - finding.limit
    return gap if math.isfinite(gap) else None
