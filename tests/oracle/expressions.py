"""Conditions as small syntax trees: each is written out as CEL, and evaluated here by rules of its own.

CEL has whole numbers whose division goes toward zero, faults for a division by zero or a key that is not there, and
`&&` and `||` that a fault on one side does not stop where the other side decides.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Values = Mapping[str, Any]
"""What a condition reads: counts and places by name, `stances` as a mapping, `conflicts` as a tuple."""


class Fault(Exception):
    """A condition that has no value."""


@dataclass(frozen=True)
class Number:
    value: int


@dataclass(frozen=True)
class Truth:
    value: bool


@dataclass(frozen=True)
class Name:
    """A whole number that a condition may read."""

    name: str


@dataclass(frozen=True)
class Stance:
    """Whether a role says a word; the key with a dot or in brackets, `==` or `!=`."""

    role: str
    word: str
    same: bool = True
    bracket: bool = False


@dataclass(frozen=True)
class Seated:
    """Whether a role has a stance at all."""

    role: str


@dataclass(frozen=True)
class Somebody:
    """Whether a role (`everybody`: each role) says a word, as a macro."""

    word: str
    everybody: bool = False


@dataclass(frozen=True)
class Conflict:
    """Whether a conflict is named in this round."""

    name: str


@dataclass(frozen=True)
class Size:
    """How many entries `conflicts` or `stances` has."""

    of: str


@dataclass(frozen=True)
class Share:
    """Whether one count divided by another, as decimal numbers, is at least so many hundredths."""

    part: str
    whole: str
    hundredths: int


@dataclass(frozen=True)
class Not:
    inner: "Expression"


@dataclass(frozen=True)
class Pair:
    """Two parts and the sign between them: arithmetic, a comparison, `&&` or `||`."""

    sign: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True)
class Choice:
    """`test ? yes : no`."""

    test: "Expression"
    yes: "Expression"
    no: "Expression"


Expression = (
    Number | Truth | Name | Stance | Seated | Somebody | Conflict | Size | Share | Not | Pair | Choice
)  # fmt: skip


def text(part: Expression) -> str:
    """Write the expression out as CEL."""
    match part:
        case Number(value):
            return str(value)
        case Truth(value):
            return "true" if value else "false"
        case Name(name):
            return name
        case Seated(role):
            return f'"{role}" in stances'
        case Conflict(name):
            return f'"{name}" in conflicts'
        case Size(of):
            return f"size({of})"
        case Share(some, whole, hundredths):
            return f"double({some}) / double({whole}) >= {hundredths / 100}"
        case _:
            return _longer_text(part)


def _longer_text(part: Expression) -> str:
    match part:
        case Stance(role, word, same, bracket):
            key = f'stances["{role}"]' if bracket else f"stances.{role}"
            return f'{key} {"==" if same else "!="} "{word}"'
        case Somebody(word, everybody):
            return f'stances.{"all" if everybody else "exists"}(r, stances[r] == "{word}")'
        case Not(inner):
            return f"!({text(inner)})"
        case Choice(test, yes, no):
            return f"(({text(test)}) ? ({text(yes)}) : ({text(no)}))"
        case Pair(sign, left, right):
            return f"{_inside(left)} {sign} {_inside(right)}"
    raise TypeError(part)


def _inside(part: Expression) -> str:
    """In brackets where it has a sign of its own, so that no order of signs is relied on."""
    return text(part) if isinstance(part, Number | Name | Size | Truth | Not | Choice) else f"({text(part)})"


def _divided(left: int, right: int) -> int:
    if right == 0:
        raise Fault
    whole = abs(left) // abs(right)
    return whole if (left < 0) == (right < 0) else -whole


def _remainder(left: int, right: int) -> int:
    return left - right * _divided(left, right)


SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": _divided, "%": _remainder,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def value(part: Expression, values: Values) -> Any:
    """Evaluate the expression; raise Fault where it has no value."""
    match part:
        case Pair("&&" | "||", left, right):
            return _joined(part.sign == "||", left, right, values)
        case Pair(sign, left, right):
            return SIGNS[sign](value(left, values), value(right, values))
        case Number(number) | Truth(number):
            return number
        case Name(name):
            return values[name]
        case Not(inner):
            return not value(inner, values)
        case Choice(test, yes, no):
            return value(yes if value(test, values) else no, values)
        case _:
            return _looked_up(part, values)


def _joined(decides: bool, left: Expression, right: Expression, values: Values) -> bool:
    """`||` is true where one side is, `&&` false where one side is; only else does a fault count."""
    faults = 0
    for side in (left, right):
        try:
            if value(side, values) is decides:
                return decides
        except Fault:
            faults += 1
    if faults:
        raise Fault
    return not decides


def _looked_up(part: Expression, values: Values) -> Any:
    stances = values["stances"]
    match part:
        case Stance(role, word, same):
            if role not in stances:
                raise Fault
            return (stances[role] == word) is same
        case Seated(role):
            return role in stances
        case Somebody(word, everybody):
            return (all if everybody else any)(said == word for said in stances.values())
        case Conflict(name):
            return name in values["conflicts"]
        case Size(of):
            return len(values[of])
        case Share(some, whole, hundredths):
            if values[whole] == 0:
                return values[some] > 0  # decimal numbers: x / 0 is infinite, and 0 / 0 is no number at all
            return values[some] / values[whole] >= hundredths / 100
    raise TypeError(part)


def names_read(part: Expression) -> frozenset[str]:
    """Return the names that an expression reads."""
    match part:
        case Name(name):
            return frozenset({name})
        case Stance() | Seated() | Somebody():
            return frozenset({"stances"})
        case Conflict():
            return frozenset({"conflicts"})
        case Size(of):
            return frozenset({of})
        case Share(some, whole):
            return frozenset({some, whole})
        case Not(inner):
            return names_read(inner)
        case Pair(_, left, right):
            return names_read(left) | names_read(right)
        case Choice(test, yes, no):
            return names_read(test) | names_read(yes) | names_read(no)
    return frozenset()
