"""A table where it fits, else a block of lines for each of its rows, so that nothing is cut."""

from collections.abc import Iterator, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from graph.report.terminal.visible import visible
from policies.language import say

Cell = str | Text
INDENT = 2
GAP = 2
READABLE = 24
"""Columns that the widest cell of a row needs at least, to be read in lines and not word by word."""


def rows_shown(
    console: Console, headings: Sequence[str], rows: Sequence[Sequence[Cell]], *, lined: bool
) -> RenderableType:
    """Return rows as a table, with a line below its headings or without; as blocks where it would be too narrow."""
    table = Table(box=box.SIMPLE_HEAD if lined else None, pad_edge=False, padding=(0, GAP // 2))
    for heading in headings:
        table.add_column(heading, overflow="fold")  # a word that is too long is never cut
    for row in rows:
        table.add_row(*map(_text, row))
    return fitted(console, table)


def fitted(console: Console, table: Table, *, is_titled: bool = False) -> RenderableType:
    """Return a table as it is, or its rows as blocks where it would be too narrow.

    The first heading of a table `is_titled` says what it is about, and goes above the blocks.
    """
    headings = [str(column.header) for column in table.columns]
    rows = [*zip(*([_text(cell) for cell in column.cells] for column in table.columns), strict=True)]
    columns = zip(headings, zip(*rows, strict=True), strict=True)
    widths = [max(cell_len(heading), *(_width(console, cell) for cell in cells)) for heading, cells in columns]
    widest = max(widths, default=0)
    left = console.width - sum(widths) + widest - GAP * len(widths)
    if left >= min(widest, READABLE):
        return table
    title = [Text(), Text(headings[0], style="bold")] if is_titled else []
    return Group(*title, *_blocks(headings, rows))


def _width(console: Console, cell: RenderableType) -> int:
    if isinstance(cell, Text):
        return max((cell_len(line) for line in cell.plain.split("\n")), default=0)
    return console.measure(cell).maximum


def _blocks(headings: Sequence[str], rows: Sequence[Sequence[RenderableType]]) -> Iterator[RenderableType]:
    """Yield each row: its first cell, and each other one that says something below it, after its heading."""
    for first, *others in rows:
        yield first
        for heading, cell in zip(headings[1:], others, strict=True):
            if not isinstance(cell, Text):
                yield Padding(cell, (0, 0, 0, INDENT))
            elif cell.plain not in ("", "-"):
                yield Padding(Text.assemble((_before(heading), "dim"), cell), (0, 0, 0, INDENT))


def _before(heading: str) -> str:
    return f"{say('{heading}:', heading=heading)} " if heading else ""


def _text(cell: RenderableType) -> RenderableType:
    return visible(cell) if isinstance(cell, str) else cell
