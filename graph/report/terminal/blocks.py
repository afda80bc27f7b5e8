"""A table where it fits, else a block of lines for each of its rows, so that nothing is cut."""

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from graph.report.terminal.visible import visible

Cell = str | Text
INDENT = 2


def rows_shown(
    console: Console, headings: Sequence[str], rows: Sequence[Sequence[Cell]], *, lined: bool
) -> RenderableType:
    """Return rows as a table, with a line below its headings or without; as blocks where a word of it would be cut."""
    table = _table(headings, rows, lined)
    least = Measurement.get(console, console.options.update(max_width=10_000), table).minimum
    return table if least <= console.width else Group(*_blocks(headings, rows))


def _table(headings: Sequence[str], rows: Sequence[Sequence[Cell]], lined: bool) -> Table:
    table = Table(*headings, box=box.SIMPLE_HEAD if lined else None, pad_edge=False)
    for row in rows:
        table.add_row(*map(_text, row))
    return table


def _blocks(headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Iterator[RenderableType]:
    """Yield each row: its first cell, and each other one that says something below it, after its heading."""
    for first, *others in rows:
        yield _text(first)
        named = [(heading, _text(cell)) for heading, cell in zip(headings[1:], others, strict=True)]
        for heading, cell in named:
            if cell.plain not in ("", "-"):
                yield Padding(Text.assemble((f"{heading}: ", "dim"), cell), (0, 0, 0, INDENT))


def _text(cell: Cell) -> Text:
    return cell if isinstance(cell, Text) else visible(cell)
