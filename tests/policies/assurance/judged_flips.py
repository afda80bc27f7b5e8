"""A judge of limit flips that shares nothing with them: plain comparisons, on values around every number there is.

A case is a vote's outcome, guards as plain mappings, and facts one level deep, so that a path is a key.
"""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ORDERS = ("at_least", "above", "at_most", "below")
STRANGE = (0, -0.0, 0.1 + 0.2, 0.3, 5e-324, -5e-324, 1e22, 2**53 - 1, -(2**53 - 1), 1.7e308, 0.03, 1, 1.0, 2)
TEXTS = ("draft", "final", "")
ABSENT = object()


def kind(value: Any) -> str:
    if isinstance(value, bool):
        return "flag"
    return "number" if isinstance(value, int | float) else "text" if isinstance(value, str) else "nothing"


def is_met(comparison: str, value: Any, limit: Any) -> bool:
    """Whether a guard with these two values is tripped."""
    if comparison == "equals":
        return kind(value) != kind(limit) or kind(value) == "nothing" or bool(value == limit)
    if kind(value) != "number" or kind(limit) != "number":
        return True
    answers = {"at_least": value >= limit, "above": value > limit, "at_most": value <= limit, "below": value < limit}
    return bool(answers[comparison])


@dataclass(frozen=True)
class Rule:
    """A guard: its fact, its comparison, its limit as a literal or as a path."""

    name: str
    fact: str
    comparison: str
    cap: str
    literal: Any = None
    path: str | None = None

    @property
    def raw(self) -> dict[str, Any]:
        limit = self.literal if self.path is None else f"facts.{self.path}"
        return {"name": self.name, "fact": self.fact, self.comparison: limit, "cap": self.cap}


@dataclass(frozen=True)
class Tried:
    """A vote's outcome under guards on facts."""

    vote: str
    rules: Sequence[Rule]
    facts: Mapping[str, Any]

    def final(self, facts: Mapping[str, Any] | None = None, limits: Mapping[str, Any] | None = None) -> str:
        """The outcome with other facts, and other literal limits by the guard's name."""
        caps = [rule.cap for rule in self.tripped(facts or {}, limits)]
        if "no_go" in caps:
            return "no_go"
        return "go_with_caution" if caps and self.vote == "go" else self.vote

    def tripped(self, facts: Mapping[str, Any], limits: Mapping[str, Any] | None = None) -> list[Rule]:
        """The guards that are tripped with other facts and limits."""
        now = {**self.facts, **facts}
        return [rule for rule in self.rules if self._is_tripped(rule, now, limits or {})]

    def _is_tripped(self, rule: Rule, facts: Mapping[str, Any], limits: Mapping[str, Any]) -> bool:
        literal = limits.get(rule.name, rule.literal)
        return is_met(rule.comparison, facts.get(rule.fact), literal if rule.path is None else facts.get(rule.path))

    def places(self) -> dict[tuple[str, str], set[str]]:
        """Each fact and each literal limit, with the kinds of values that it is compared with."""
        found: dict[tuple[str, str], set[str]] = {}
        for rule in self.rules:
            limit = rule.literal if rule.path is None else self.facts.get(rule.path)
            place = ("limits", rule.name) if rule.path is None else ("facts", rule.path)
            found.setdefault(("facts", rule.fact), set()).add(kind(limit))
            found.setdefault(place, set()).add(kind(self.facts.get(rule.fact)))
        return found

    def values(self) -> Iterator[Any]:
        """Every value there is, and numbers beside, between and far beyond them."""
        there = [*self.facts.values(), *(rule.literal for rule in self.rules)]
        numbers = sorted({value for value in there if kind(value) == "number"})
        yield from (value for value in there if kind(value) in ("text", "flag"))
        yield from ("a stranger", True, False, *numbers, 1e300, -1e300, 0)
        for number in numbers:
            beside = (math.nextafter(number, math.inf), math.nextafter(number, -math.inf), number + 1, number - 1)
            yield from (value for value in beside if math.isfinite(value))
        yield from ((low + high) / 2 for low in numbers for high in numbers)


def is_in(values: Mapping[str, Any], value: Any) -> bool:
    """Whether a value is among those that a flip names."""
    if "equals" in values:
        return kind(value) == kind(values["equals"]) and bool(value == values["equals"])
    if "other_than" in values:
        return kind(value) in {kind(each) for each in values["other_than"]} and value not in values["other_than"]
    if "any" in values:
        return str(values["any"]).endswith(kind(value))
    if kind(value) != "number":
        return False
    tests = {
        "at_least": lambda border: value >= border,
        "above": lambda border: value > border,
        "at_most": lambda border: value <= border,
        "below": lambda border: value < border,
    }
    return all(tests[name](border) for name, border in values.items())


