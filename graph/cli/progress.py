"""Live progress of a run on stderr: who was asked, and what each answered."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from graph.report.terminal import STYLES, console_on, visible

Event = Mapping[str, Any]

REDRAWN_PER_SECOND = 4
"""A redraw costs 2 ms of CPU, beside the run, in a thread of its own."""


class Progress:
    """Takes the events of a run; redraws a table at a terminal, prints a line an answer elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rows: dict[tuple[int, str], RenderableType] = {}
        self._live: Live | None = None

    @contextmanager
    def shown(self, thread: str) -> Iterator["Progress"]:
        """Show the thread's id at once, so that it is known after a crash too, and the progress as it comes."""
        with suppress(OSError):
            self._console.print(visible(f"thread {thread}"))
        if not self._console.is_terminal:
            yield self
            return
        with Live(
            console=self._console, get_renderable=self._table, refresh_per_second=REDRAWN_PER_SECOND
        ) as self._live:
            yield self

    def take(self, event: Event) -> None:
        """Take one event; a reader who is gone ends no run."""
        with suppress(OSError):
            self._take(event)

    def _take(self, event: Event) -> None:
        line = _line(event)
        if line is None:
            self._rows[event["round"], event["role"]] = Spinner("dots", "asked")
        elif "role" in event:
            self._rows[event["round"], event["role"]] = line
        if self._live is None and line is not None:
            where = f"round {event['round']}  {event['role']}: " if "role" in event else ""
            self._console.print(Text.assemble(where, line))

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for (number, role), shown in [*self._rows.items()]:  # redrawn in a thread of its own
            table.add_row(f"round {number}", visible(role), shown)
        return table


def progress_on_stderr() -> Progress:
    """Return the progress for this process's stderr."""
    return Progress(console_on(sys.stderr))


def _line(event: Event) -> Text | None:
    kind = event["event"]
    if kind == "answered":
        return Text(f"{event['stance']} ({event['confidence']:.2f})", style=STYLES[event["stance"]])
    if kind in ("refused", "failed"):
        return visible(f"{kind}: {event['reason']}", "red")
    if kind == "round":
        conflicts = f" ({', '.join(event['conflicts'])})" if event["conflicts"] else ""
        return Text(f"round {event['round']}: {event['decision']}{conflicts}")
    if kind == "decided":
        return Text("written")
    cause = f" ({event['cause']})" if event.get("cause") else ""
    return None if kind == "asked" else visible(f"stopped: {event['reason']}{cause}", "red")
