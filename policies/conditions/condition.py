"""Conditions: CEL expressions, checked when a team file is loaded, evaluated by one wrapper.

CEL (Common Expression Language, https://github.com/cel-expr/cel-spec) has no side effects and always ends. A run-time
error comes back from the runtime as a truthy value of type ERROR, so only a BOOL counts as an answer here.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

from cel_expr_python import cel

from policies.conditions.messages import TooDeepError, changed, read_tree
from policies.conditions.numbers import decimal_changes, find_mixture, takes_decimals
from policies.conditions.operators import as_written, build_checker, build_runtime
from policies.conditions.places import EACH, WALK, Read, reads_of
from policies.conditions.refusals import PLACE, in_words, kind_in_words, place_in
from policies.conditions.tree import Tree
from policies.decision.variables import VARIABLES, Kind
from policies.language import phrase, say
from policies.plain import MAX_INTEGER, clean_text, shown

MAX_LENGTH = 1_000
MAX_NESTING = 32
"""Of the parser of CEL."""

Scope = Literal["facts", "vote", "output"]
"""What a condition reads: a role's rules the facts, a row of a decision table the vote, a check a role's output."""

_TOO_DEEP = phrase(
    "{subject} is nested deeper than {most} levels, of which a macro takes several; "
    "allowed: fewer brackets, operators and macros in one another"
)

_TOO_LONG = phrase("{subject} has {count} characters; allowed: at most {most}")

AS_IS: Literal["as it is"] = "as it is"
DECIMAL: Literal["decimal"] = "decimal"
Taken = Literal["as it is", "decimal"] | Mapping[str, "Taken"]
"""What is taken of a value: all of it, as it is or with its numbers decimal, or what is taken at each of its keys."""


class ConditionError(ValueError):
    """A condition does not compile, or is not BOOL; the message says why, in a whole sentence."""

    def __init__(self, sentence: str, **values: Any) -> None:
        """Take the sentence, with `{subject}` in it for what is wrong, and what else is put into it."""
        super().__init__(say(sentence, subject=say("the condition"), **values))
        self._sentence, self._values = sentence, values

    def told_of(self, subject: str) -> str:
        """Return the same sentence about something else.

        >>> ConditionError("{subject} has {count} characters", count=5).told_of("the derivation")
        'the derivation has 5 characters'
        """
        return say(self._sentence, subject=subject, **self._values)


@dataclass(frozen=True, slots=True)
class Fault:
    """A condition that has no answer for these values, with the runtime's reason."""

    message: str


@dataclass(frozen=True, slots=True)
class Condition:
    """An expression that may be evaluated: what it gives, its tree as it is written, what it takes, and what runs."""

    kind: str
    """The type that the checker says it gives; `dyn` where only the values can say."""
    tree: Tree
    taken: Taken
    program: Any


@cache
def _variables(scope: Scope) -> Mapping[str, Any]:
    if scope in ("facts", "output"):
        return {scope: cel.Type.Map(cel.Type.STRING, cel.Type.DYN)}
    return {name: _KINDS[variable.kind] for name, variable in VARIABLES.items()}


_KINDS: Mapping[Kind, Any] = {
    "count": cel.Type.INT,
    "stances": cel.Type.Map(cel.Type.STRING, cel.Type.STRING),
    "conflicts": cel.Type.List(cel.Type.STRING),
    "confidence": cel.Type.DOUBLE,
}


@cache
def _environments(scope: Scope) -> tuple[Any, Any]:
    """Return what checks a condition of this scope, and what evaluates it."""
    return build_checker(_variables(scope), is_json=scope != "vote"), build_runtime(_variables(scope))


def compile_condition(text: str, scope: Scope = "facts") -> Condition:
    """Return the compiled form of a condition over `facts`, over the variables of a vote or over an `output`.

    Raises:
        ConditionError: it is not an expression, see `compile_expression`, or not BOOL.

    >>> compile_condition("nope > 1")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    policies.conditions.condition.ConditionError: the condition cannot be read: `nope` is unknown here, at...
    """
    return _giving(
        compile_expression(text, scope),
        ("bool",),
        _NO_CONDITION,
    )


