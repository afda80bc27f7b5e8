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

from graph.report.terminal.board import Board, Row, in_seconds
from graph.report.terminal.visible import console_on, visible
from policies.language import say, say_count, speaking, spoken

Event = Mapping[str, Any]

REDRAWN_PER_SECOND = 4
"""A redraw costs 2 ms of CPU, in a thread of its own."""
NARROW = 60
"""Columns below which a row takes two lines."""
TITLE_SHARE = 3
"""The longest title takes at most this part of the columns, else rows take two lines, too."""
INDENT = 2


class LiveProgress:
    """Takes the events of a run; redraws a board at a terminal, prints lines elsewhere."""

    def __init__(self, console: Console, clock: Callable[[], float] = monotonic, *, is_redrawn: bool) -> None:
        self._console, self._clock, self._is_redrawn = console, clock, is_redrawn
        self._board = Board(is_titled=is_redrawn)
        self._began = clock()
        self._is_headed = self._is_over = False
        self._language = spoken()
        """What is said while the board is redrawn, which is done in a thread of its own."""

    @contextmanager
    def shown(self, run: Event | None = None) -> Iterator["LiveProgress"]:
        """Show the progress as it comes; a terminal shows `run`, a `running` event, before anything is opened."""
        self._language = spoken()
        if run is not None:
            self._board.take(run, self._clock())
        if not self._is_redrawn:
            yield self
            self._print_counts()
            return
        with Live(console=self._console, get_renderable=self._drawn, refresh_per_second=REDRAWN_PER_SECOND) as live:
            live.refresh()
            yield self
            self._is_over = True
        with suppress(OSError):
            self._console.print()

    def begin(self, thread: str) -> None:
        """Show the thread's id, so that it is known after a crash too."""
        with suppress(OSError):
            if not self._is_redrawn:
                self._head()
            self._console.print(visible(say("thread {name}", name=thread)))

    def take(self, event: Event) -> None:
        """Take one event; a reader who is gone ends no run."""
        self._language = spoken()
        with suppress(OSError):
            line = self._board.take(event, self._clock())
            if not self._is_redrawn:
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
        """Return the board as the run speaks; it is drawn in a thread of its own, which has no language."""
        with speaking(self._language):
            return self._whole()

    def _whole(self) -> RenderableType:
        """Return the board; while the run works, the rows that fit the screen, the newest last."""
        board, now = self._board, self._clock()
        # Redrawn in a thread of its own, so from copies.
        rows = [row for row in list(board.rows.values()) if not row.is_step]
        below: list[RenderableType] = [*board.closed]
        if board.plan is not None:
            below.insert(0, board.plan.tree())
        if board.used.calls:
            below.append(visible(board.counts()))
        head: list[RenderableType] = [self._heading(now)] if board.run else []
        if self._is_over:
            return Group(*head, self._rows(rows, now), *below)
        room = self._console.height - 1 - sum(map(self._lines, (*head, *below)))
        return Group(*head, *self._fitting(rows, now, room), *below)

    def _fitting(self, rows: list[Row], now: float, room: int) -> list[RenderableType]:
        """Return as many of the newest rows as there is room for, and how many are left out."""
        left_out = 0
        while rows[left_out:] and self._lines(self._rows(rows[left_out:], now)) + bool(left_out) > room:
            left_out += 1
        earlier = say_count("… {number} earlier", "… {number} earlier", left_out)
        told = [Text(f"  {earlier}", style="dim")] if left_out else []
        return [*told, self._rows(rows[left_out:], now)]

    def _lines(self, part: RenderableType) -> int:
        return len(self._console.render_lines(part, pad=False))

    def _heading(self, now: float) -> RenderableType:
        seconds = int(now - self._began)
        words = [*self._board.heading(), *([self._board.place] if self._board.place else [])]
        clock = f"{seconds // 60}:{seconds % 60:02}"
        if cell_len("   ".join((*words, clock))) > self._console.width:
            return Group(visible(words[0], "bold"), visible("   ".join((*words[1:], clock))))
        return _line(visible(words[0], "bold"), *map(visible, words[1:]), Text(clock))

    def _rows(self, rows: list[Row], now: float) -> RenderableType:
        width = self._console.width
        widest = max((cell_len(row.title) for row in rows), default=0) + INDENT
        if width < NARROW or widest * TITLE_SHARE > width:
            return Group(*(part for row in rows for part in _block(row, now)))
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        for ratio in (None, None, 1, None):
            table.add_column(no_wrap=True, ratio=ratio, justify="left")
        table.columns[-1].justify = "right"
        for row in rows:
            table.add_row(visible(f"  {row.title}"), _stance(row), visible(row.said.text), _seconds(row, now))
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
    yield Text.assemble(visible(f"  {row.title}  "), _stance(row), f"  {_seconds(row, now)}".rstrip())
    if row.said.text:
        said = visible(f"    {row.said.text}")
        said.no_wrap, said.overflow = True, "ellipsis"
        yield said


def _stance(row: Row) -> Text:
    return Text(f"{row.said.mark} {row.said.word}".rstrip(), row.said.style)


def _seconds(row: Row, now: float) -> str:
    return in_seconds(row.seconds(now))


def progress_on_stderr() -> LiveProgress:
    """Return the progress for this process's stderr: redrawn at a terminal that can move its cursor."""
    console = console_on(sys.stderr)
    return LiveProgress(console, is_redrawn=sys.stderr.isatty() and not console.is_dumb_terminal)
