"""Guards: limits on facts that no vote can beat. Data, so that distances and flips can be worked out from them."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, WithJsonSchema, model_validator

from policies.decision.table import Outcome
from policies.language import phrase, say
from policies.paths import MISSING, plain_path, value_at
from policies.plain import is_plain
from policies.team.fields import FACT_PATH_PATTERN, FactPath, Text, Value

Cap = Literal["go_with_caution", "no_go"]
"""The most permissive outcome left: `go_with_caution` lowers `go`; `no_go` overrides everything."""

Comparison = Literal["at_least", "above", "at_most", "below", "equals"]


@dataclass(frozen=True, slots=True)
class Compared:
    """How a fact is compared with a limit: whether the guard trips, in words, and on which side of it."""

    trips: Callable[[Any, Any], bool]
    words: str
    side: Literal["upper", "lower"] | None = None
    """None where a fact has no distance to the limit, and may be any single value."""


COMPARISONS: Mapping[Comparison, Compared] = {
    "at_least": Compared(operator.ge, phrase("at least"), "upper"),
    "above": Compared(operator.gt, phrase("above"), "upper"),
    "at_most": Compared(operator.le, phrase("at most"), "lower"),
    "below": Compared(operator.lt, phrase("below"), "lower"),
    "equals": Compared(operator.eq, phrase("equal to")),
}
_PATH = re.compile(FACT_PATH_PATTERN)


def _limit(value: Any) -> Any:
    if isinstance(value, str) and _PATH.match(value):
        return plain_path(value)
    if kind_of(value) != "a number" or not is_plain(value):
        raise ValueError(say("allowed: a finite number, or a dotted path into the facts"))
    return value


def _equal(value: Any) -> Any:
    if kind_of(value) not in SINGLE or not is_plain(value):
        raise ValueError(say("allowed: a finite number, text, a path with a dot, true or false"))
    if not isinstance(value, str) or not _PATH.match(value):
        return value
    path = plain_path(value)
    return path if "." in path else value  # without a dot it would be read as text


_LIMITS = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": FACT_PATH_PATTERN}]}
Limit = Annotated[Any, AfterValidator(_limit), WithJsonSchema(_LIMITS)]
"""A path into the facts, or a number."""

Equal = Annotated[Any, AfterValidator(_equal), WithJsonSchema({"type": ["boolean", "number", "string"]})]
"""A number, text, a path with a dot in it, true or false."""


ABSENT = phrase("is not in the facts")
"""What is found at a path that does not exist."""

_NO_NUMBER = {
    "null": phrase("is null, not a number"),
    "text": phrase("is text, not a number"),
    "a boolean": phrase("is a boolean, not a number"),
    "a list": phrase("is a list, not a number"),
    "an object": phrase("is an object, not a number"),
}
_NO_SINGLE = {
    "null": phrase("is null, not a single value"),
    "a list": phrase("is a list, not a single value"),
    "an object": phrase("is an object, not a single value"),
}
_UNLIKE = {
    ("a number", "text"): phrase("is a number, and its limit is text"),
    ("a number", "a boolean"): phrase("is a number, and its limit is a boolean"),
    ("text", "a number"): phrase("is text, and its limit is a number"),
    ("text", "a boolean"): phrase("is text, and its limit is a boolean"),
    ("a boolean", "a number"): phrase("is a boolean, and its limit is a number"),
    ("a boolean", "text"): phrase("is a boolean, and its limit is text"),
}
"""What else is found that a guard cannot use, by what it is; kept as it is, and said where it is shown."""

SINGLE = (phrase("a number"), phrase("text"), phrase("a boolean"))
"""What can be compared."""


def kind_of(value: Any) -> str:
    """Return what a value is, in words.

    >>> [kind_of(value) for value in (1, True, "a", None, [1], {})]
    ['a number', 'a boolean', 'text', 'null', 'a list', 'an object']
    """
    if value is None or isinstance(value, str | bool):
        return phrase("null") if value is None else "text" if isinstance(value, str) else "a boolean"
    if isinstance(value, int | float):
        return "a number"
    return phrase("a list") if isinstance(value, list | tuple) else phrase("an object")


class Guard(Value):
    """A limit on a fact. While its comparison is true, the guard is tripped and caps the outcome; else it is clear."""

    name: Text
    """What people call the guard. The record and the decision use this name."""
    fact: FactPath
    """The dotted path of the fact that is compared with the limit. A leading `facts.` is dropped."""
    at_least: Limit | None = None
    """The guard is tripped while the fact is this or more: a number, or the dotted path of another fact."""
    above: Limit | None = None
    """The guard is tripped while the fact is more than this: a number, or the dotted path of another fact."""
    at_most: Limit | None = None
    """The guard is tripped while the fact is this or less: a number, or the dotted path of another fact."""
    below: Limit | None = None
    """The guard is tripped while the fact is less than this: a number, or the dotted path of another fact."""
    equals: Equal | None = None
    """The guard is tripped while the fact is this. Text with a dot is a path (`facts.region`), other text is itself."""
    cap: Cap
    """The most permissive outcome while the guard is tripped."""

    @model_validator(mode="after")
    def _compares_once(self) -> "Guard":
        given = [name for name in COMPARISONS if getattr(self, name) is not None]
        if len(given) != 1:
            found = ", ".join(given) or say("no comparison")
            raise ValueError(
                say(
                    "it has {found}; allowed: exactly one of {comparisons}",
                    found=found,
                    comparisons=", ".join(COMPARISONS),
                )
            )
        if self.limit_path == self.fact:
            raise ValueError(say("it compares `{fact}` with itself; allowed: another fact, or a value", fact=self.fact))
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
        is_path = isinstance(self.limit, str) and (COMPARISONS[self.comparison].side is not None or "." in self.limit)
        return plain_path(self.limit) if is_path and _PATH.match(self.limit) else None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A path at which a comparison finds nothing that it can use, and what there is, in words behind it."""

    path: str
    found: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a guard found: whether it is tripped, the two values it compared, or what it could not read."""

    guard: Guard
    tripped: bool
    value: Any = None
    limit: Any = None
    unread: Unreadable | None = None

    @property
    def fault(self) -> str | None:
        """The sentence that says which path could not be read, or None.

        >>> examine([Guard(name="fraud", fact="risk.rate", above=5, cap="no_go")], {})[0].fault
        'could not be read: risk.rate (it is not in the facts)'
        """
        return f"could not be read: {self.unread.path} (it {self.unread.found})" if self.unread else None

    @property
    def told(self) -> str | None:
        """The same sentence in the language that is spoken; what is kept is in English, and compared."""
        if self.unread is None:
            return None
        return say("could not be read: {path} (it {found})", path=self.unread.path, found=say(self.unread.found))


def examine(guards: Iterable[Guard], facts: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return what each guard finds; one whose facts are missing or of the wrong type is tripped, and says so.

    >>> guard = Guard(name="fraud", fact="risk.rate", at_least=0.03, cap="no_go")
    >>> [found.tripped for facts in ({"risk": {"rate": 0.02}}, {}) for found in examine([guard], facts)]
    [False, True]
    """
    return tuple(_examine(guard, facts) for guard in guards)