def compile_number(text: str) -> Condition:
    """Return the compiled form of an expression over `facts` that gives a number.

    Raises:
        ConditionError: it is not an expression, see `compile_expression`, or gives something else.

    >>> compile_number("facts.rate > 1")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    policies.conditions.condition.ConditionError: the condition gives a boolean; allowed: arithmetic on...
    """
    if not text.strip():
        why = say("it is empty; allowed: arithmetic on facts, which gives a number")
        raise ConditionError(phrase("{subject} cannot be read: {why}"), why=why)
    return _giving(compile_expression(text), _NUMBERS, _NO_NUMBER)


_NO_CONDITION = phrase("{subject} gives {kind}; allowed: a comparison, which gives true or false")
_NO_NUMBER = phrase("{subject} gives {kind}; allowed: arithmetic on facts, which gives a number")
_NUMBERS = ("double", "int", "uint", "dyn")


def _giving(expression: Condition, kinds: Sequence[str], refusal: str) -> Condition:
    if expression.kind not in kinds:
        raise ConditionError(refusal, kind=say(kind_in_words(expression.kind)))
    return expression


@lru_cache(maxsize=4_096)
def compile_expression(text: str, scope: Scope = "facts") -> Condition:
    """Return the compiled form of an expression over `facts`, over the variables of a vote or over an `output`.

    Raises:
        ConditionError: it is too long or not plain text, does not compile, names an unknown variable, or mixes numbers
            in a way that cannot be right.

    >>> compile_expression("facts.revenue - facts.cost").kind
    'dyn'
    """
    if len(text) > MAX_LENGTH:
        raise ConditionError(_TOO_LONG, count=len(text), most=MAX_LENGTH)
    if clean_text(text) != text:
        raise ConditionError(phrase("{subject} has a NUL character or a lone surrogate"))
    checker, runtime = _environments(scope)
    try:
        kind, serialized = _checked(checker, text, scope)
        tree = read_tree(serialized)
    except TooDeepError:
        raise ConditionError(_TOO_DEEP, most=MAX_NESTING) from None
    _refuse_mixture(text, tree, scope)
    try:
        program = runtime.deserialize(changed(serialized, decimal_changes(tree)))
    except RuntimeError:  # what it may not read back is what the changes made deeper
        raise ConditionError(_TOO_DEEP, most=MAX_NESTING) from None
    reads = [Read(read.path[1:], read.use) for read in reads_of(tree.root, {}) if read.path[0] == scope]
    return Condition(kind, tree, _taken(reads, DECIMAL if takes_decimals(tree) else AS_IS), program)


def _checked(checker: Any, text: str, scope: Scope) -> tuple[str, bytes]:
    """Return what the checked expression gives, and the expression as the runtime serializes it."""
    try:
        expression = checker.compile(text)
    except RuntimeError as error:
        raise _unreadable(text, str(error), scope) from None
    return expression.return_type().name().lower(), bytes(expression.serialize())


def _unreadable(text: str, message: str, scope: Scope) -> ConditionError:
    if not PLACE.search(message) and "recursion" in message.splitlines()[0]:  # the one reason without a place
        return ConditionError(_TOO_DEEP, most=MAX_NESTING)
    why = in_words(text, message, [*_variables(scope)])
    return ConditionError(phrase("{subject} cannot be read: {why}"), why=why)


def _refuse_mixture(text: str, tree: Tree, scope: Scope) -> None:
    mixture = find_mixture(tree, is_counted=scope == "vote")
    if mixture:
        place = place_in(text, tree.positions[mixture.node.id])
        raise ConditionError(mixture.sentence, place=place, **mixture.values)


