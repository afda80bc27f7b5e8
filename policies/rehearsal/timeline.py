"""Timelines: the stages of a course in order, and how many calls are under way at each moment of it.

A call is counted as one unit of time; those that are asked at once are under way at once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from typing import Any

from policies.contracts.answers import Answer, Task
from policies.patterns.stages import Finish
from policies.run.stop import Stop
from policies.team.team import Team

ASKED_AGAIN = "asked again"
"""What the check of a decision is called, next to the stages."""
BRIEF = "brief"
"""What the writer of the brief, or of the synthesis, is called among those who see answers."""


@dataclass(frozen=True, slots=True, eq=False)
class RehearsedSeat:
    """One seat that is asked: what it answers, none where it fails, and the course of a team that answers for it."""

    task: Task
    answer: Answer | None
    within: "Rehearsal | None" = None

    @property
    def waves(self) -> tuple[int, ...]:
        """How many calls are under way at each moment."""
        return self.within.waves if self.within else (1,)

    @property
    def messages(self) -> int:
        """What it counts for against `max_messages`."""
        return self.within.messages if self.within else 1


@dataclass(frozen=True, eq=False)
class Opened:
    """A stage or round: its seats in groups, one after the other; a group's seats are asked at once.

    There is more than one group only where the shares of teams within do not fit into the budget together.
    """

    label: str
    groups: tuple[tuple[RehearsedSeat, ...], ...]

    @property
    def asked(self) -> tuple[RehearsedSeat, ...]:
        """The seats, in order."""
        return tuple(each for group in self.groups for each in group)

    @cached_property
    def waves(self) -> tuple[int, ...]:
        """How many calls are under way at each moment of the stage."""
        return tuple(sum(moment) for group in self.groups for moment in _moments(group))


def _moments(group: Iterable[RehearsedSeat]) -> Iterator[tuple[int, ...]]:
    return zip_longest(*(each.waves for each in group), fillvalue=0)


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """A run as it was rehearsed: its stages in order, how it ended, and the text that was written at the end, if any.

    >>> seats = [RehearsedSeat(Task(name, name, "output"), {}) for name in ("a", "b")]
    >>> stage = Opened("answers", (tuple(seats),))
    >>> course = Rehearsal(Team.model_construct(), {}, (stage,), Finish(), "All is well.")
    >>> course.calls, course.latency, course.at_once
    (3, 2, 2)
    """

    team: Team
    facts: Mapping[str, Any]
    stages: tuple[Opened, ...]
    end: Finish | Stop
    brief: str | None
    history: Sequence[Mapping[str, Any]] = ()
    check: Opened | None = None
    """The last round as it is asked again before the decision is announced, where it is; it has messages of its own."""

    @property
    def opened(self) -> tuple[Opened, ...]:
        """The stages in order, and after them the check of the decision."""
        return (*self.stages, *([self.check] if self.check else []))

    @cached_property
    def waves(self) -> tuple[int, ...]:
        """How many calls are under way at each moment."""
        asked = tuple(calls for stage in self.opened for calls in stage.waves)
        return asked if self.brief is None else (*asked, 1)

    @property
    def calls(self) -> int:
        """All calls: one for each seat, and one for each text that is written at an end."""
        return sum(self.waves)

    @property
    def latency(self) -> int:
        """Calls that wait for each other: the critical path."""
        return len(self.waves)

    @property
    def at_once(self) -> int:
        """Calls under way at once, at most."""
        return max(self.waves)

    @cached_property
    def messages(self) -> int:
        """What counts against `max_messages`: every call but those of a check, a brief or a synthesis."""
        return sum(each.messages for stage in self.stages for each in stage.asked)

    @cached_property
    def with_repairs(self) -> int:
        """Calls where every seat needs all its repairs, and the brief its own; people may let each round be checked."""
        attempts = self.team.max_repairs + 1
        asked = [each for stage in self.stages for each in stage.asked]
        seats = sum(each.within.with_repairs if each.within else attempts for each in asked)
        return seats + self._checks + (0 if self.brief is None else 1 + self._mends)

    @property
    def _checks(self) -> int:
        """The calls of as many checks as there may be: one, or one for each round that people let the team add."""
        if self.check is None or self.team.stability is None:
            return 0
        return len(self.check.asked) * (len(self.stages) if self.team.stability.otherwise == "escalate" else 1)

    @property
    def _mends(self) -> bool:
        """Whether the brief may be asked for once more, for its numbers."""
        return self.team.ground and self.team.brief.voice != "rules"

    @property
    def sees(self) -> dict[str, list[str]]:
        """Who sees whom: for each role, and for the brief, the others whose answers are in what it reads."""
        asked = [each for stage in self.stages for each in stage.asked]
        found: dict[str, dict[str, None]] = {each.task.role: {} for each in asked}
        for each in asked:
            found[each.task.role] |= _shown(each.task.asks, asked)
        if self.brief is not None:
            results = self.end.results if isinstance(self.end, Finish) else ()
            found[BRIEF] = _shown([*results, *self.history], asked)
        return {reader: [role for role in seen if role != reader] for reader, seen in found.items()}


def _shown(shown: object, asked: Iterable[RehearsedSeat]) -> dict[str, None]:
    """Return the roles of whose answers some text is shown, each once, in the order in which they were asked."""
    texts = {*_texts(shown)}
    return {each.task.role: None for each in asked if not texts.isdisjoint(_texts(each.answer))}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for part in value.values() for text in _texts(part))
    elif isinstance(value, list | tuple):
        yield from (text for part in value for text in _texts(part))
