"""What another policy would have decided, for people at a terminal and, as plain values, for programs."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, get_args

from rich import box
from rich.console import Console
from rich.table import Table

from graph.problems import neutral
from graph.record import row_name
from graph.report.terminal.blocks import fitted
from graph.report.terminal.visible import visible
from policies.assurance.past import PastAnswer, Verdict
from policies.language import phrase, say, say_count

ANSWERS: Mapping[PastAnswer, str] = {
    "same": phrase("same"),
    "flipped": phrase("flipped"),
    "undetermined": phrase("undetermined"),
    "refused": phrase("refused"),
}
"""What another policy makes of a run."""

UNKNOWN = "?"
"""What is shown where nobody can know what a run would have decided."""


class Totals:
    """How many runs got each answer, and from what to what they went."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter(dict.fromkeys(get_args(PastAnswer), 0))
        self.left_out = 0
        self._moves: Counter[tuple[str, str | None]] = Counter()

    def add(self, verdict: Verdict | None) -> None:
        """Count a verdict, or a run that no policy decided."""
        if verdict is None:
            self.left_out += 1
            return
        self.answers[verdict.answer] += 1
        if verdict.answer != "refused":
            self._moves[verdict.was, verdict.now] += 1

    @property
    def runs(self) -> int:
        """All runs that were decided again."""
        return self.answers.total()

    @property
    def moves(self) -> list[tuple[str, str | None, int]]:
        """What runs were, what they would be, and how many there are, the most frequent first."""
        ordered = sorted(self._moves.items(), key=lambda move: (-move[1], move[0][0], move[0][1] or ""))
        return [(was, now, runs) for (was, now), runs in ordered]

    def plain(self) -> dict[str, Any]:
        """Return {runs, same, flipped, undetermined, refused, left_out, table: [{from, to, runs}]}."""
        table = [{"from": was, "to": now, "runs": runs} for was, now, runs in self.moves]
        return {"runs": self.runs, **self.answers, "left_out": self.left_out, "table": table}


def plain_verdict(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as plain values; without a vote behind it, it has no round and no row."""
    return {**asdict(verdict), "row": None if verdict.round is None else row_name(verdict.row)}


def line_of(verdict: Verdict) -> str:
    """Return a verdict in one line."""
    place = say("(round {round}, row {row})", round=verdict.round, row=row_name(verdict.row))
    where = f" {place}" if verdict.round else ""
    guards = f" [{', '.join(verdict.guards)}]" if verdict.guards else ""
    change = f"{verdict.was} -> {verdict.now or UNKNOWN}{where}"
    told = say("{name}: {value}", name=change, value=say(verdict.reason)) if verdict.reason else change
    return neutral(f"{say(ANSWERS[verdict.answer]):<12}  {verdict.thread}  {told}{guards}")


def print_totals(totals: Totals, console: Console) -> None:
    """Print from what to what the runs went, and how many got each answer."""
    if totals.moves:
        table = Table(say("from"), say("to"), say("runs"), box=box.SIMPLE_HEAD, pad_edge=False)
        for was, now, runs in totals.moves:
            table.add_row(visible(was), visible(now or UNKNOWN), str(runs))
        console.print(fitted(console, table))
    told = say("{same} same, {flipped} flipped, {undetermined} undetermined, {refused} refused", **totals.answers)
    console.print(visible(say_count("{number} run: {answers}", "{number} runs: {answers}", totals.runs, answers=told)))
    if totals.left_out:
        console.print(
            visible(
                say_count(
                    "{number} run left out: no policy decides their pattern",
                    "{number} runs left out: no policy decides their pattern",
                    totals.left_out,
                )
            )
        )
