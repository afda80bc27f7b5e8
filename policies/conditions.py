"""Conditions: CEL expressions, type-checked when a team file is loaded, evaluated by one wrapper.

CEL (Common Expression Language, https://github.com/cel-expr/cel-spec) has no side effects and always ends. A run-time
error comes back from the runtime as a truthy value of type ERROR, so only a BOOL counts as an answer here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from cel_expr_python import cel

from policies.plain import clean_text

MAX_LENGTH = 1_000
_FACT_PATH = re.compile(r"\bfacts((?:\.[A-Za-z_]\w*)+)")
_POSITION = re.compile(r"<input>:\d+:(\d+): (.*)")


class ConditionError(ValueError):
    """A condition does not compile, or is not BOOL; the message says why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A condition that has no answer for these values, with the runtime's reason."""

    message: str


@cache
def _facts_environment() -> Any:
    return cel.NewEnv(variables={"facts": cel.Type.Map(cel.Type.STRING, cel.Type.DYN)})


@lru_cache(maxsize=4_096)
def compile_condition(text: str) -> Any:
    """Return the compiled form of a condition over `facts`.

    Raises:
        ConditionError: it is too long or not plain text, does not compile, names anything but `facts`, or is not BOOL.

    >>> compile_condition("nope > 1")
    Traceback (most recent call last):
    policies.conditions.ConditionError: undeclared reference to 'nope' (in container '') at character 1
    """
    if len(text) > MAX_LENGTH:
        raise ConditionError(f"has {len(text)} characters; allowed: at most {MAX_LENGTH}")
    if clean_text(text) != text:
        raise ConditionError("has a NUL character or a lone surrogate")
    try:
        expression = _facts_environment().compile(text)
    except RuntimeError as error:
        raise ConditionError(_readable(str(error))) from None
    if expression.return_type() != cel.Type.BOOL:
        raise ConditionError(f"is {expression.return_type().name()}; allowed: a comparison, which is BOOL")
    return expression


def holds(text: str, facts: Mapping[str, Any]) -> bool | Fault:
    """Return whether the condition holds for these facts, or the fault if it has no answer.

    The facts must be plain: an integer of some thousand digits ends the process inside the runtime.

    Raises:
        ConditionError: the condition does not compile.

    >>> holds("facts.rate >= 0.03", {"rate": 0.028})
    False
    >>> holds("facts.rate >= 0.03", {})
    Fault(message='NOT_FOUND: Key not found in map : "rate"')
    """
    condition = compile_condition(text)
    try:
        answer = condition.eval(data={"facts": facts})
    except RuntimeError as error:
        return Fault(str(error))
    if answer.type() != cel.Type.BOOL:
        return Fault(str(answer.value()))
    return bool(answer.value())


def fact_paths(text: str) -> tuple[str, ...]:
    """Return the dotted paths into the facts that a condition reads, in order of appearance.

    >>> fact_paths("facts.risk.rate >= facts.limits.rate")
    ('risk.rate', 'limits.rate')
    """
    return tuple(dict.fromkeys(path[1:] for path in _FACT_PATH.findall(text)))


def _readable(message: str) -> str:
    found = _POSITION.search(message)
    return f"{found[2]} at character {found[1]}" if found else message.splitlines()[0]