@dataclass
class Judged:
    """What is wrong with the flips of a case, in sentences, and how many claims were tried."""

    wrong: list[str] = field(default_factory=list)
    claims: int = 0


def judge_single(tried: Tried, flips: Sequence[tuple[dict[str, Any], dict[str, Any], str, tuple[Any, ...]]]) -> Judged:
    """Try every value in every place: what changes the outcome is claimed once, and nothing else is."""
    judged, now = Judged(), tried.final()
    for place, kinds in tried.places().items():
        claimed = [(changes[place[1]], outcome, stays) for changes, outcome, stays in _of(flips, place[0], place[1])]
        judged.claims += len(claimed)
        for value in tried.values():
            found = [outcome for values, outcome, _ in claimed if is_in(values, value)]
            given = tried.final(**{place[0]: {place[1]: value}})
            expected = [given] if given != now and kind(value) in kinds else []
            if found != expected:
                judged.wrong.append(f"{place} at {value!r} gives {given} (now {now}), claimed: {found}")
        stays_at = [border for _, _, stays in claimed for border in stays]
        judged.wrong += [
            f"{place} stays not at {border!r}"
            for border in stays_at
            if tried.final(**{place[0]: {place[1]: border}}) != now
        ]
        for values, outcome, stays in claimed:
            outside = [values[name] for name in ("above", "below") if name in values]
            kept = [border for border in outside if tried.final(**{place[0]: {place[1]: border}}) == now]
            if list(stays) != kept:
                judged.wrong.append(f"{place} {values} to {outcome} stays at {stays}, not at {kept}")
    return judged


def _of(flips: Any, part: str, name: str) -> Iterator[tuple[dict[str, Any], str, tuple[Any, ...]]]:
    for facts, limits, outcome, stays in flips:
        changes = {"facts": facts, "limits": limits}
        if len(facts) + len(limits) == 1 and name in changes[part]:
            yield changes[part], outcome, stays


def judge_joint(tried: Tried, flips: Sequence[Any], rng: random.Random, tries: int = 30) -> Judged:
    """Try values of several places: a set of changes gives what it claims, and with one of them less it does not."""
    judged, now, values = Judged(), tried.final(), [*tried.values()]
    for facts, limits, outcome, _ in flips:
        changes = [("facts", name, named) for name, named in facts.items()]
        changes += [("limits", name, named) for name, named in limits.items() if name != "min_go_votes"]
        if len(changes) < 2:
            continue
        judged.claims += 1
        for _ in range(tries):
            chosen = {(part, name): _one_of(values, named, rng) for part, name, named in changes}
            if ABSENT in chosen.values():
                judged.wrong.append(f"no value tried is among {changes}")
            given = _final(tried, chosen)
            less = [_final(tried, {key: chosen[key] for key in chosen if key != left}) for left in chosen]
            if given != outcome or outcome == now or outcome in less:
                judged.wrong.append(f"{chosen} gives {given}, claimed: {outcome}; with one less {less}, now {now}")
    return judged


def _one_of(values: Sequence[Any], named: Mapping[str, Any], rng: random.Random) -> Any:
    return rng.choice([value for value in values if is_in(named, value)] or [ABSENT])


def _final(tried: Tried, chosen: Mapping[tuple[str, str], Any]) -> str:
    parts: dict[str, dict[str, Any]] = {"facts": {}, "limits": {}}
    for (part, name), value in chosen.items():
        parts[part][name] = value
    return tried.final(**parts)


def random_case(rng: random.Random) -> Tried:
    """Guards that share few facts, each of which may be any number, a text, a flag, null or missing."""
    names = ["a", "b", "c", "d", "e"][: rng.randint(1, 5)]
    facts = {name: _value(rng) for name in names if rng.random() < 0.9}
    rules = [_rule(rng, f"guard {at}", names, facts) for at in range(rng.randint(1, 4))]
    return Tried(rng.choice(["go", "go", "go", "go_with_caution", "next_round", "escalate", "no_go"]), rules, facts)


def _rule(rng: random.Random, name: str, names: Sequence[str], facts: Mapping[str, Any]) -> Rule:
    fact, comparison = rng.choice(names), rng.choice([*ORDERS, "equals"])
    cap = rng.choice(["no_go", "go_with_caution"])
    others = [other for other in names if other != fact]
    if others and rng.random() < 0.5:
        return Rule(name, fact, comparison, cap, path=rng.choice(others))
    literal = _value(rng)
    while literal is None or (comparison != "equals" and kind(literal) != "number"):
        literal = _value(rng)
    return Rule(name, fact, comparison, cap, literal)


def _value(rng: random.Random) -> Any:
    number = rng.choice([*STRANGE, rng.randint(-3, 3), rng.randint(-8, 8) / 4])
    return number if rng.random() < 0.75 else rng.choice([*TEXTS, True, False, None])
