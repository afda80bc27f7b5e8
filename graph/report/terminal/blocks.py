"""A table where it fits, else a block of lines for each of its rows, so that nothing is cut."""

from collections.abc import Iterator, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from graph.report.terminal.visible import visible

Cell = str | Text
INDENT = 2
GAP = 2
READABLE = 24
"""Columns that the widest cell of a row needs at least, to be read in lines and not word by word."""


def rows_shown(
    console: Console, headings: Sequence[str], rows: Sequence[Sequence[Cell]], *, lined: bool
) -> RenderableType:
    """Return rows as a table, with a line below its headings or without; as blocks where it would be too narrow."""
    cells = [[_text(cell) for cell in row] for row in rows]
    columns = zip(headings, zip(*cells, strict=True), strict=True)
    widths = [max(cell_len(heading), *map(_width, column)) for heading, column in columns]
    widest = max(widths)
    left = console.width - sum(widths) + widest - GAP * len(widths)
    return _table(headings, cells, lined) if left >= min(widest, READABLE) else Group(*_blocks(headings, cells))


def _width(cell: Text) -> int:
    return max((cell_len(line) for line in cell.plain.split("\n")), default=0)


def _table(headings: Sequence[str], rows: Sequence[Sequence[Text]], lined: bool) -> Table:
    table = Table(*headings, box=box.SIMPLE_HEAD if lined else None, pad_edge=False, padding=(0, GAP // 2))
    for row in rows:
        table.add_row(*row)
    return table


def _blocks(headings: Sequence[str], rows: Sequence[Sequence[Text]]) -> Iterator[RenderableType]:
    """Yield each row: its first cell, and each other one that says something below it, after its heading."""
    for first, *others in rows:
        yield first
        for heading, cell in zip(headings[1:], others, strict=True):
            if cell.plain not in ("", "-"):
                yield Padding(Text.assemble((f"{heading}: ", "dim"), cell), (0, 0, 0, INDENT))


def _text(cell: Cell) -> Text:
    return cell if isinstance(cell, Text) else visible(cell)
