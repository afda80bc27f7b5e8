"""Guards: which of them are tripped by some facts, and what they leave of an outcome, by rules of the oracle's own."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.oracle.deciding import capped

CAPS = ("go_with_caution", "no_go")

Capping = Callable[[str, tuple[str, ...]], str]
"""What caps leave of an outcome."""

FACTS = ("rate", "risk.alerts", "region.name", "is_open")
COMPARISONS = ("at_least", "above", "at_most", "below", "equals")
NUMBERS = (0, 1, 2, 2.5, 0.03)
WORDS = ("north", "south")
VALUES = (*NUMBERS, *NUMBERS, *WORDS, True, False, None, [1], {"a": 1})


@dataclass(frozen=True)
class Limit:
    """A guard: a fact, how it is compared, with what, and the cap while the comparison is true."""

    name: str
    fact: str
    comparison: str
    limit: Any
    """A value; or a path, where it is text with a dot, or any text that is not compared by `equals`."""
    cap: str

    def as_file(self) -> dict[str, Any]:
        """Return the guard as a team file has it."""
        return {"name": self.name, "fact": self.fact, self.comparison: self.limit, "cap": self.cap}

    def is_tripped(self, facts: Mapping[str, Any]) -> bool:
        """Return whether it is tripped: also where what it compares is not there, or is nothing to compare."""
        fact = found_at(self.fact, facts)
        is_path = isinstance(self.limit, str) and (self.comparison != "equals" or "." in self.limit)
        limit = found_at(self.limit, facts) if is_path else self.limit
        kinds = {_kind_of(fact), _kind_of(limit)}
        if self.comparison == "equals":
            return len(kinds) > 1 or None in kinds or fact == limit
        if kinds != {"number"}:
            return True
        return (self.comparison in ("at_least", "at_most") and fact == limit) or (
            bool(fact > limit) if self.comparison in ("at_least", "above") else bool(fact < limit)
        )


def found_at(path: str, facts: Any) -> Any:
    """Return the value at a path; None where there is none, which no guard can compare either."""
    for key in path.split("."):
        if not isinstance(facts, Mapping) or key not in facts:
            return None
        facts = facts[key]
    return facts


def _kind_of(value: Any) -> str | None:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else None


def draw_guards(random: Random) -> tuple[Limit, ...]:
    """Return up to three guards, each of any cap."""
    return tuple(_draw_guard(random, f"limit {number}") for number in range(random.choice((0, 1, 1, 2, 2, 3))))


def _draw_guard(random: Random, name: str) -> Limit:
    fact, comparison = random.choice(FACTS), random.choice(COMPARISONS)
    other = random.choice([path for path in (*FACTS, "risk.limit") if path != fact and "." in path])
    literals = (*NUMBERS, *WORDS, True, False) if comparison == "equals" else NUMBERS
    return Limit(name, fact, comparison, random.choice((random.choice(literals), other)), random.choice(CAPS))


def draw_facts(random: Random) -> dict[str, Any]:
    """Return facts: most of what a guard may read, some of it of a kind that it cannot compare."""
    facts: dict[str, Any] = {"risk": {}, "region": {}}
    for path in (*FACTS, "risk.limit"):
        *above, key = path.split(".")
        if random.random() < 0.9:
            (facts[above[0]] if above else facts)[key] = random.choice(VALUES)
    return facts


def caps_of(guards: tuple[Limit, ...], facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the caps of the guards that are tripped."""
    return tuple(guard.cap for guard in guards if guard.is_tripped(facts))


def outcomes_beyond(outcome: str, guards: tuple[Limit, ...], capping: Capping = capped) -> Iterator[tuple[Limit, str]]:
    """Yield each guard that, tripped alone, lets through more than its cap, with what it lets through.

    Under `no_go` nothing else is left, not even a round or a human; under `go_with_caution` only `go` is too much.
    """
    for guard in guards:
        left = capping(outcome, (guard.cap,))
        if left != "no_go" if guard.cap == "no_go" else left == "go":
            yield guard, left
