"""The summary of a batch: how its cases ended, what they used, and what to run next."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.problems import neutral
from graph.report.words import plain_word, thousands
from policies.language import in_figures, say, say_count

SHOWN = 5
"""How many kinds of end are named before the rest is counted together."""


@dataclass(slots=True)
class Tally:
    """How the cases of a batch have ended so far."""

    cases: int = 0
    unusable: int = 0
    """Lines that are not a case, or whose case failed before it had a record."""
    left: int = 0
    """Cases that were not begun."""
    ends: Counter[str] = field(default_factory=Counter)
    """Decisions, and stop reasons, with the number of each."""
    resumable: int = 0
    waiting: int = 0
    """Cases that wait for people."""
    used: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")

    def add(self, name: str | None, record: Mapping[str, Any] | None, *, is_left: bool = False) -> None:
        """Count a case, by its record where it has one."""
        self.cases += 1
        if record is None:
            self.left += is_left
            self.unusable += not is_left
            return
        decision = record.get("final_decision")
        self.ends[plain_word(decision) if decision else _end_of(record)] += 1
        is_waiting = record["status"] == "waiting"
        self.waiting += is_waiting
        self.resumable += bool(record.get("resumable")) and not is_waiting
        self.used.update(record.get("usage", {}))
        self.slowest = max(self.slowest, (record.get("elapsed_seconds", 0.0), str(name)))

    def lines(self, again: str) -> Iterator[str]:
        """Yield the summary; `again` is the command that was typed."""
        ends = ", ".join(self._ends()) or say("none")
        yield say_count("{number} case: {ends}", "{number} cases: {ends}", self.cases, ends=ends)
        if self.ends:
            yield "   ".join(self._used())
        if self.left:
            yield say("Run the rest: {command}", command=neutral(again))
        elif self.resumable:
            yield say("Try again what stopped: {command}", command=f"{neutral(again)} --retry-failed")
        if self.waiting:
            yield say_count(
                "{number} waits for people: {inbox}",
                "{number} wait for people: {inbox}",
                self.waiting,
                inbox="accord inbox",
            )

    def _ends(self) -> Iterator[str]:
        for end, count in self.ends.most_common(SHOWN):
            yield f"{count} {neutral(end)}"
        others = sum(self.ends.values()) - sum(count for _, count in self.ends.most_common(SHOWN))
        if others:
            yield say_count("{number} ended otherwise", "{number} ended otherwise", others)
        if self.unusable:
            yield say_count("{number} not usable", "{number} not usable", self.unusable)
        if self.left:
            yield say_count("{number} not begun", "{number} not begun", self.left)

    def _used(self) -> Iterator[str]:
        yield say("calls {number}", number=self.used["calls"])
        if self.used["calls"]:
            sent, received = thousands(self.used["prompt_tokens"]), thousands(self.used["completion_tokens"])
            yield say("tokens {sent} in {received} out", sent=sent, received=received)
        if self.used["cost_usd"]:
            yield say("${number}", number=in_figures(f"{self.used['cost_usd']:.4f}"))
        seconds = in_figures(f"{self.slowest[0]:.1f}")
        yield say("slowest {case} {seconds} s", case=neutral(self.slowest[1]), seconds=seconds)


def _end_of(record: Mapping[str, Any]) -> str:
    reason = record["stop_reason"]
    if record["status"] == "waiting":
        return say("waiting for people")
    return say("answered") if record["status"] == "ok" else reason or record["status"]
