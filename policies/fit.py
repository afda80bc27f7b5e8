"""Fit: whether facts have what guards and checks read, and of a kind that these can compare."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice, product
from typing import Any

from policies.conditions.operators import EQUALITIES
from policies.conditions.places import EACH, Path, shown_path, values_at
from policies.conditions.reading import Comparison, Operand, Written, comparisons_in, fact_paths, handled_in, reads_in
from policies.guards import ABSENT, SINGLE, Guard, find_unreadable, kind_of
from policies.paths import MISSING, keys_of
from policies.plain import MAX_SHOWN
from policies.privacy import WITHHELD

MAX_CANDIDATES = 5_000
"""Paths of the facts among which the nearest one is looked for."""

MAX_NAMED = 8
"""Facts named where no path is near."""

NULL = "is null"
PARTLY = "is not in every item"


@dataclass(frozen=True, slots=True)
class Misfit:
    """A path that a guard or a check cannot use on some facts, and what there is, in words behind it."""

    path: Path
    found: str

    @property
    def is_missing(self) -> bool:
        """Whether the facts lack the path, or have null there, which somebody may supply."""
        return self.found in (ABSENT, PARTLY, NULL)

    def told(self, facts: Mapping[str, Any]) -> str:
        """Return it as a sentence, with the nearest path of the facts, from which the private ones are withheld."""
        said = f"`{shown_path(self.path)}` {self.found}"
        return f"{said}; {_nearest(self.path, facts)}" if self.found == ABSENT else said


def misfits_of_guard(guard: Guard, facts: Mapping[str, Any]) -> list[Misfit]:
    """Return the paths of a guard that it cannot compare on these facts.

    >>> guard = Guard(name="fraud", fact="risk.rate", above=5, cap="no_go")
    >>> [each.found for facts in ({}, {"risk": {"rate": "high"}}) for each in misfits_of_guard(guard, facts)]
    ['is not in the facts', 'is text, not a number']
    """
    return [Misfit(keys_of(each.path), each.found) for each in find_unreadable(guard, facts)]


def misfits_of_condition(when: str, facts: Mapping[str, Any]) -> list[Misfit]:
    """Return the paths of a condition that it cannot use on these facts, those that it tests for left out.

    Raises:
        ConditionError: the condition does not compile.

    >>> [each.told({"rate": 1}) for each in misfits_of_condition("facts.rat > 0.5 || has(facts.x)", {"rate": 1})]
    ['`rat` is not in the facts; the nearest path is `rate`, a number']
    """
    return [*(Misfit(path, ABSENT) for path in _missing(when, facts)), *find_mistyped(when, facts)]


def explain_fault(when: str, message: str, facts: Mapping[str, Any]) -> Misfit | str:
    """Return why a condition has no answer on these facts: the first path that it cannot use, else what it reads.

    `message` is what the runtime says.
    """
    read = {path: [*values_at(path, facts)] for path in fact_paths(when)}
    gaps = (Misfit(path, PARTLY) for path, found in read.items() if MISSING in found and not _is_tested(path, when))
    null = (Misfit(path, NULL) for path, found in read.items() if None in found and path not in handled_in(when).null)
    misfits = [*misfits_of_condition(when, facts), *gaps, *null]
    if misfits:
        return misfits[0]
    status, _, words = message.partition(": ")
    said = words if status.isupper() else message
    kinds = [f"{_named(path)}, {kind_of(values[0])}" for path, values in read.items() if values]
    return f"it cannot be evaluated: {said}" + (f"; it reads {' and '.join(kinds)}" if kinds else "")


def _missing(when: str, facts: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the paths that are read and not there; of one that is only tested for, the value it would be in."""
    paths = [read.path[:-1] if read.use == "test" else read.path for read in reads_in(when)]
    for path in dict.fromkeys(paths):
        if _is_missing(path, facts) and not _is_tested(path, when):
            yield path


def _is_tested(path: Path, when: str) -> bool:
    """Tell whether a condition tests for the path, or for one that it is within."""
    return any(path[: len(each)] == each for each in handled_in(when).tested)


def _is_missing(path: Path, facts: Mapping[str, Any]) -> bool:
    """Tell whether nothing has a value at the path: of a list, no item; where there is no item, nobody can tell."""
    values = [*values_at(path, facts)]
    return bool(values) and all(value is MISSING for value in values)


def find_mistyped(when: str, facts: Mapping[str, Any]) -> Iterator[Misfit]:
    """Yield the paths that a condition compares with values of another kind."""
    for comparison in comparisons_in(when):
        sides = (comparison.left, comparison.right)
        left, right = (_kinds(side, when, facts) for side in sides)
        is_equality = f"_{comparison.operator}_" in EQUALITIES
        if left and right and all(_clash(one, other, is_equality) for one, other in product(left, right)):
            yield _clashing(comparison, (left, right))


def _kinds(side: Operand, when: str, facts: Mapping[str, Any]) -> list[str]:
    """Return the kinds of values on one side; none where nothing is known of them."""
    if isinstance(side, Written):
        return [] if isinstance(side.value, bytes) else [kind_of(side.value)]
    values = [] if side is None else [value for value in values_at(side, facts) if value is not MISSING]
    may_be_null = side in handled_in(when).null
    return [*dict.fromkeys(kind_of(value) for value in values if not (value is None and may_be_null))]


def _clash(one: str, other: str, is_equality: bool) -> bool:
    """Tell whether values of two kinds cannot be compared; null is equal to nothing but null, as is right."""
    if is_equality:
        return one != other and "null" not in (one, other)
    return one != other or one not in SINGLE


def _clashing(comparison: Comparison, kinds: tuple[Sequence[str], Sequence[str]]) -> Misfit:
    """Return which side does not fit: one that is null, else the first that is a path."""
    sides = list(zip((comparison.left, comparison.right), kinds, strict=True))
    paths = [(side, own, sides[1 - at]) for at, (side, own) in enumerate(sides) if isinstance(side, tuple)]
    path, own, (other, others) = next((each for each in paths if [*each[1]] == ["null"]), paths[0])
    if [*own] == ["null"]:
        return Misfit(path, NULL)
    named = f"`{shown_path(other)}`, {others[0]}" if isinstance(other, tuple) else others[0]
    return Misfit(path, f"is {own[0]}, and `{comparison.operator}` compares it with {named}")


def _nearest(path: Path, facts: Mapping[str, Any]) -> str:
    """Say which path of the facts is like this one; where none is, what facts there are."""
    known = {shown_path(each).lower(): (each, value) for each, value in islice(_paths(facts), MAX_CANDIDATES)}
    found = get_close_matches(shown_path(path).lower(), known, 1)
    if found:
        near, value = known[found[0]]
        return f"the nearest path is {_named(near)}, {kind_of(value)}"
    tops = [(key,) for key, value in facts.items() if value != WITHHELD]
    more = f" and {len(tops) - MAX_NAMED} more" if len(tops) > MAX_NAMED else ""
    return f"the facts have {', '.join(map(_named, tops[:MAX_NAMED]))}{more}" if tops else "there are no facts"


def _named(path: Path) -> str:
    name = shown_path(path)
    return f"`{name}`" if len(name) <= MAX_SHOWN else f"`{name[:MAX_SHOWN]}...`"


def _paths(value: Any, above: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every path there is with its value, the private ones left out; the items of a list are one place."""
    parts = value.items() if isinstance(value, Mapping) else ((EACH, item) for item in value)
    for key, part in parts:
        if part != WITHHELD:
            yield (*above, key), part
        if isinstance(part, Mapping | list):
            yield from _paths(part, (*above, key))
