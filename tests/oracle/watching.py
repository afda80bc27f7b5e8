"""Whether a decision should stand on other facts, by rules of the oracle's own: how guards and simple checks read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

from tests.oracle.guarding import Limit, draw_facts, draw_guards, found_at

PATHS = ("rate", "risk.alerts", "risk.limit", "region.name", "is_open")
SIGNS = ("<", "<=", ">", ">=")
NUMBERS = ("0.0", "1.0", "2.0", "0.03")
STANCES = ("go", "caution", "block")
REASONS = ("It is fine.", "It is not.")
UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Compares:
    """One comparison of a condition: a fact with a number, or with another fact."""

    path: str
    sign: str
    other: str

    @property
    def text(self) -> str:
        return f"facts.{self.path} {self.sign} {self.other if self.other in NUMBERS else f'facts.{self.other}'}"

    def numbers(self, facts: Mapping[str, Any]) -> tuple[Fraction, Fraction] | None:
        """Return both sides where they are numbers."""
        sides = found_at(self.path, facts), float(self.other) if self.other in NUMBERS else found_at(self.other, facts)
        if any(isinstance(side, bool) or not isinstance(side, int | float) for side in sides):
            return None
        return Fraction(str(sides[0])), Fraction(str(sides[1]))

    def is_mistyped(self, facts: Mapping[str, Any]) -> bool:
        """Return whether both sides are there and cannot be put in an order."""
        sides = [value for path in (self.path, self.other) if path in PATHS and is_there(path, facts)
                 for value in [found_at(path, facts)]]  # fmt: skip
        wanted = 1 if self.other in NUMBERS else 2
        if len(sides) < wanted:
            return False
        kinds = {kind_of(each) for each in sides} | ({"number"} if self.other in NUMBERS else set())
        return len(kinds) > 1 or not kinds <= {"number", "text", "flag"}

    def answer(self, facts: Mapping[str, Any]) -> bool | None:
        """Return whether it is true; None where a fact is not there."""
        if not all(is_there(path, facts) for path in (self.path, self.other) if path in PATHS):
            return None
        left = found_at(self.path, facts)
        right = float(self.other) if self.other in NUMBERS else found_at(self.other, facts)
        return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[self.sign])


@dataclass(frozen=True)
class Asks:
    """A check: one comparison, or two with a word between them, and what the role says while it is true."""

    parts: tuple[Compares, ...]
    word: str
    says: tuple[str, str]

    @property
    def text(self) -> str:
        return f" {self.word} ".join(part.text for part in self.parts)

    def answer(self, facts: Mapping[str, Any]) -> bool | None:
        """Return whether it is true; None where that cannot be said."""
        if any(part.is_mistyped(facts) for part in self.parts):
            return None
        answers = [part.answer(facts) for part in self.parts]
        settling = self.word == "||"
        if settling in answers:
            return settling
        return None if None in answers else not settling


@dataclass(frozen=True)
class Decided:
    """A decision: guards, the checks of each role with what it says otherwise, facts, and when it was taken."""

    guards: tuple[Limit, ...]
    roles: Mapping[str, tuple[tuple[Asks, ...], tuple[str, str]]]
    facts: Mapping[str, Any]
    at: str
    days: int | None

    def verdicts(self, facts: Mapping[str, Any] | None, now: str) -> list[str]:
        """Return the verdict on each guard and each role, and then on all of it."""
        if facts is None:
            found = ["unknown"] * (len(self.guards) + len(self.roles))
        else:
            found = [guard_verdict(guard, self.facts, facts) for guard in self.guards]
            found += [role_verdict(*role, self.facts, facts) for role in self.roles.values()]
        until = None if self.days is None else datetime.fromisoformat(self.at) + timedelta(days=self.days)
        if until is not None and datetime.fromisoformat(now) >= until:
            return [*found, "reopen"]
        if facts is None:
            return [*found, "unknown"]
        return [*found, next((each for each in ("reopen", "weakened") if each in found), "holds")]


def kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "other"


def is_there(path: str, facts: Any) -> bool:
    for key in path.split("."):
        if not isinstance(facts, Mapping) or key not in facts:
            return False
        facts = facts[key]
    return True


def guard_answer(guard: Limit, facts: Mapping[str, Any]) -> str:
    """Return clear or tripped; a guard that cannot read what it compares is neither."""
    fact = found_at(guard.fact, facts)
    is_path = isinstance(guard.limit, str) and (guard.comparison != "equals" or "." in guard.limit)
    limit = found_at(guard.limit, facts) if is_path else guard.limit
    kinds = {kind_of(fact), kind_of(limit)}
    is_read = kinds == {"number"} or (guard.comparison == "equals" and len(kinds) == 1 and kinds != {"other"})
    return UNREADABLE if not is_read else "tripped" if guard.is_tripped(facts) else "clear"


def guard_verdict(guard: Limit, then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    answers = guard_answer(guard, then), guard_answer(guard, now)
    if answers[0] != answers[1]:
        return "reopen"
    if answers[0] == UNREADABLE or guard.comparison == "equals":
        return "holds"
    return "weakened" if room_of(guard, now) < room_of(guard, then) else "holds"


def room_of(guard: Limit, facts: Mapping[str, Any]) -> Fraction:
    limit = found_at(guard.limit, facts) if isinstance(guard.limit, str) else guard.limit
    return abs(Fraction(str(found_at(guard.fact, facts))) - Fraction(str(limit)))


def position(
    checks: Sequence[Asks], otherwise: tuple[str, str], facts: Mapping[str, Any]
) -> tuple[tuple[str, ...], int]:
    """Return what a role says, (nothing where a check has no answer), and how many checks were asked for it."""
    for number, check in enumerate(checks, 1):
        answer = check.answer(facts)
        if answer is None:
            return (), number
        if answer:
            return check.says, number
    return otherwise, len(checks)


def role_verdict(
    checks: Sequence[Asks], otherwise: tuple[str, str], then: Mapping[str, Any], now: Mapping[str, Any]
) -> str:
    (said, asked), (says, _) = position(checks, otherwise, then), position(checks, otherwise, now)
    if said != says:
        return "reopen"
    parts = [part for check in checks[:asked] for part in bearing(check, said, then)]
    is_given_later = bool(said) and gives(checks, now) > gives(checks, then)
    return "weakened" if is_given_later or any(is_nearer(part, then, now) for part in parts) else "holds"


def gives(checks: Sequence[Asks], facts: Mapping[str, Any]) -> int:
    """Return which check gives the position, counted from 0; the one after the last where none does."""
    return next((number for number, check in enumerate(checks) if check.answer(facts)), len(checks))


def bearing(check: Asks, said: tuple[str, ...], facts: Mapping[str, Any]) -> list[Compares]:
    """Return the comparisons of a check on which a position rests: each that could turn the check, tried by hand."""
    answer = check.answer(facts)
    if answer is False and check.says == said:
        return []
    return [part for at, part in enumerate(check.parts) if answer is None or could_turn(check, at, facts)]


def could_turn(check: Asks, at: int, facts: Mapping[str, Any]) -> bool:
    """Return whether there are answers of the other comparisons with which this one, turned over, turns the check."""
    combine, answer, own = any if check.word == "||" else all, check.answer(facts), check.parts[at].answer(facts)
    rows = product((True, False), repeat=len(check.parts) - 1)
    pairs = [[combine((*row, each)) for each in (own, not own)] for row in rows]
    return any(before == answer and after != answer for before, after in pairs)


def is_nearer(part: Compares, then: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Return whether a comparison of numbers is closer to its limit, or on the other side of it."""
    before, after = part.numbers(then), part.numbers(now)
    if before is None or after is None:
        return False
    is_other = part.answer(then) != part.answer(now)
    return is_other or abs(after[0] - after[1]) < abs(before[0] - before[1])