def find_unreadable(guard: Guard, facts: Mapping[str, Any]) -> list[Unreadable]:
    """Return the paths of a guard that its comparison cannot use on these facts: its fact, its limit or both.

    >>> guard = Guard(name="fraud", fact="risk.rate", above="limits.rate", cap="no_go")
    >>> [each.path for each in find_unreadable(guard, {"risk": {"rate": "high"}})]
    ['risk.rate', 'limits.rate']
    """
    pairs = [(guard.fact, _fact(guard, facts)), (guard.limit_path, _limit_of(guard, facts))]
    found = [Unreadable(path, fault) for path, value in pairs if path and (fault := _fault(value, guard.comparison))]
    kinds = kind_of(pairs[0][1]), kind_of(pairs[1][1])
    if found or COMPARISONS[guard.comparison].side or kinds[0] == kinds[1]:
        return found
    return [Unreadable(guard.fact, _UNLIKE[kinds])]


def _examine(guard: Guard, facts: Mapping[str, Any]) -> Finding:
    value, limit = _fact(guard, facts), _limit_of(guard, facts)
    unread = next(iter(find_unreadable(guard, facts)), None)
    if unread:
        return Finding(guard, True, _shown(value), _shown(limit), unread)
    return Finding(guard, COMPARISONS[guard.comparison].trips(value, limit), value, limit)


def _fact(guard: Guard, facts: Mapping[str, Any]) -> Any:
    return value_at(guard.fact, facts)


def _limit_of(guard: Guard, facts: Mapping[str, Any]) -> Any:
    return guard.limit if guard.limit_path is None else value_at(guard.limit_path, facts)


def _fault(value: Any, comparison: Comparison) -> str | None:
    if value is MISSING:
        return ABSENT
    unusable = _NO_SINGLE if COMPARISONS[comparison].side is None else _NO_NUMBER
    return unusable.get(kind_of(value))


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
