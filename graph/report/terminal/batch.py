"""The summary of a batch: how its cases ended, what they used, and what to run next."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.problems import neutral
from graph.report.words import plain_word, thousands

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
        yield f"{self.cases} {'case' if self.cases == 1 else 'cases'}: {', '.join(self._ends()) or 'none'}"
        if self.ends:
            yield "   ".join(self._used())
        if self.left:
            yield f"Run the rest: {neutral(again)}"
        elif self.resumable:
            yield f"Try again what stopped: {neutral(again)} --retry-failed"
        if self.waiting:
            yield f"{self.waiting} {'waits' if self.waiting == 1 else 'wait'} for people: accord inbox"

    def _ends(self) -> Iterator[str]:
        for end, count in self.ends.most_common(SHOWN):
            yield f"{count} {neutral(end)}"
        others = sum(self.ends.values()) - sum(count for _, count in self.ends.most_common(SHOWN))
        yield from (f"{count} {word}" for count, word in self._rest(others) if count)

    def _rest(self, others: int) -> Iterator[tuple[int, str]]:
        yield from ((others, "ended otherwise"), (self.unusable, "not usable"), (self.left, "not begun"))

    def _used(self) -> Iterator[str]:
        yield f"calls {self.used['calls']}"
        if self.used["calls"]:
            yield f"tokens {thousands(self.used['prompt_tokens'])} in {thousands(self.used['completion_tokens'])} out"
        if self.used["cost_usd"]:
            yield f"${self.used['cost_usd']:.4f}"
        yield f"slowest {neutral(self.slowest[1])} {self.slowest[0]:.1f} s"


def _end_of(record: Mapping[str, Any]) -> str:
    reason = record["stop_reason"]
    if record["status"] == "waiting":
        return "waiting for people"
    return "answered" if record["status"] == "ok" else reason or record["status"]
