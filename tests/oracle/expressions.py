"""Conditions as small syntax trees: each is written out as CEL, and evaluated here by rules of its own.

CEL has whole numbers whose division goes toward zero, faults for a division by zero or a key that is not there, and
`&&` and `||` that a fault on one side does not stop where the other side decides.
"""

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Values = Mapping[str, Any]
"""What a condition reads: counts and places by name, `stances` as a mapping, `conflicts` as a tuple."""

NOTHING: frozenset[str] = frozenset()


class Fault(Exception):
    """A condition that has no value."""


class Expression(ABC):
    """A part of a condition. What stands alone needs no brackets within another part."""

    stands_alone = True

    @abstractmethod
    def text(self) -> str:
        """Write it out as CEL."""

    @abstractmethod
    def value(self, values: Values) -> Any:
        """Evaluate it; raise Fault where it has no value."""

    @property
    def names(self) -> frozenset[str]:
        """The names it reads."""
        return NOTHING

    @property
    def roles(self) -> frozenset[str]:
        """The roles it names."""
        return NOTHING

    def inside(self) -> str:
        """Write it out in brackets where it has a sign of its own, so that no order of signs is relied on."""
        return self.text() if self.stands_alone else f"({self.text()})"


@dataclass(frozen=True)
class Number(Expression):
    number: int

    def text(self) -> str:
        return str(self.number)

    def value(self, values: Values) -> int:
        return self.number


@dataclass(frozen=True)
class Truth(Expression):
    holds: bool

    def text(self) -> str:
        return str(self.holds).lower()

    def value(self, values: Values) -> bool:
        return self.holds


@dataclass(frozen=True)
class Name(Expression):
    """A whole number that a condition may read."""

    name: str

    def text(self) -> str:
        return self.name

    def value(self, values: Values) -> Any:
        return values[self.name]

    @property
    def names(self) -> frozenset[str]:
        return frozenset({self.name})


@dataclass(frozen=True)
class Sure(Name):
    """A confidence against so many hundredths."""

    stands_alone = False
    sign: str
    hundredths: int

    def text(self) -> str:
        return f"{self.name} {self.sign} {self.hundredths / 100}"

    def value(self, values: Values) -> bool:
        return bool(SIGNS[self.sign](values[self.name], self.hundredths / 100))


@dataclass(frozen=True)
class Size(Name):
    """How many entries `conflicts` or `stances` has."""

    def text(self) -> str:
        return f"size({self.name})"

    def value(self, values: Values) -> int:
        return len(values[self.name])


@dataclass(frozen=True)
class OfStances(Expression):
    """A part that looks a role up among the stances."""

    stands_alone = False
    role: str

    @property
    def names(self) -> frozenset[str]:
        return frozenset({"stances"})

    @property
    def roles(self) -> frozenset[str]:
        return frozenset({self.role})


@dataclass(frozen=True)
class Stance(OfStances):
    """Whether a role says a word; the key with a dot or in brackets, `==` or `!=`."""

    word: str
    same: bool = True
    bracket: bool = False

    def text(self) -> str:
        key = f'stances["{self.role}"]' if self.bracket else f"stances.{self.role}"
        return f'{key} {"==" if self.same else "!="} "{self.word}"'

    def value(self, values: Values) -> bool:
        if self.role not in values["stances"]:
            raise Fault
        return bool((values["stances"][self.role] == self.word) is self.same)


@dataclass(frozen=True)
class Seated(OfStances):
    """Whether a role has a stance at all."""

    def text(self) -> str:
        return f'"{self.role}" in stances'

    def value(self, values: Values) -> bool:
        return self.role in values["stances"]


@dataclass(frozen=True)
class Somebody(Expression):
    """Whether some role (`everybody`: each role) says a word, as a macro."""

    word: str
    everybody: bool = False

    def text(self) -> str:
        return f'stances.{"all" if self.everybody else "exists"}(r, stances[r] == "{self.word}")'

    def value(self, values: Values) -> bool:
        found = [said == self.word for said in values["stances"].values()]
        return all(found) if self.everybody else any(found)

    @property
    def names(self) -> frozenset[str]:
        return frozenset({"stances"})


@dataclass(frozen=True)
class Conflict(Expression):
    """Whether a conflict is named in this round."""

    stands_alone = False
    name: str

    def text(self) -> str:
        return f'"{self.name}" in conflicts'

    def value(self, values: Values) -> bool:
        return self.name in values["conflicts"]

    @property
    def names(self) -> frozenset[str]:
        return frozenset({"conflicts"})


@dataclass(frozen=True)
class Share(Expression):
    """Whether a count, divided by the whole team as decimal numbers, is at least so many hundredths."""

    stands_alone = False
    part: str
    hundredths: int

    def text(self) -> str:
        return f"double({self.part}) / double(team) >= {self.hundredths / 100}"

    def value(self, values: Values) -> bool:
        return bool(values[self.part] / values["team"] >= self.hundredths / 100)

    @property
    def names(self) -> frozenset[str]:
        return frozenset({self.part, "team"})


@dataclass(frozen=True)
class Not(Expression):
    inner: Expression

    def text(self) -> str:
        return f"!({self.inner.text()})"

    def value(self, values: Values) -> bool:
        return self.inner.value(values) is False

    @property
    def names(self) -> frozenset[str]:
        return self.inner.names

    @property
    def roles(self) -> frozenset[str]:
        return self.inner.roles


@dataclass(frozen=True)
class Pair(Expression):
    """Two parts and the sign between them: arithmetic, or a comparison."""

    stands_alone = False
    sign: str
    left: Expression
    right: Expression

    def text(self) -> str:
        return f"{self.left.inside()} {self.sign} {self.right.inside()}"

    def value(self, values: Values) -> Any:
        return SIGNS[self.sign](self.left.value(values), self.right.value(values))

    @property
    def names(self) -> frozenset[str]:
        return self.left.names | self.right.names

    @property
    def roles(self) -> frozenset[str]:
        return self.left.roles | self.right.roles


class Both(Pair):
    """`&&` and `||`: the side that decides wins, whatever the other side is; only else does a fault count."""

    def value(self, values: Values) -> bool:
        decides: bool = self.sign == "||"
        faults = 0
        for side in (self.left, self.right):
            try:
                if side.value(values) == decides:
                    return decides
            except Fault:
                faults += 1
        if faults:
            raise Fault
        return not decides


@dataclass(frozen=True)
class Choice(Expression):
    """`test ? yes : no`."""

    test: Expression
    yes: Expression
    no: Expression

    def text(self) -> str:
        return f"(({self.test.text()}) ? ({self.yes.text()}) : ({self.no.text()}))"

    def value(self, values: Values) -> Any:
        return (self.yes if self.test.value(values) else self.no).value(values)

    @property
    def names(self) -> frozenset[str]:
        return self.test.names | self.yes.names | self.no.names

    @property
    def roles(self) -> frozenset[str]:
        return self.test.roles | self.yes.roles | self.no.roles


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
