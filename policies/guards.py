"""Guards: limits on facts that no vote can beat. Data, so that distances and flips can be worked out from them."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, WithJsonSchema, model_validator

from policies.fields import FACT_PATH_PATTERN, FactPath, Text, Value
from policies.plain import is_plain
from policies.table import Outcome

Cap = Literal["go_with_caution", "no_go"]
"""The most permissive outcome left: `go_with_caution` lowers `go`; `no_go` overrides everything."""

Comparison = Literal["at_least", "above", "at_most", "below", "equals"]

_ORDERS: dict[Comparison, Callable[[Any, Any], bool]] = {
    "at_least": operator.ge,
    "above": operator.gt,
    "at_most": operator.le,
    "below": operator.lt,
}
COMPARISONS: tuple[Comparison, ...] = (*_ORDERS, "equals")
_PATH = re.compile(FACT_PATH_PATTERN)


def _limit(value: Any) -> Any:
    is_path = isinstance(value, str) and _PATH.match(value)
    if not is_path and (_kind(value) != "a number" or not is_plain(value)):
        raise ValueError("allowed: a finite number, or a dotted path into the facts")
    return value


def _equal(value: Any) -> Any:
    if _kind(value) == "no single value" or not is_plain(value):
        raise ValueError("allowed: a finite number, text, a path with a dot, true or false")
    return value


_LIMITS = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": FACT_PATH_PATTERN}]}
Limit = Annotated[Any, AfterValidator(_limit), WithJsonSchema(_LIMITS)]
"""A path into the facts, or a number."""

Equal = Annotated[Any, AfterValidator(_equal), WithJsonSchema({"type": ["boolean", "number", "string"]})]
"""A number, text, a path with a dot in it, true or false."""


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    return "text" if isinstance(value, str) else "no single value"


class Guard(Value):
    """A limit: while the fact stands in the comparison to its limit, the outcome is capped."""

    name: Text
    """How people call it; the record and the decision name it so."""
    fact: FactPath
    """The fact that is held against the limit, as a dotted path."""
    at_least: Limit | None = None
    """Tripped while the fact is this or more."""
    above: Limit | None = None
    """Tripped while the fact is more than this."""
    at_most: Limit | None = None
    """Tripped while the fact is this or less."""
    below: Limit | None = None
    """Tripped while the fact is less than this."""
    equals: Equal | None = None
    """Tripped while the fact is this; text with a dot in it is a path, other text is itself."""
    cap: Cap
    """The most permissive outcome while the guard is tripped."""

    @model_validator(mode="after")
    def _compares_once(self) -> "Guard":
        given = [name for name in COMPARISONS if getattr(self, name) is not None]
        if len(given) != 1:
            found = ", ".join(given) or "no comparison"
            raise ValueError(f"it has {found}; allowed: exactly one of {', '.join(COMPARISONS)}")
        return self

    @property
    def comparison(self) -> Comparison:
        """The one comparison this guard makes."""
        return next(name for name in COMPARISONS if getattr(self, name) is not None)

    @property
    def limit(self) -> Any:
        """The limit as it is written: a path or a literal."""
        return getattr(self, self.comparison)

    @property
    def limit_path(self) -> str | None:
        """The path that gives the limit, or None where it is a literal."""
        is_path = isinstance(self.limit, str) and (self.comparison != "equals" or "." in self.limit)
        return self.limit if is_path and _PATH.match(self.limit) else None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a guard found: whether it is tripped, the two values it compared, and why it could not compare them."""

    guard: Guard
    tripped: bool
    value: Any = None
    limit: Any = None
    fault: str | None = None


class _Missing:
    """No value at a path."""


MISSING = _Missing()


def value_at(path: str, facts: Any) -> Any:
    """Return the value at a dotted path, or MISSING.

    >>> value_at("risk.rate", {"risk": {"rate": 0.02}}), value_at("risk.x", {}) is MISSING
    (0.02, True)
    """
    for key in path.split("."):
        if not isinstance(facts, Mapping) or key not in facts:
            return MISSING
        facts = facts[key]
    return facts


def examine(guards: Iterable[Guard], facts: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return what each guard finds; one whose facts are missing or of the wrong type is tripped, and says so.

    >>> guard = Guard(name="fraud", fact="risk.rate", at_least=0.03, cap="no_go")
    >>> [found.tripped for facts in ({"risk": {"rate": 0.02}}, {}) for found in examine([guard], facts)]
    [False, True]
    """
    return tuple(_examine(guard, facts) for guard in guards)


def _examine(guard: Guard, facts: Mapping[str, Any]) -> Finding:
    value = value_at(guard.fact, facts)
    limit = guard.limit if guard.limit_path is None else value_at(guard.limit_path, facts)
    for path, found in ((guard.fact, value), (guard.limit_path, limit)):
        fault = _fault(path or "limit", found, guard.comparison)
        if fault:
            return Finding(guard, True, _shown(value), _shown(limit), fault)
    if guard.comparison == "equals":
        if _kind(value) != _kind(limit):
            fault = f"`{guard.fact}` is {_kind(value)}, its limit is {_kind(limit)}"
            return Finding(guard, True, value, limit, fault)
        return Finding(guard, bool(value == limit), value, limit)
    return Finding(guard, _ORDERS[guard.comparison](value, limit), value, limit)


def _fault(path: str, value: Any, comparison: Comparison) -> str | None:
    if value is MISSING or value is None:
        return f"`{path}` is missing"
    if comparison == "equals":
        return None if _kind(value) in ("a number", "text", "a boolean") else f"`{path}` is {_kind(value)}"
    return None if _kind(value) == "a number" else f"`{path}` is {_kind(value)}, no number"


def _shown(value: Any) -> Any:
    return None if value is MISSING else value


def cap_of(findings: Iterable[Finding]) -> Cap | None:
    """Return the strictest cap of the tripped guards, or None."""
    caps = {finding.guard.cap for finding in findings if finding.tripped}
    return "no_go" if "no_go" in caps else "go_with_caution" if caps else None


def capped(outcome: Outcome, cap: Cap | None) -> Outcome:
    """Return the outcome within the cap: `no_go` overrides everything, `go_with_caution` lowers `go` alone.

    >>> capped("go", "go_with_caution"), capped("escalate", "go_with_caution"), capped("next_round", "no_go")
    ('go_with_caution', 'escalate', 'no_go')
    """
    if cap == "no_go":
        return "no_go"
    return "go_with_caution" if cap and outcome == "go" else outcome
