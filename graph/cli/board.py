"""The board of a run: its team, who is asked now and what was said last, and what was used of its limits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.text import Text

from graph.cli.lines import Said, headed, line_of, place_of, said_in, speaker_of, within_of
from graph.cli.plans import Plan
from graph.live import WITHIN
from graph.report.terminal.visible import visible
from graph.report.words import said_round, thousands

Event = Mapping[str, Any]
WAITS = Said("·", "waits", "")
ASKED = Said("…", "asked", "", "cyan")
SEAT_EVENTS = frozenset({"answered", "refused", "failed", "decided"})
"""The events that end a question."""


@dataclass
class Row:
    """A seat as it is now: when it was asked and answered, in seconds, and what it said before."""

    title: str
    said: Said = WAITS
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
    """Whether roles are called by their titles; in a log by their names, which do not change with the wording."""

    @property
    def titles(self) -> Mapping[str, str]:
        """What people call each role, by its path; none in a log."""
        roles: Mapping[str, str] = self.run.get("roles", {})
        return roles if self.is_titled else {}

    def take(self, event: Event, now: float) -> Text | None:
        """Note an event; return its line in a log, None where it has none."""
        kind = event["event"]
        if kind == "running":
            self._begin(event)
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
        works = [] if self.run["is_rounds"] else [f"pattern {pattern}"]
        return [self.run["title"], *works, *([f"policy {policy}"] if policy else [])]

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

    def _ask(self, event: Event, now: float) -> None:
        row = self._row(event)
        again = f"again: {row.said.text}" if event["attempt"] > 1 and row.said.text else row.before
        row.said = Said(ASKED.mark, ASKED.word, again, ASKED.style)
        row.began, row.ended = now, None
        if event["role"] != "brief" and not self._is_team(event):
            self.used.calls += 1
        self._set_step(event, row)
        self._move(event)

    def _answer(self, event: Event, now: float) -> Text:
        row = self._row(event)
        row.said, row.ended = said_in(event), now
        row.before = f"{place_of(event, self.titles)}: {row.said.shown().plain}"
        self.used.add(event.get("usage", {}))
        self._set_step(event, row)
        if event.get("contract") == "plan" and not event.get("within"):
            self.plan = Plan(event["answer"]["steps"], self.titles)
        took = f"   {row.seconds(now):.1f} s" if row.began is not None else ""
        return Text.assemble(visible(f"{headed(event, self.titles)}: "), row.said.shown(), took)

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
            row.said, row.began, row.ended = Said(WAITS.mark, WAITS.word, row.before), None, None
        return row

    def _move(self, event: Event) -> None:
        if not event.get("within"):
            self.place = self._placed(event)

    def _placed(self, event: Event) -> str:
        if isinstance(event.get("stage"), str):
            return place_of(event, self.titles)
        return f"round {said_round(event['round'], self.run.get('limits', {}).get('max_rounds', 0), 'of')}"

    def _is_team(self, event: Event) -> bool:
        """Return whether a team answers for the role; its own roles are counted."""
        path = WITHIN.join((*event.get("within", ()), event["role"]))
        return any(each.startswith(path + WITHIN) for each in self.run.get("roles", {}))

    def _set_step(self, event: Event, row: Row) -> None:
        if self.plan is not None and self.plan.takes(event):
            self.plan.set(event, row.said.shown())
            row.is_step = True


def _counts(used: Used, limits: Mapping[str, Any]) -> Iterator[str]:
    yield f"calls {used.calls}{_of(limits.get('max_messages'), '/{}')}"
    if used.prompt or used.completion:
        tokens = limits.get("max_tokens")
        most = f" of {thousands(tokens)}" if tokens else ""
        yield f"tokens {thousands(used.prompt)} in {thousands(used.completion)} out{most}"
    if used.usd or limits.get("max_cost_usd"):
        yield f"${used.usd:.4f}{_of(limits.get('max_cost_usd'), ' of ${:g}')}"


def _of(limit: float | None, form: str) -> str:
    return form.format(limit) if limit else ""
