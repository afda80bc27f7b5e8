"""Standing: where the checks of a role end on some facts, and which of their limits came closer or were crossed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from policies.assurance.gaps import Inequality, inequalities_on, number_of
from policies.conditions.places import Path, shown_path, values_at
from policies.conditions.reading import fact_paths
from policies.decision.guards import Comparison
from policies.paths import MISSING
from policies.team.checks import RoleChecks, Unanswered, stance_of
from policies.team.fields import Position

Facts = Mapping[str, Any]

UNREADABLE = "unreadable"
"""The answer of a guard that cannot compare its facts, and of checks of which one has no answer."""


@dataclass(frozen=True)
class Stood:
    """Where the checks of a role ended on some facts: the position, and how many of them were looked at."""

    said: Position | Unanswered
    looked_at: int
    check: int | Literal["otherwise"]

    @property
    def answer(self) -> str:
        """The stance, or that a check has no answer."""
        return UNREADABLE if isinstance(self.said, Unanswered) else self.said.stance

    @property
    def told(self) -> tuple[Any, ...]:
        """What the position says, whichever check gives it."""
        return () if isinstance(self.said, Unanswered) else told_of(self.said)

    @property
    def is_unanswered(self) -> bool:
        """Whether a check has no answer, so that there is no position."""
        return isinstance(self.said, Unanswered)

    def has_lost(self, later: "Stood") -> bool:
        """Return whether the check that gave the position does not give it on later facts, though it is the same."""
        if self.is_unanswered or self.check == "otherwise":
            return False
        return later.check == "otherwise" or later.check > self.check


def told_of(position: Position) -> tuple[Any, ...]:
    """Return what a position says."""
    return position.stance, position.summary, position.actions, position.reply


def stood_on(role: RoleChecks, facts: Facts) -> Stood:
    """Return where the checks of a role end on these facts.

    >>> calm = Position(stance="go", summary="Calm.", actions=("Go.",))
    >>> stood_on(RoleChecks(title="Risk", otherwise=calm), {}).answer
    'go'
    """
    said = stance_of(role, facts)
    if isinstance(said, Unanswered):
        return Stood(said, said.number, said.number)
    number = next((number for number, check in enumerate(role.checks, 1) if check is said), None)
    return Stood(said, number or len(role.checks), number or "otherwise")


@dataclass(frozen=True, slots=True)
class Values:
    """A fact, the limit that it is compared with, and how far it is from where that comparison becomes true.

    The distance is below 0 where it is true already.
    """

    value: Any = None
    limit: Any = None
    distance: float | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the facts that checks read, then and now, and the limit that it is compared with.

    `when` is the condition that reads it, or `otherwise` where none does.
    """

    when: str
    fact: str | None
    comparison: Comparison | None = None
    then: Values = Values()
    now: Values = Values()
    is_crossed: bool = False
    is_closer: bool = False
    gap: Any = 0

    @property
    def rank(self) -> tuple[Any, ...]:
        """What is shown first: a limit that was crossed, then one that is closer, then the nearest."""
        return not self.is_crossed, not self.is_closer, self.gap


def asked(role: RoleChecks, then: Stood) -> list[tuple[str, bool | None]]:
    """Return the conditions on which a position rests, each with its answer, which is None where there was none.

    What a check before it would have said makes no difference where it is the same.
    """
    looked_at = enumerate(role.checks[: then.looked_at], 1)
    answers = [
        (check, None if then.is_unanswered and number == then.check else check is then.said)
        for number, check in looked_at
    ]
    return [(check.when, answer) for check, answer in answers if answer is not False or told_of(check) != then.told]


def measured(asked: Iterable[tuple[str, bool | None]], then: Facts, now: Facts | None) -> list[Place]:
    """Return the numbers that conditions compare and their answers rest on, on both facts; else on the facts then.

    >>> [place] = measured([("facts.rate > 5", False)], {"rate": 2}, {"rate": 4})
    >>> place.then.distance, place.now.distance, place.is_closer, place.is_crossed
    (3, 1, True, False)
    """
    places = []
    for when, answer in dict.fromkeys(asked):
        before = {each.name: each for each in inequalities_on(when, then) if each.bears(answer)}
        after = before if now is None else {each.name: each for each in inequalities_on(when, now)}
        places += [_pair(when, before[name], after[name]) for name in before if name in after]
    return places


def _pair(when: str, before: Inequality, after: Inequality) -> Place:
    crossed, closer = before.holds != after.holds, abs(after.gap) < abs(before.gap)
    shown = _values(before), _values(after)
    return Place(when, before.fact.text, before.comparison, *shown, crossed, closer, abs(after.gap))


def _values(order: Inequality) -> Values:
    value, limit = order.fact.value, order.limit.value
    return Values(value, limit, number_of(order.gap, value, limit))


def place_read(role: RoleChecks, most: int, then: Facts, now: Facts | None) -> Place:
    """Return what checks read that compare no numbers: the first place that changed, else of the last check asked."""
    conditions = [check.when for check in reversed(role.checks[:most])]
    read = [(when, path) for when in conditions for path in fact_paths(when)]
    pairs = [(when, path, Values(_found(path, then)), Values(_found(path, now or {}))) for when, path in read]
    changed = next((pair for pair in pairs if pair[2] != pair[3]), None)
    when, path, before, after = changed or next(iter(pairs), ("otherwise", None, Values(), Values()))
    return Place(when, None if path is None else shown_path(path), None, before, after)


def _found(path: Path, facts: Facts) -> Any:
    return single(next(values_at(path, facts), None))


def single(value: Any) -> Any:
    """Return a value that is shown in one word; of a list or an object nothing is.

    >>> single(3), single([3]), single(MISSING)
    (3, None, None)
    """
    return None if value is MISSING or isinstance(value, list | Mapping) else value
