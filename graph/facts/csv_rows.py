"""CSV: the columns and rows of a text, each cell read as a JSON number, true, false or null, else as text."""

import csv
import io
import json
import re
from collections.abc import Iterator
from math import inf
from typing import Any

from graph.facts.rows import HowMany, facts_from_rows
from graph.problems import UsageError
from policies.language import phrase, say, say_count

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORDS = {"": None, "true": True, "false": False}
_FAULTS = {
    "unexpected end of data": phrase("a text in quotes has no closing quote"),
    "',' expected after": phrase("a quote within a text in quotes is not written twice"),
}
"""How the messages of the CSV reader begin, and what each means."""

_TOO_LONG = phrase("a cell is too long")
_OTHERS = {";": phrase("`;`"), "\t": phrase("a tab")}
"""What other programs put between cells; their numbers may have a decimal comma, so that they are not guessed at."""


def read_csv(text: str, how_many: HowMany) -> Any:
    r"""Return the facts of a CSV text whose first line has the names of the columns.

    Raises:
        UsageError: it is not CSV, a line has another number of cells than the first, or its rows are not of use.

    >>> read_csv("region,rate,open\nEU,0.02,\n", "one")
    {'region': 'EU', 'rate': 0.02, 'open': None}
    """
    lines = _lines(text)
    _, columns = next(lines, (1, []))
    if not columns:
        raise UsageError(say("is empty; allowed: a line with the names of the columns, and below it the rows"))
    between = next((told for mark, told in _OTHERS.items() if len(columns) == 1 and mark in columns[0]), None)
    if between:
        raise UsageError(say("has {mark} between its cells; save it with commas", mark=say(between)))
    return facts_from_rows(columns, _rows(lines, len(columns)), how_many)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each line that is not empty, with its number; a cell in quotes may have line ends in it."""
    reader, begins = csv.reader(io.StringIO(text, newline=""), strict=True), 1
    try:
        for cells in reader:
            if cells:
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        told = next((told for begin, told in _FAULTS.items() if str(error).startswith(begin)), _TOO_LONG)
        raise UsageError(say("line {number} cannot be read as CSV: {why}", number=begins, why=say(told))) from None


def _rows(lines: Iterator[tuple[int, list[str]]], columns: int) -> Iterator[list[Any]]:
    for number, cells in lines:
        if len(cells) != columns:
            found = say_count("{number} cell", "{number} cells", len(cells))
            told = phrase("line {line} has {found}, and the first line {columns}; put text with a comma in quotes")
            raise UsageError(say(told, line=number, found=found, columns=columns))
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
