"""Fit: whether facts have what guards and checks read, and of a kind that these can compare."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from policies.conditions.operators import ORDERS
from policies.conditions.places import EACH, Path, shown_path, values_at
from policies.conditions.reading import fact_paths, handled_in, reads_in
from policies.conditions.sides import Side, Sides, TooManyRoundsError, known_kind, sides_on
from policies.decision.guards import ABSENT, SINGLE, Guard, find_unreadable, kind_of
from policies.language import phrase, say
from policies.nearest import nearest
from policies.paths import MISSING, keys_of
from policies.plain import MAX_SHOWN
from policies.team.privacy import WITHHELD

MAX_CANDIDATES = 5_000
"""Paths of the facts among which the nearest one is looked for."""

MAX_NAMED = 8
"""Facts named where no path is near."""

NULL = phrase("is null")
PARTLY = phrase("is not in every item")


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
        said = say("`{path}` {found}", path=shown_path(self.path), found=say(self.found))
        return say("{said}; {hint}", said=said, hint=_nearest(self.path, facts)) if self.found == ABSENT else said


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
    kinds = [
        say("{path}, {kind}", path=_named(path), kind=say(kind_of(values[0])))
        for path, values in read.items()
        if values
    ]
    if not kinds:
        return say("it cannot be evaluated: {said}", said=say(said))
    return say("it cannot be evaluated: {said}; it reads {kinds}", said=say(said), kinds=say(" and ").join(kinds))


def _missing(when: str, facts: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the paths that are read and not there; of one that is only tested for, the value it would be in."""
    paths = [read.path[:-1] if read.use == "test" else read.path for read in reads_in(when)]
    for path in dict.fromkeys(paths):
        if _is_missing(path, facts) and not _is_tested(path, when):
            yield path


def _is_tested(path: Path, when: str) -> bool:
    """Return whether a condition tests for the path, or for one that it is within."""
    return any(path[: len(each)] == each for each in handled_in(when).tested)


def _is_missing(path: Path, facts: Mapping[str, Any]) -> bool:
    """Return whether nothing has a value at the path: of a list, no item; where there is no item, nobody can tell."""
    values = [*values_at(path, facts)]
    return bool(values) and all(value is MISSING for value in values)


def find_mistyped(when: str, facts: Mapping[str, Any]) -> Iterator[Misfit]:
    """Yield the paths that a condition compares with values of another kind, each item of a list looked at.

    >>> [each.found for each in find_mistyped('facts.level in ["high"]', {"level": 3})]
    ['is a number, and `in` compares it with text']
    """
    found = (misfit for sides in sides_on(when, facts) for misfit in _misfits(sides, when))
    try:
        yield from dict.fromkeys(found)
    except TooManyRoundsError:
        yield Misfit(next(iter(fact_paths(when)), ()), say("is walked over more often than a check may"))


def _misfits(sides: Sides, when: str) -> Iterator[Misfit]:
    container = sides.right
    if sides.operator != "in":
        pairs = [sides] if _clash(sides, when) else []
    elif isinstance(container.value, list | Mapping):
        pairs = _clashing_items(sides, when)
    else:
        yield from _no_container(container)
        return
    yield from (misfit for pair in pairs if (misfit := _misfit(pair, when)))


def _clashing_items(sides: Sides, when: str) -> list[Sides]:
    """Return what `in` compares and cannot; of items that are written, one that fits is enough."""
    pairs = [replace(sides, right=item) for item in sides.right.items()]
    found = [pair for pair in pairs if _clash(pair, when)]
    if sides.right.is_written:
        return found[:1] if len(found) == len(pairs) else []
    return found


def _no_container(side: Side) -> Iterator[Misfit]:
    if side.path is not None and side.kind not in (None, "a list", "an object"):
        found = (
            NULL
            if side.kind == "null"
            else say("is {kind}, and `in` looks in a list or an object", kind=say(str(side.kind)))
        )
        yield Misfit(side.path, found)


def _clash(sides: Sides, when: str) -> bool:
    """Return whether two sides cannot be compared; null only with a null that is written or that is tested for."""
    if f"_{sides.operator}_" in ORDERS:
        one, other = sides.left.kind, sides.right.kind
        is_handled = any(_is_handled(side, when) for side in (sides.left, sides.right))
        return not (None in (one, other) or is_handled) and (one != other or one not in SINGLE)
    pairs = ((sides.left, sides.right), (sides.right, sides.left))
    null = next((pair for pair in pairs if pair[0].kind == "null"), None)
    if null:
        side, against = null
        return not (against.kind in (None, "null") or side.is_written or _is_handled(side, when))
    return _differ(sides.left.value, sides.right.value)


def _is_handled(side: Side, when: str) -> bool:
    return side.kind == "null" and side.path in handled_in(when).null


def _differ(one: Any, other: Any) -> bool:
    """Return whether two values, or what they hold at the same place, differ in kind; null is of any kind."""
    kinds = {known_kind(one), known_kind(other)}
    if kinds & {None, "null"} or len(kinds) > 1:
        return not kinds & {None, "null"}
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and any(map(_differ, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and any(_differ(value, other[key]) for key, value in one.items())
    return False


def _misfit(sides: Sides, when: str) -> Misfit | None:
    """Return which side does not fit: one that is null, else the first that is a path, else the first that reads one.

    None where no side has to do with the facts.
    """
    pairs = [(sides.left, sides.right), (sides.right, sides.left)]
    nulls = [pair for pair in pairs if pair[0].kind == "null"]
    ranked = sorted((*nulls, *pairs), key=lambda pair: (pair[0].path is None, not pair[0].reads))
    own, other = ranked[0]
    if own.kind == "null" and own.path is not None:
        return Misfit(own.path, NULL)
    path = own.path if own.path is not None else next(iter((*own.reads, *other.reads, *fact_paths(when))), None)
    kind, against = say(str(own.kind)), say(str(other.kind))
    named = against if other.path is None else f"`{shown_path(other.path)}`, {against}"
    told = (
        phrase("gives {kind}, and `{operator}` compares it with {other}")
        if own.path is None
        else phrase("is {kind}, and `{operator}` compares it with {other}")
    )
    said = say(told, kind=kind, operator=sides.operator, other=named)
    return None if path is None else Misfit(path, said)


def _nearest(path: Path, facts: Mapping[str, Any]) -> str:
    """Say which path of the facts is like this one; where none is, what facts there are."""
    known = {shown_path(each): (each, value) for each, value in islice(_paths(facts), MAX_CANDIDATES)}
    found = nearest(shown_path(path), known, is_path=True)
    if found:
        near, value = known[found]
        return say("the nearest path is {path}, {kind}", path=_named(near), kind=say(kind_of(value)))
    tops = [(key,) for key, value in facts.items() if value != WITHHELD]
    if not tops:
        return say("there are no facts")
    named, more = ", ".join(map(_named, tops[:MAX_NAMED])), len(tops) - MAX_NAMED
    if more > 0:
        return say("the facts have {names} and {count} more", names=named, count=more)
    return say("the facts have {names}", names=named)


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
