"""Team facts: what the guards, checks and derivations of a team file cannot use of the facts that it has at hand."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeGuard

from pydantic import ValidationError

from policies.conditions.condition import ConditionError, Fault, compile_condition, compile_number, holds, value_of
from policies.conditions.places import Path
from policies.decision.guards import ABSENT, Guard
from policies.language import phrase, say
from policies.paths import MISSING, keys_of, value_at
from policies.team.fit import PARTLY, Misfit, explain_fault, misfits_of_condition, misfits_of_guard
from policies.team.privacy import overlaps, withhold
from policies.team.rules import Problem

Field = tuple[str | int, ...]

CORRECT = phrase("correct the path, or add the fact")
CHANGE = phrase("correct the path, or the value")


@dataclass(frozen=True, slots=True)
class Unusable:
    """A problem of a team file with its facts, and the path of the fact that it is about, where it is about one."""

    problem: Problem
    fact: Path


def find_unusable(raw: Mapping[str, Any], facts: Mapping[str, Any], expected: Sequence[str] = ()) -> Iterator[Unusable]:
    """Yield what guards, checks and derivations of a team's raw values cannot use of the facts; not of teams within.

    What is not a guard or a condition is left to the team's own types, and what reads a private fact to its rules. The
    values are judged as they are, and private ones are never shown. A fact that `requires` names, or that is `expected`
    of a source, may be missing: the run says so.

    >>> raw = {"guards": [{"name": "recalls", "fact": "safety.open_recals", "above": 0, "cap": "no_go"}]}
    >>> [found] = find_unusable(raw, {"safety": {"open_recalls": 0}})
    >>> found.problem.message.partition("; ")[0]
    'cannot be used: `safety.open_recals` is not in the facts'
    """
    private, required = _paths(raw.get("private")), (*_paths(raw.get("requires")), *expected)
    shown = withhold(facts, private)
    lacking = [keys_of(path) for path in required if value_at(path, facts) in (MISSING, None)]
    for field, found in (*_of_guards(raw, facts), *_of_roles(raw, facts), *_of_derivations(raw, facts)):
        path = found.path if isinstance(found, Misfit) else ()
        is_required = any(path[: len(keys)] == keys for keys in lacking)
        if not path or not (is_required or overlaps(path, private, "walk")):
            yield _unusable(field, found, shown)


def _of_guards(raw: Mapping[str, Any], facts: Mapping[str, Any]) -> Iterator[tuple[Field, Misfit]]:
    for index, guard in _guards(raw):
        for misfit in misfits_of_guard(guard, facts):
            field = "fact" if keys_of(guard.fact) == misfit.path else guard.comparison
            yield ("guards", index, field), misfit


def _of_roles(raw: Mapping[str, Any], facts: Mapping[str, Any]) -> Iterator[tuple[Field, Misfit | str]]:
    for name, role in _mapping(raw.get("roles")).items():
        for index, found in _of_checks(_sequence(_mapping(role).get("checks")), facts):
            yield ("roles", name, "checks", index, "when"), found


def _of_derivations(raw: Mapping[str, Any], facts: Mapping[str, Any]) -> Iterator[tuple[Field, Misfit | str]]:
    """Yield why a derivation cannot be worked out: the first thing that it cannot use."""
    for name, expression in _mapping(raw.get("derive")).items():
        answer = value_of(expression, facts) if _compiles(expression, compile_number) else None
        if isinstance(answer, Fault):
            yield ("derive", name), explain_fault(expression, answer.message, facts)


def _guards(raw: Mapping[str, Any]) -> Iterator[tuple[int, Guard]]:
    for index, each in enumerate(_sequence(raw.get("guards"))):
        with suppress(ValidationError):
            yield index, Guard.model_validate(each)


def _of_checks(checks: Sequence[Any], facts: Mapping[str, Any]) -> Iterator[tuple[int, Misfit | str]]:
    """Yield what each check cannot use, and why the first one that is asked and has no answer has none."""
    is_over = False
    for index, check in enumerate(checks):
        when = _mapping(check).get("when")
        if not _compiles(when, compile_condition):
            continue
        misfits = misfits_of_condition(when, facts)
        yield from ((index, misfit) for misfit in misfits)
        answer = False if is_over or misfits else holds(when, facts)
        if isinstance(answer, Fault):
            yield index, explain_fault(when, answer.message, facts)
        is_over = is_over or bool(misfits) or answer is not False


def _compiles(written: object, compiling: Callable[[str], object]) -> TypeGuard[str]:
    try:
        return isinstance(written, str) and bool(compiling(written))
    except ConditionError:
        return False


def _unusable(field: Field, found: Misfit | str, shown: Mapping[str, Any]) -> Unusable:
    told = found if isinstance(found, str) else found.told(shown)
    is_absent = isinstance(found, Misfit) and found.found in (ABSENT, PARTLY)
    hint = say("; text with a dot is read as a path") if is_absent and field[-1] == "equals" else ""
    message = say(
        "cannot be used: {why}{hint}; {todo}", why=told, hint=hint, todo=say(CORRECT if is_absent else CHANGE)
    )
    return Unusable(Problem(field, message), () if isinstance(found, str) else found.path)


def _paths(value: object) -> list[str]:
    return [path for path in _sequence(value) if isinstance(path, str)]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
