"""An expectation: what a fact must be, by its kind, its range, or the values that it may have."""

from collections.abc import Mapping
from math import ceil, floor
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from policies.decision.guards import COMPARISONS, Comparison
from policies.language import phrase, say
from policies.plain import MAX_INTEGER, is_plain, shown
from policies.team.fields import FactPath, Value

FactKind = Literal["number", "integer", "text", "boolean", "list", "object"]
"""What a fact is. An integer is a number that is written without decimals; true and false are not numbers."""

FACT_KINDS: tuple[FactKind, ...] = get_args(FactKind)
MAX_CHOICES = 100
"""Values that `one_of` may list."""

MAX_NAMED = 8
"""Values of `one_of` that are named in a sentence."""

MAX_EXPECTED = 200
"""Paths that one source may expect."""

_STRICT = Field(strict=True)
_TYPES: Mapping[FactKind, TypeAdapter[Any]] = {
    "number": TypeAdapter(Annotated[float, Field(strict=True, allow_inf_nan=False)]),
    "integer": TypeAdapter(Annotated[int, _STRICT]),
    "text": TypeAdapter(Annotated[str, _STRICT]),
    "boolean": TypeAdapter(Annotated[bool, _STRICT]),
    "list": TypeAdapter(Annotated[list[Any], _STRICT]),
    "object": TypeAdapter(Annotated[dict[str, Any], _STRICT]),
}
_WORDS: Mapping[FactKind, str] = {
    "number": phrase("a number"),
    "integer": phrase("a whole number"),
    "text": phrase("text"),
    "boolean": phrase("true or false"),
    "list": phrase("a list"),
    "object": phrase("an object"),
}
_NUMBERS: tuple[FactKind, ...] = ("number", "integer")
_LISTED: tuple[FactKind, ...] = (*_NUMBERS, "text", "boolean")
"""Kinds of which single values can be listed."""

_BOUNDS: Mapping[Comparison, str] = {
    "at_least": phrase("at least {limit}"),
    "above": phrase("above {limit}"),
    "at_most": phrase("at most {limit}"),
    "below": phrase("below {limit}"),
}
_PAIRS: tuple[tuple[Comparison, Comparison], ...] = (("at_least", "above"), ("at_most", "below"))
"""Bounds of the same side, of which one is enough."""


def _bound(value: Any) -> Any:
    if not _is_kind("number", value):
        raise ValueError(say("allowed: a finite number"))
    return value


def _spelled(value: Any) -> Any:
    """Return what is expected as a mapping, where it is only a kind."""
    if isinstance(value, str):
        return {"kind": value}
    if not isinstance(value, Mapping | Expectation):
        kinds = ", ".join(FACT_KINDS)
        raise ValueError(say("allowed: a kind ({kinds}), or a mapping with `kind`", kinds=kinds))
    return value


Bound = Annotated[Any, AfterValidator(_bound), WithJsonSchema({"type": "number"})]
"""A finite number."""

Choice = Annotated[Any, WithJsonSchema({"type": ["boolean", "number", "string"]})]
"""A value of the kind that is expected."""


class Expectation(Value):
    """What a fact must be: its kind, its range, or the values it may have."""

    kind: FactKind
    """What the fact is: number, integer, text, boolean, list or object. True and false are not numbers."""
    at_least: Bound | None = None
    """The smallest number that is allowed."""
    above: Bound | None = None
    """The number must be more than this."""
    at_most: Bound | None = None
    """The largest number that is allowed."""
    below: Bound | None = None
    """The number must be less than this."""
    one_of: Annotated[tuple[Choice, ...], Field(min_length=1, max_length=MAX_CHOICES, strict=False)] | None = None
    """The values that are allowed, each of the kind that is expected."""
    optional: bool = False
    """Whether the fact may be missing or null."""

    @model_validator(mode="after")
    def _can_be_met(self) -> "Expectation":
        fault = _fault_of_range(self) or _fault_of_choices(self)
        if fault:
            raise ValueError(fault)
        return self

    @property
    def bounds(self) -> dict[Comparison, Any]:
        """The ends of the range, by how a number is compared with each."""
        return {name: getattr(self, name) for name in _BOUNDS if getattr(self, name) is not None}

    @property
    def in_words(self) -> str:
        """What is expected, as what follows `expected:`.

        >>> Expectation(kind="number", at_least=0, below=1).in_words, Expectation(kind="text", one_of=("EU",)).in_words
        ('a number, at least 0, below 1', "text, one of 'EU'")
        """
        return ", ".join([_kind_in_words(self), *([_choices_in_words(self.one_of)] if self.one_of else [])])

    def is_met(self, value: Any) -> bool:
        """Return whether a value is what is expected.

        >>> [Expectation(kind="number", at_most=5).is_met(value) for value in (5, 5.5, True, "5")]
        [True, False, False, False]
        """
        return _is_kind(self.kind, value) and self.is_in_range(value) and (not self.one_of or value in self.one_of)

    def is_in_range(self, value: Any) -> bool:
        """Return whether a value of the kind is within all bounds."""
        return all(COMPARISONS[name].trips(value, limit) for name, limit in self.bounds.items())


