"""Live progress of a run on stderr: a board that is redrawn at a terminal, a line for each event elsewhere."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from graph.cli.board import Board, Row
from graph.report.terminal.visible import console_on, visible

Event = Mapping[str, Any]

REDRAWN_PER_SECOND = 4
"""A redraw costs 2 ms of CPU, in a thread of its own."""
NARROW = 60
"""Columns below which a row takes two lines."""
TITLE_SHARE = 3
"""The longest title takes at most this share of the columns."""


class LiveProgress:
    """Takes the events of a run; redraws a board at a terminal, prints lines elsewhere."""

    def __init__(self, console: Console, clock: Callable[[], float] = monotonic) -> None:
        self._console, self._clock = console, clock
        self._board = Board()
        self._began = clock()
        self._is_headed = False
        self._live: Live | None = None

    @contextmanager
    def shown(self, run: Event | None = None) -> Iterator["LiveProgress"]:
        """Show the progress as it comes; a terminal shows `run`, a `running` event, before anything is opened."""
        if run is not None:
            self._board.take(run, self._clock())
        if self._console.is_terminal:
            with Live(
                console=self._console, get_renderable=self._drawn, refresh_per_second=REDRAWN_PER_SECOND
            ) as self._live:
                yield self
            with suppress(OSError):
                self._console.print()
        else:
            yield self
            self._print_counts()

    def begin(self, thread: str) -> None:
        """Show the thread's id, so that it is known after a crash too."""
        with suppress(OSError):
            if not self._console.is_terminal:
                self._head()
            self._console.print(visible(f"thread {thread}"))

    def take(self, event: Event) -> None:
        """Take one event; a reader who is gone ends no run."""
        with suppress(OSError):
            line = self._board.take(event, self._clock())
            if not self._console.is_terminal:
                self._print(event, line)

    def _print(self, event: Event, line: Text | None) -> None:
        if event["event"] == "running":
            self._head()
        if line is not None:
            self._console.print(line, soft_wrap=True)
        if event.get("contract") == "plan" and self._board.plan is not None:
            self._console.print(self._board.plan.tree())

    def _head(self) -> None:
        """Print the heading, once it is known, and once."""
        if self._board.run and not self._is_headed:
            self._is_headed = True
            self._console.print(visible("   ".join(self._board.heading())))

    def _print_counts(self) -> None:
        if self._board.used.calls:
            with suppress(OSError):
                self._console.print(visible(self._board.counts()), soft_wrap=True)

    def _drawn(self) -> RenderableType:
        board, now = self._board, self._clock()
        parts: list[RenderableType] = [self._heading(now)] if board.run else []
        parts.append(
            self._rows([row for row in [*board.rows.values()] if not row.is_step], now)
        )  # redrawn in a thread of its own
        if board.plan is not None:
            parts.append(board.plan.tree())
        parts += [*board.closed]
        if board.used.calls:
            parts.append(visible(board.counts()))
        return Group(*parts)

    def _heading(self, now: float) -> RenderableType:
        seconds = int(now - self._began)
        words = [*self._board.heading(), *([self._board.place] if self._board.place else [])]
        clock = f"{seconds // 60}:{seconds % 60:02}"
        if cell_len("   ".join((*words, clock))) > self._console.width:
            return Group(visible(words[0], "bold"), visible("   ".join((*words[1:], clock))))
        return _line(visible(words[0], "bold"), *map(visible, words[1:]), Text(clock))

    def _rows(self, rows: list[Row], now: float) -> RenderableType:
        if self._console.width < NARROW:
            return Group(*(part for row in rows for part in _block(row, now)))
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        table.add_column(no_wrap=True, max_width=self._console.width // TITLE_SHARE)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, ratio=1)
        table.add_column(no_wrap=True, justify="right")
        for row in rows:
            stance = Text(f"{row.said.mark} {row.said.word}".rstrip(), row.said.style)
            table.add_row(visible(f"  {row.title}"), stance, visible(row.said.text), _seconds(row, now))
        return table


def _line(*words: Text) -> Table:
    """Return words in a row, the last one at the right."""
    table = Table.grid(padding=(0, 3, 0, 0), expand=True)
    for number in range(len(words)):
        table.add_column(no_wrap=True, ratio=1 if number == len(words) - 2 else None)
    table.add_row(*words)
    return table


def _block(row: Row, now: float) -> Iterator[Text]:
    """Yield a row where columns would be too narrow: who, the word and the time, and below it what was said."""
    word = Text(f"{row.said.mark} {row.said.word}".rstrip(), row.said.style)
    yield Text.assemble(visible(f"  {row.title}  "), word, f"  {_seconds(row, now)}".rstrip())
    if row.said.text:
        said = visible(f"    {row.said.text}")
        said.no_wrap, said.overflow = True, "ellipsis"
        yield said


def _seconds(row: Row, now: float) -> str:
    seconds = row.seconds(now)
    return "" if seconds is None else f"{seconds:.1f} s"


def progress_on_stderr() -> LiveProgress:
    """Return the progress for this process's stderr."""
    return LiveProgress(console_on(sys.stderr))