def _taken(reads: Sequence[Read], all_of_it: Taken) -> Taken:
    """Return what is taken of a value for these reads: `all_of_it` where it is read as a whole."""
    is_walked = any((not read.path and read.use == WALK) or read.path[:1] == (EACH,) for read in reads)
    if (is_walked and all_of_it == AS_IS) or Read(()) in reads:
        return all_of_it
    below: dict[str, list[Read]] = {EACH: []} if is_walked else {}
    for read in reads:
        if read.path:
            below.setdefault(read.path[0], []).append(Read(read.path[1:], read.use))
    return {key: _taken(rests, all_of_it) for key, rests in below.items()}


def holds(text: str, values: Mapping[str, Any], scope: Literal["facts", "output"] = "facts") -> bool | Fault:
    """Return whether the condition holds for these facts, or this output of a role; or the fault if it has no answer.

    Raises:
        ConditionError: the condition does not compile.

    >>> holds("facts.rate >= 0.03", {"rate": 0.028})
    False
    >>> holds("facts.rate >= 0.03", {})
    Fault(message='NOT_FOUND: Key not found in map : "rate"')
    >>> holds("output.margin_pct > 5.0", {"margin_pct": 7.5}, "output")
    True
    """
    return _answer(_evaluated(compile_condition(text, scope), values, scope))


def value_of(text: str, facts: Mapping[str, Any]) -> float | Fault:
    """Return the number that an expression gives for these facts, or the fault if it gives none.

    Raises:
        ConditionError: the expression does not compile, or cannot give a number.

    >>> value_of("facts.revenue / facts.orders", {"revenue": 10, "orders": 4})
    2.5
    >>> value_of("facts.revenue / facts.orders", {"revenue": 10, "orders": 0})
    Fault(message='division by zero')
    """
    value = _evaluated(compile_number(text), facts, "facts")
    if isinstance(value, Fault):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if is_number else Fault(say("it gives {value}, not a number", value=shown(value)))


def _evaluated(condition: Condition, values: Mapping[str, Any], scope: Scope) -> Any:
    """Return what an expression gives for these values, or the fault if it has no answer."""
    try:
        data: Mapping[str, Any] = {scope: _part(dict(values), condition.taken)}
    except OverflowError as error:
        return Fault(str(error))
    return _run(condition.program, data)


def holds_for_vote(text: str, variables: Mapping[str, Any]) -> bool | Fault:
    """Return whether the condition holds for the variables of a vote, or the fault if it has no answer.

    Raises:
        ConditionError: the condition does not compile.

    >>> holds_for_vote("go >= 2", {"go": 3})
    True
    """
    return _answer(_run(compile_condition(text, "vote").program, variables))


def _part(value: Any, taken: Taken) -> Any:
    """Return what is taken of a value: the runtime copies all that it is given, at every call."""
    kind = type(value)
    if taken == AS_IS or not (kind is int or kind is dict or kind is list):
        return value
    if kind is int:
        return _decimal(value)
    if kind is list:
        each = DECIMAL if taken == DECIMAL else taken.get(EACH, {})
        return [_part(item, each) for item in value]
    if taken == DECIMAL:
        return {key: _part(inner, DECIMAL) for key, inner in value.items()}
    if EACH in taken:
        return {key: _part(inner, taken.get(key, taken[EACH])) for key, inner in value.items()}
    return {key: _part(value[key], inner) for key, inner in taken.items() if key in value}


def _decimal(value: int) -> float:
    if abs(value) > MAX_INTEGER:
        raise OverflowError(phrase("a whole number beyond ±(2^53-1)"))
    return float(value)


def _run(program: Any, data: Mapping[str, Any]) -> Any:
    try:
        found = program.eval(data=data)
    except RuntimeError as error:
        return Fault(as_written(str(error)))
    value = found.value()
    is_error = isinstance(value, str) and found.type() == cel.Type.ERROR
    return Fault(as_written(value)) if is_error else value


def _answer(value: Any) -> bool | Fault:
    return value if isinstance(value, bool | Fault) else Fault(str(value))