def draw_decided(random: Random) -> Decided:
    """Return a decision with up to three guards and up to two roles."""
    roles = {f"role_{number}": draw_role(random) for number in range(random.choice((0, 1, 1, 2)))}
    days = random.choice((None, None, 1, 30))
    return Decided(draw_guards(random), roles, draw_facts(random), "2026-03-02T10:00:00.000+00:00", days)


def draw_role(random: Random) -> tuple[tuple[Asks, ...], tuple[str, str]]:
    return tuple(draw_check(random) for _ in range(random.choice((0, 1, 2, 3)))), draw_says(random)


def draw_says(random: Random) -> tuple[str, str]:
    return random.choice(STANCES), random.choice(REASONS)


def draw_check(random: Random) -> Asks:
    parts = tuple(draw_compares(random) for _ in range(random.choice((1, 1, 2))))
    return Asks(parts, random.choice(("&&", "||")), draw_says(random))


def draw_compares(random: Random) -> Compares:
    path = random.choice(PATHS)
    other = random.choice((*NUMBERS, random.choice([each for each in PATHS if each != path])))
    return Compares(path, random.choice(SIGNS), other)


def draw_later(random: Random, facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return facts of a later day: seldom none at all, mostly near those that there were."""
    if random.random() < 0.05:
        return None
    drawn = draw_facts(random)
    if random.random() < 0.5:
        return drawn
    return {key: moved(random, value, drawn.get(key)) for key, value in facts.items()}


def moved(random: Random, value: Any, other: Any) -> Any:
    if isinstance(value, dict):
        inner = other if isinstance(other, dict) else {}
        return {key: moved(random, part, inner.get(key)) for key, part in value.items()}
    if kind_of(value) == "number" and random.random() < 0.7:
        return random.choice((value, value + 1, value - 1, value * 0.5, value + 0.01))
    return value if random.random() < 0.8 else other
