"""The past of a thread: what it keeps, as one typed value; no other file of `graph/` reads a state by its keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self, cast

from nodes.asking import waiting_of
from nodes.events import events_of
from nodes.fetched import Failed, failed_in
from policies.access.owners import tenant_of
from policies.assurance.audit import Event
from policies.assurance.keeping import of_the_run, standing_hold
from policies.patterns.course import pattern_named
from policies.patterns.pattern import Pattern
from policies.people.question import Question
from policies.run.seats import Reseating, effect_of
from policies.team.access import Access, find_joining
from policies.team.people import Approver
from policies.team.team import Budget

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Past:
    """What a thread keeps, under the names of `nodes.state.State`; empty where it was admitted and has not begun.

    `case` is as `nodes.state.State` says, `stages` has also those before the last start.
    """

    state: Mapping[str, Any] = field(default_factory=dict)
    case: Plain = field(default_factory=dict)
    limits: Plain = field(default_factory=dict)
    spent: Plain = field(default_factory=dict)
    usage: Plain = field(default_factory=dict)
    recovered: Plain = field(default_factory=dict)
    round: int = 0
    seats: Sequence[Plain] = ()
    given: Plain | None = None
    outcome: str | None = None
    stop_reason: str | None = None
    phase: str | None = None
    raw_contribution: Any = None
    final_decision: str | None = None
    history: Sequence[Plain] = ()
    stages: Sequence[Plain] = ()
    forgiven: int = 0
    since: int = 0
    ending: Plain | None = None
    messages: Sequence[Plain] = ()
    trace: Sequence[Plain] = ()
    events: Sequence[Event] = ()

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Self:
        """Return the past that a thread's state holds."""
        return cls(state, **{each.name: state[each.name] for each in fields(cls)[1:] if each.name in state})

    @property
    def is_open(self) -> bool:
        """Whether the thread has not ended."""
        return self.stop_reason is None

    @property
    def has_begun(self) -> bool:
        """Whether its case was admitted: of a thread that still waits for that, the team is all that is known."""
        return bool(self.case.get("hashes"))

    @property
    def ended_at(self) -> str | None:
        """When the run ended, whatever was done to its record since; None while it has not ended."""
        return None if self.is_open else str(self.events_of("finished")[-1]["at"])

    @property
    def moved_at(self) -> str | None:
        """When something last happened to the run, whatever was done to its record since; None before it began."""
        return next((str(event["at"]) for event in of_the_run(self.events)[-1:]), None)

    @property
    def hold(self) -> Plain | None:
        """Who holds the record, why and since when; None where nobody does."""
        return standing_hold(self.events)

    @property
    def waiting(self) -> Sequence[Question]:
        """What people are asked, and have not answered; nothing once the thread has ended."""
        return waiting_of(self.state)

    @property
    def team(self) -> Plain:
        """The team that the thread is pinned to, without its goal and its facts."""
        return cast("Plain", self.case.get("team", {}))

    @property
    def language(self) -> str | None:
        """The language that the team asks for; None for English, and where what is kept does not say."""
        team = self.case.get("team") if isinstance(self.case, Mapping) else None
        named = team.get("language") if isinstance(team, Mapping) else None
        return named if isinstance(named, str) else None

    @property
    def tenant(self) -> str:
        """Whose thread it is."""
        return tenant_of(self.case if isinstance(self.case, Mapping) else {})

    @property
    def approvers(self) -> Mapping[str, Approver]:
        """The people whom the team names, by name."""
        return {name: Approver.model_validate(each) for name, each in self.team.get("approvers", {}).items()}

    @property
    def roles(self) -> Mapping[str, Plain]:
        """The team's roles by name."""
        return cast("Mapping[str, Plain]", self.team.get("roles", {}))

    @property
    def facts(self) -> Any:
        """The facts of a thread that has begun; null where they did not suffice."""
        return self.case["facts"]

    @property
    def sources(self) -> Sequence[Plain]:
        """Where the facts come from; none of a thread that has not begun."""
        return cast("Sequence[Plain]", self.case.get("sources", ()))

    @property
    def failed(self) -> tuple[Failed, ...]:
        """The sources to blame where the facts did not suffice."""
        return failed_in(self.case)

    @property
    def has_facts(self) -> bool:
        """Whether the facts sufficed to start, so that the thread is pinned to them."""
        return bool(self.case) and self.case["hashes"]["facts"] is not None

    @property
    def pattern(self) -> Pattern:
        """The pattern that the thread works by; that of the rounds where it has not begun."""
        return pattern_named(self.team.get("pattern"))

    @property
    def result(self) -> Plain:
        """What a thread that succeeded returned: {answer, final_decision}."""
        return {name: self.state[name] for name in ("answer", "final_decision")}

    @property
    def budget(self) -> Budget:
        """The limits in force of a thread that has begun."""
        return Budget(**self.state["limits"])

    @property
    def standing(self) -> Sequence[Plain]:
        """The stages that were finished since changes were last accepted."""
        return self.stages[self.since :]

    @property
    def replies(self) -> Plain:
        """The replies to the last wave that the state holds, by seat: they are judged with the next step."""
        number = self.state.get("wave", {}).get("number")
        return {name: each for name, each in self.state.get("replies", {}).items() if each["wave"] == number}

    def change_after(self, outcome: Mapping[str, Any]) -> Reseating:
        """Return who joined after a round that did not sit in it, and who left; the team is that of now."""
        if not self.pattern.is_rounds:
            return Reseating()
        change = Reseating(outcome.get("convene"), outcome.get("release"))
        return effect_of(change, [*outcome["casts"]], self._joining)

    @property
    def _joining(self) -> tuple[str, ...]:
        rules = self.team.get("policy", {}).get("rules", ())
        convened = [row["convene"] for row in rules if row.get("convene")]
        enabled = frozenset(name for name, role in self.roles.items() if role["enabled"])
        return find_joining(convened, self.team.get("sequence", ()), Access(frozenset(self.roles), enabled))

    def events_of(self, kind: str) -> list[Event]:
        """Return the events of one kind, in order."""
        return events_of(self.state, kind)
