"""CSV as facts: the first line names the columns, and a cell is a JSON number, true, false or null, else text."""

import json
import re
from collections.abc import Iterator
from math import inf
from typing import Any

from graph.csv_lines import read_lines
from graph.documents import text_of
from graph.facts.rows import facts_from_rows
from graph.facts.source import SourceError
from graph.problems import UsageError
from policies.language import phrase, say, say_count
from policies.team.sources import WhichRows

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORDS = {"": None, "true": True, "false": False}
_OTHERS = {";": phrase("semicolons"), "\t": phrase("tabs")}
"""What other programs put between cells; their numbers may have a decimal comma, so that they are not guessed at."""


def read_csv(data: bytes, wanted: WhichRows, name: str) -> Any:
    r"""Return the facts of a CSV file.

    Raises:
        UsageError: it is too long, not UTF-8 or not CSV, a line has another number of cells than the first, or its
            rows are of no use.

    >>> read_csv(b"region,rate,open\nEU,0.02,\n", "one", "facts.csv")
    {'region': 'EU', 'rate': 0.02, 'open': None}
    """
    text_of(data, name)
    lines = read_lines(data, ",", name)
    _, columns = next(lines, (1, []))
    if not columns:
        told = say("is empty; allowed: a line with the names of the columns, and rows below it")
        raise UsageError(f"{name}: {told}")
    between = next((told for mark, told in _OTHERS.items() if len(columns) == 1 and mark in columns[0]), None)
    if between:
        told = say("the cells are separated by {separators}; save the file with commas", separators=say(between))
        raise UsageError(f"{name}: {told}")
    try:
        return facts_from_rows(columns, _rows(lines, len(columns), name), wanted)
    except SourceError as error:
        raise UsageError(f"{name}: {error}") from None


def _rows(lines: Iterator[tuple[int, list[str]]], columns: int, name: str) -> Iterator[list[Any]]:
    for number, cells in lines:
        if len(cells) != columns:
            told = say_count(
                "has {number} cell, and the first line {columns}; put text with a comma in quotes",
                "has {number} cells, and the first line {columns}; put text with a comma in quotes",
                len(cells),
                columns=columns,
            )
            raise UsageError(f"{name}:{number}: {told}")
        yield [*map(cell, cells)]


def cell(written: str) -> Any:
    """Return what a cell of a CSV file holds.

    >>> [cell(written) for written in ("5", "-0.5", "1e3", "true", "", "007", "NaN", "0,5")]
    [5, -0.5, 1000.0, True, None, '007', 'NaN', '0,5']
    """
    if written in _WORDS:
        return _WORDS[written]
    if not _NUMBER.fullmatch(written):
        return written
    try:
        return json.loads(written)
    except ValueError:  # more digits than Python reads
        return inf