Expected = Annotated[Expectation, BeforeValidator(_spelled, json_schema_input_type=FactKind | Expectation)]
"""An expectation, or only its kind."""

Expect = Annotated[dict[FactPath, Expected], Field(max_length=MAX_EXPECTED)]
"""What is expected of the facts of a source, by their paths."""


def _is_kind(kind: FactKind, value: Any) -> bool:
    try:
        _TYPES[kind].validate_python(value)
    except ValidationError:
        return False
    return is_plain(value)


def _kind_in_words(expected: Expectation) -> str:
    bounds = [say(_BOUNDS[name], limit=shown(limit)) for name, limit in expected.bounds.items()]
    return ", ".join([say(_WORDS[expected.kind]), *bounds])


def _choices_in_words(choices: tuple[Any, ...]) -> str:
    listed, more = ", ".join(map(shown, choices[:MAX_NAMED])), len(choices) - MAX_NAMED
    if more > 0:
        return say("one of {choices} and {count} more", choices=listed, count=more)
    return say("one of {choices}", choices=listed)


def _fault_of_range(expected: Expectation) -> str | None:
    bounds = expected.bounds
    if bounds and expected.kind not in _NUMBERS:
        return say(
            "it has `{bound}`, which is for numbers; allowed: the kind number or integer", bound=next(iter(bounds))
        )
    twice = next((pair for pair in _PAIRS if all(each in bounds for each in pair)), None)
    if twice:
        return say("it has both `{one}` and `{other}`; allowed: one of them", one=twice[0], other=twice[1])
    if _is_empty(expected):
        return say("nothing can be {words}; allowed: a range that has a number in it", words=_kind_in_words(expected))
    return None


def _is_empty(expected: Expectation) -> bool:
    """Return whether no number of the kind is in the range."""
    low = next((limit for limit in (expected.at_least, expected.above) if limit is not None), None)
    high = next((limit for limit in (expected.at_most, expected.below) if limit is not None), None)
    if expected.kind == "integer":
        return _first_whole(low, expected.above is not None) > _last_whole(high, expected.below is not None)
    if low is None or high is None:
        return False
    return bool(low > high or (low == high and not expected.at_least == expected.at_most == low))


def _first_whole(low: Any, is_outside: bool) -> int:
    """Return the smallest whole number that a fact can be, from a limit on."""
    least = -MAX_INTEGER if low is None else floor(low) + 1 if is_outside else ceil(low)
    return max(least, -MAX_INTEGER)


def _last_whole(high: Any, is_outside: bool) -> int:
    """Return the largest whole number that a fact can be, up to a limit."""
    most = MAX_INTEGER if high is None else ceil(high) - 1 if is_outside else floor(high)
    return min(most, MAX_INTEGER)


def _fault_of_choices(expected: Expectation) -> str | None:
    if expected.one_of is None:
        return None
    if expected.kind not in _LISTED:
        return say("it has `one_of`, which is for single values; allowed: the kinds {kinds}", kinds=", ".join(_LISTED))
    for choice in expected.one_of:
        if not (_is_kind(expected.kind, choice) and expected.is_in_range(choice)):
            words = _kind_in_words(expected)
            return say("it lists {value} in `one_of`; allowed: {words}", value=shown(choice), words=words)
    return None
