"""The board of a run: its team, who is asked now and what was said last, and what was used of its limits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.text import Text

from graph.live import WITHIN
from graph.report.terminal.lines import Said, headed, line_of, place_of, said_in, speaker_of, within_of
from graph.report.terminal.plans import Plan
from graph.report.terminal.visible import visible
from graph.report.words import said_round, thousands
from policies.language import in_figures, say

Event = Mapping[str, Any]
SEAT_EVENTS = frozenset({"answered", "refused", "failed", "decided"})
"""The events that end a question."""


def waiting(before: str = "") -> Said:
    """Return what a seat says that is not asked yet."""
    return Said("·", say("waits"), before)


@dataclass
class Row:
    """A seat as it is now: when it was asked and answered, in seconds, and what it said before."""

    title: str
    said: Said = field(default_factory=waiting)
    began: float | None = None
    ended: float | None = None
    before: str = ""
    is_step: bool = False
    """Whether the plan shows it."""

    def seconds(self, now: float) -> float | None:
        """Return how long it has been asked, or took to answer; None while it waits."""
        return None if self.began is None else (self.ended or now) - self.began


@dataclass
class Used:
    """What was used of the limits; `calls` are the answers asked for."""

    calls: int = 0
    prompt: int = 0
    completion: int = 0
    usd: float = 0.0

    def add(self, usage: Mapping[str, Any]) -> None:
        """Add what an answer cost."""
        self.prompt += usage.get("prompt_tokens", 0)
        self.completion += usage.get("completion_tokens", 0)
        self.usd += usage.get("cost_usd", 0.0)


@dataclass
class Board:
    """All that is known of a run while it works."""

    run: Event = field(default_factory=dict)
    rows: dict[tuple[str, ...], Row] = field(default_factory=dict)
    closed: list[Text] = field(default_factory=list)
    used: Used = field(default_factory=Used)
    plan: Plan | None = None
    place: str = ""
    is_titled: bool = True
    """Whether roles are called by their titles; in a log by their names, by which it is searched."""

    @property
    def titles(self) -> Mapping[str, str]:
        """What people call each role, by its path; none in a log."""
        roles: Mapping[str, str] = self.run.get("roles", {})
        return roles if self.is_titled else {}

    def take(self, event: Event, now: float) -> Text | None:
        """Note an event; return its line in a log, None where it has none."""
        kind = event["event"]
        if "sample" in event:
            self._sample(event)
        elif kind == "running":
            self._begin(event)
        elif kind == "opened" and event.get("samples"):
            return self._close(event)
        elif kind == "opened":
            self._open(event)
        elif kind == "asked":
            self._ask(event, now)
        elif kind in SEAT_EVENTS:
            return self._answer(event, now)
        else:
            return self._close(event)
        return None

    def heading(self) -> list[str]:
        """Return what a reader must know first: the team, and the policy or pattern by which it works."""
        if not self.run:
            return [""]
        policy, pattern = self.run["policy"], self.run["pattern"]
        works = [] if self.run["is_rounds"] else [say("pattern {name}", name=pattern)]
        return [self.run["title"], *works, *([say("policy {name}", name=policy)] if policy else [])]

    def counts(self) -> str:
        """Return what was used of the limits, for example `calls 9/20   tokens 7.2k in 1.0k out   $0.0040`."""
        limits = self.run.get("limits", {})
        return "   ".join(_counts(self.used, limits))

    def _begin(self, event: Event) -> None:
        self.run = event
        usage = event["spent"]["usage"]
        self.used = Used(event["spent"]["messages"])
        self.used.add(usage)

    def _open(self, event: Event) -> None:
        for seat in event["seats"]:
            self._row({**event, **seat})
        self._move(event)

    def _sample(self, event: Event) -> None:
        """Count the tokens of an answer of a check, whose calls are not those of the run's limit."""
        if event["event"] in SEAT_EVENTS:
            self.used.add(event.get("usage", {}))

    def _ask(self, event: Event, now: float) -> None:
        row = self._row(event)
        is_again = event["attempt"] > 1 and row.said.text
        again = say("again: {said}", said=row.said.text) if is_again else row.before
        row.said = Said("…", say("asked"), again, "cyan")
        row.began, row.ended = now, None
        if event["role"] != "brief" and not self._is_team(event):
            self.used.calls += 1
        self._set_step(event, row)
        self._move(event)

    def _answer(self, event: Event, now: float) -> Text:
        row = self._row(event)
        row.said, row.ended = said_in(event, self.titles), now
        row.before = say("{where}: {said}", where=place_of(event, self.titles), said=row.said.shown().plain)
        self.used.add(event.get("usage", {}))
        self._set_step(event, row)
        if event.get("contract") == "plan" and not event.get("within"):
            self.plan = Plan(event["answer"]["steps"], self.titles)
        took = f"   {in_seconds(row.seconds(now))}" if row.began is not None else ""
        head = say("{where}: ", where=headed(event, self.titles))
        return Text.assemble(visible(head), row.said.shown(), took)

    def _close(self, event: Event) -> Text | None:
        line = line_of(event, self.titles)
        if line is not None:
            self.closed.append(line)
        return line

    def _row(self, event: Event) -> Row:
        """Return the row of a seat; in rounds a role keeps its own from round to round."""
        stage = event.get("stage")
        is_round = not isinstance(stage, str)
        key = (*event.get("within", ()), "" if is_round else stage, event.get("seat") or "", event["role"])
        if key not in self.rows:
            speaker = f"{within_of(event, self.titles)}{speaker_of(event, self.titles)}"
            self.rows[key] = Row(speaker if is_round else headed(event, self.titles))
        row = self.rows[key]
        if row.ended is not None and event["event"] == "opened":
            row.said, row.began, row.ended = waiting(row.before), None, None
        return row

    def _move(self, event: Event) -> None:
        if not event.get("within"):
            self.place = self._placed(event)

    def _placed(self, event: Event) -> str:
        if isinstance(event.get("stage"), str):
            return place_of(event, self.titles)
        most = self.run.get("limits", {}).get("max_rounds", 0)
        return say("round {number}", number=said_round(event["round"], most, "of"))

    def _is_team(self, event: Event) -> bool:
        """Return whether a team answers for the role; its own roles are counted."""
        path = WITHIN.join((*event.get("within", ()), event["role"]))
        return any(each.startswith(path + WITHIN) for each in self.run.get("roles", {}))

    def _set_step(self, event: Event, row: Row) -> None:
        if self.plan is not None and self.plan.takes(event):
            self.plan.set(event, row.said.shown())
            row.is_step = True


def _counts(used: Used, limits: Mapping[str, Any]) -> Iterator[str]:
    messages, tokens, dollars = (limits.get(name) for name in ("max_messages", "max_tokens", "max_cost_usd"))
    yield say("calls {number}", number=f"{used.calls}/{messages}" if messages else used.calls)
    if used.prompt or used.completion:
        both = {"prompt": thousands(used.prompt), "completion": thousands(used.completion)}
        told = say("tokens {prompt} in {completion} out", **both)
        yield say("{some} of {most}", some=told, most=thousands(tokens)) if tokens else told
    if used.usd or dollars:
        told = in_dollars(f"{used.usd:.4f}")
        yield say("{some} of {most}", some=told, most=in_dollars(f"{dollars:g}")) if dollars else told


def in_dollars(amount: str) -> str:
    """Return an amount of money, written the English way, as people read it."""
    return say("${amount}", amount=in_figures(amount))


def in_seconds(seconds: float | None) -> str:
    """Return a time as people read it; nothing for none."""
    return "" if seconds is None else say("{number} s", number=in_figures(f"{seconds:.1f}"))
