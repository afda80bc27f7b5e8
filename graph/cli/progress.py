"""Live progress of a run on stderr: who was asked, and what each answered."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from graphlib import TopologicalSorter
from heapq import heappop, heappush
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from graph.cli.lines import headed, line_of, place_of, short, speaker_of
from graph.report.terminal.visible import console_on, visible

Event = Mapping[str, Any]
Key = tuple[str, str]
"""Where a seat is, and who it is."""

REDRAWN_PER_SECOND = 4
"""A redraw costs 2 ms of CPU, beside the run, in a thread of its own."""


class LiveProgress:
    """Takes the events of a run; redraws a table and the plan's tree at a terminal, prints lines elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rows: dict[Key, RenderableType] = {}
        self._plan: _Plan | None = None
        self._live: Live | None = None

    @contextmanager
    def shown(self, thread: str) -> Iterator["LiveProgress"]:
        """Show the thread's id at once, so that it is known after a crash too, and the progress as it comes."""
        with suppress(OSError):
            self._console.print(visible(f"thread {thread}"))
        if not self._console.is_terminal:
            yield self
            return
        with Live(
            console=self._console, get_renderable=self._drawn, refresh_per_second=REDRAWN_PER_SECOND
        ) as self._live:
            yield self

    def take(self, event: Event) -> None:
        """Take one event; a reader who is gone ends no run."""
        with suppress(OSError):
            self._take(event)

    def _take(self, event: Event) -> None:
        line = line_of(event)
        if self._plan is not None and self._plan.takes(event):
            self._plan.set(event, line)
        elif "role" in event:
            self._rows[place_of(event), speaker_of(event)] = Spinner("dots", "asked") if line is None else line
        if event.get("contract") == "plan" and event["event"] == "answered" and not event.get("within"):
            self._plan = _Plan(event["answer"]["steps"])
        if self._live is None and line is not None:
            where = f"{headed(event)}: " if "role" in event else ""
            self._console.print(Text.assemble(visible(where), line), soft_wrap=True)
            self._print_plan(event)

    def _print_plan(self, event: Event) -> None:
        if event.get("contract") == "plan" and self._plan is not None:
            self._console.print(self._plan.tree())

    def _drawn(self) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        for (place, speaker), shown in [*self._rows.items()]:  # redrawn in a thread of its own
            table.add_row(visible(place), visible(speaker), shown)
        return Group(table, self._plan.tree()) if self._plan is not None else table


class _Plan:
    """The steps of a plan, each below the last one it waits for, with what is known of it."""

    def __init__(self, steps: Sequence[Event]) -> None:
        self._steps = steps
        self._order = _in_order(steps)
        self._states: dict[int, RenderableType] = {}

    def takes(self, event: Event) -> bool:
        """Tell whether the event is about a step of this plan."""
        return not event.get("within") and str(event.get("seat", "")).startswith("step_")

    def set(self, event: Event, line: Text | None) -> None:
        """Note what is known of a step now."""
        self._states[int(event["seat"].removeprefix("step_"))] = Spinner("dots", "asked") if line is None else line

    def tree(self) -> Tree:
        """Return the plan as a tree."""
        tree = Tree("plan")
        branches = {0: tree}
        for number in self._order:
            step = self._steps[number - 1]
            above = branches[max(step["dependencies"], default=0)]
            branches[number] = above.add(self._label(number, step))
        return tree

    def _label(self, number: int, step: Event) -> RenderableType:
        waits = f" (after {', '.join(map(str, step['dependencies']))})" if len(step["dependencies"]) > 1 else ""
        told = visible(f"{number} {step['agent']}: {short(step['task'])}{waits}")
        state = self._states.get(number)
        if state is None:
            return told
        row = Table.grid(padding=(0, 2))
        row.add_row(told, state)
        return row


def _in_order(steps: Sequence[Event]) -> list[int]:
    """Return the numbers of the steps, each after all it waits for, else the lowest first."""
    sorter = TopologicalSorter({number: step["dependencies"] for number, step in enumerate(steps, 1)})
    sorter.prepare()
    ready, ordered = sorted(sorter.get_ready()), list[int]()
    while ready:
        ordered.append(heappop(ready))
        sorter.done(ordered[-1])
        for number in sorter.get_ready():
            heappush(ready, number)
    return ordered


def progress_on_stderr() -> LiveProgress:
    """Return the progress for this process's stderr."""
    return LiveProgress(console_on(sys.stderr))
