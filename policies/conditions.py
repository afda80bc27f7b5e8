"""Conditions: CEL expressions, type-checked when a team file is loaded, evaluated by one wrapper.

CEL (Common Expression Language, https://github.com/cel-expr/cel-spec) has no side effects and always ends. A run-time
error comes back from the runtime as a truthy value of type ERROR, so only a BOOL counts as an answer here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal, get_args

from cel_expr_python import cel

from policies.conflicts import ConflictName
from policies.contract import STANCES
from policies.plain import clean_text

MAX_LENGTH = 1_000
Scope = Literal["facts", "vote", "output"]
"""What a condition reads: a role's rules the facts, a row of a decision table the vote, a check a role's output."""

_COUNTS = (
    *("go", "caution", "block", "absent", "team", "vetoes", "round", "rounds_left", "block_streak", "open_questions"),
    *("min_go_votes", "weighted_go", "weighted_caution", "weighted_block"),
)
CONFIDENCES = ("mean_confidence", "min_confidence")
VOTE_VARIABLES = (*_COUNTS, "stances", "conflicts", *CONFIDENCES)
"""What a row of a decision table may read."""

_TEXT = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\''
_LONG_TEXT = r'''(?s:"""(?:[^\\]|\\.)*?"""|\'{3}(?:[^\\]|\\.)*?\'{3})'''
_WORD = re.compile(rf"{_TEXT}|[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*")
_FACT_PATH = re.compile(r"\bfacts((?:\.[A-Za-z_]\w*)+)")
_OUTPUT_FIELD = re.compile(
    rf"""{_LONG_TEXT}|(?<![\w.])\s*output\s*(?:\.\s*([A-Za-z_]\w*)\b(?!\s*\()|\[\s*["\'](\w+)["\']\s*\])|{_TEXT}|//.*"""
)
_NAMED_STANCE = re.compile(r'\bstances\s*(?:\.\s*([a-z][a-z0-9_]*)\b(?!\s*\()|\[\s*["\'](\w+)["\']\s*\])')
_NAME = re.compile(r"[A-Za-z_]\w*")
_UNSURE = re.compile(r"""//|\'\'\'|\"\"\"|\b[rRbB]{1,2}[\"']""")
"""Comments, long texts and raw texts, in which a quote need not begin or end a text."""

_TEXTS = re.compile(rf"(\[\s*(?:{_TEXT})\s*\])|{_TEXT}")
_CASTS = (*STANCES, "absent")
_CONFLICTS: tuple[str, ...] = get_args(ConflictName)
_COMPARED = re.compile(r"""\bstances\s*(?:\.\s*\w+|\[\s*["\']\w+["\']\s*\])\s*[!=]=\s*["\'](\w*)["\']""")
_LOOKED_FOR = re.compile(r"""["\'](\w*)["\']\s+in\s+conflicts\b""")
_PART = re.compile(r"[A-Za-z_]\w*|\d[\w.]*|&&|\|\||[<>=!]=|\S")
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_BEFORE, _BEHIND = ("(", "&&", "||", "?", ":"), (")", "&&", "||", "?", ":")
_POSITION = re.compile(r"<input>:\d+:(\d+): (.*)")


class ConditionError(ValueError):
    """A condition does not compile, or is not BOOL; the message says why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A condition that has no answer for these values, with the runtime's reason."""

    message: str


@cache
def _environment(scope: Scope) -> Any:
    if scope in ("facts", "output"):
        return cel.NewEnv(variables={scope: cel.Type.Map(cel.Type.STRING, cel.Type.DYN)})
    counts = dict.fromkeys(_COUNTS, cel.Type.INT)
    stances = {"stances": cel.Type.Map(cel.Type.STRING, cel.Type.STRING)}
    conflicts = {"conflicts": cel.Type.List(cel.Type.STRING)}
    return cel.NewEnv(variables={**counts, **stances, **conflicts, **dict.fromkeys(CONFIDENCES, cel.Type.DOUBLE)})


@lru_cache(maxsize=4_096)
def compile_condition(text: str, scope: Scope = "facts") -> Any:
    """Return the compiled form of a condition over `facts`, or over the variables of a vote.

    Raises:
        ConditionError: it is too long or not plain text, does not compile, names an unknown variable, or is not BOOL.

    >>> compile_condition("nope > 1")
    Traceback (most recent call last):
    policies.conditions.ConditionError: undeclared reference to 'nope' (in container '') at character 1
    """
    if len(text) > MAX_LENGTH:
        raise ConditionError(f"has {len(text)} characters; allowed: at most {MAX_LENGTH}")
    if clean_text(text) != text:
        raise ConditionError("has a NUL character or a lone surrogate")
    try:
        expression = _environment(scope).compile(text)
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
    return _answer(compile_condition(text), {"facts": facts})


def holds_for_output(text: str, output: Mapping[str, Any]) -> bool | Fault:
    """Return whether the condition holds for a role's output, or the fault if it has no answer.

    Raises:
        ConditionError: the condition does not compile.

    >>> holds_for_output("output.margin_pct > 5.0", {"margin_pct": 7.5})
    True
    """
    return _answer(compile_condition(text, "output"), {"output": output})


def holds_for_vote(text: str, variables: Mapping[str, Any]) -> bool | Fault:
    """Return whether the condition holds for the variables of a vote, or the fault if it has no answer.

    Raises:
        ConditionError: the condition does not compile.

    >>> holds_for_vote("go >= 2", {"go": 3})
    True
    """
    return _answer(compile_condition(text, "vote"), variables)


def _answer(condition: Any, data: Mapping[str, Any]) -> bool | Fault:
    try:
        answer = condition.eval(data=data)
    except RuntimeError as error:
        return Fault(str(error))
    if answer.type() != cel.Type.BOOL:
        return Fault(str(answer.value()))
    return bool(answer.value())


@lru_cache(maxsize=4_096)
def variables_in(text: str) -> tuple[str, ...]:
    """Return the variables of a vote that a condition may read, in the order in which they are declared.

    Where quotes may not be what they look like, every name counts: one too many costs nothing, one too few is an error.

    >>> variables_in("go >= min_go_votes && caution == 0")
    ('go', 'caution', 'min_go_votes')
    """
    found = _NAME.findall(text) if _UNSURE.search(text) else _WORD.findall(text)
    heads = {word.partition(".")[0].strip() for word in found}
    return tuple(name for name in VOTE_VARIABLES if name in heads)


@lru_cache(maxsize=4_096)
def roles_in(text: str) -> tuple[str, ...] | None:
    """Return the roles whose stances a condition reads by name; None where that is not sure.

    >>> roles_in('stances.risk == "block" && stances["legal"] != "go"')
    ('risk', 'legal')
    >>> roles_in("stances.all(role, stances[role] == 'go')") is None
    True
    """
    if _UNSURE.search(text) and "stances" in variables_in(text):
        return None
    code = _TEXTS.sub(lambda found: found[1] or '""', text)
    named = [dotted or quoted for dotted, quoted in _NAMED_STANCE.findall(code)]
    uses = [word for word in _WORD.findall(code) if word.partition(".")[0].strip() == "stances"]
    return tuple(dict.fromkeys(named)) if len(uses) == len(named) else None


@lru_cache(maxsize=4_096)
def constants_compared(text: str, variable: str) -> frozenset[int] | None:
    """Return the integers that a condition compares a variable of a vote with; None where it does more with it.

    >>> sorted(constants_compared("round == 2 || round > 4 && go > 1", "round") or ())
    [2, 4]
    >>> constants_compared("round * 2 > 5", "round") is None
    True
    """
    if variable not in variables_in(text):
        return frozenset()
    if _UNSURE.search(text):
        return None
    words = ["(", *_PART.findall(_TEXTS.sub('""', text)), ")"]
    uses = [place for place, word in enumerate(words) if word == variable and words[place - 1] != "."]
    found = [_compared_at(words, place) for place in uses]
    return None if None in found else frozenset(each for each in found if each is not None)


def _compared_at(words: list[str], place: int) -> int | None:
    """Return the integer that the word at a place is compared with, where nothing but that happens to both."""
    for constant, first, last in ((place + 2, place, place + 2), (place - 2, place - 2, place)):
        sides = words[max(first - 1, 0) : first], words[last + 1 : last + 2]
        is_alone = sides[0] and sides[1] and sides[0][0] in _BEFORE and sides[1][0] in _BEHIND
        if is_alone and words[(first + last) // 2] in _COMPARISONS and words[constant].isdecimal():
            return int(words[constant])
    return None


def find_strange_word(text: str) -> str | None:
    """Return a sentence on the first word compared with a stance or looked for in the conflicts that is none, or None.

    >>> find_strange_word('stances.risk == "blok"')
    "compares a stance with 'blok'; allowed: go, caution, block, absent"
    """
    for word in _COMPARED.findall(text):
        if word not in _CASTS:
            return f"compares a stance with {word!r}; allowed: {', '.join(_CASTS)}"
    for word in _LOOKED_FOR.findall(text):
        if word not in _CONFLICTS:
            return f"looks for the conflict {word!r}; allowed: {', '.join(_CONFLICTS)}"
    return None


def fact_paths(text: str) -> tuple[str, ...]:
    """Return the dotted paths into the facts that a condition reads, in order of appearance.

    >>> fact_paths("facts.risk.rate >= facts.limits.rate")
    ('risk.rate', 'limits.rate')
    """
    return tuple(dict.fromkeys(path[1:] for path in _FACT_PATH.findall(text)))


def output_fields(text: str) -> tuple[str, ...]:
    """Return the fields of an output that a check reads, in order of appearance.

    >>> output_fields("output.margin > 5.0 && output['text'] != 'output.nope'")
    ('margin', 'text')
    """
    return tuple(dict.fromkeys(dotted or quoted for dotted, quoted in _OUTPUT_FIELD.findall(text) if dotted or quoted))


def _readable(message: str) -> str:
    found = _POSITION.search(message)
    return f"{found[2]} at character {found[1]}" if found else message.splitlines()[0]
