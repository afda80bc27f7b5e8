"""Recorded sets: a CSV file of items, each with the truth and what every voter answered."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graph.assurance.columns import Columns, Wanted, find_columns, named
from graph.inputs import read_input
from graph.problems import UsageError
from policies.assurance.evaluation import Item
from policies.language import in_figures, phrase, say, say_count
from policies.plain import shown

MAX_ITEMS = 1_000_000
MAX_BYTES = 500_000_000
SEPARATORS = {",": phrase("commas"), ";": phrase("semicolons"), "\t": phrase("tabs"), "|": phrase("bars")}
FAULTS = {
    "unexpected end of data": phrase("a quote is opened and never closed"),
    "expected after": phrase("a quoted cell continues after its closing quote; write a quote inside it twice"),
    "field larger": phrase("a cell has more than {most} characters"),
}
"""What Python's reader of CSV complains of, and how a person says it."""


@dataclass(frozen=True)
class Recorded:
    """A recorded set: its columns, its items, and how the file calls each item."""

    path: str
    columns: Columns
    ids: Sequence[str]
    items: Sequence[Item]

    @property
    def voters(self) -> tuple[str, ...]:
        """The names of the voters, in the order of their columns."""
        return tuple(self.columns.header[place] for place in self.columns.voters)


def read_recorded(path: str, wanted: Wanted) -> Recorded:
    """Return the recorded set in a file.

    Raises:
        UsageError: the file cannot be read, its columns are not those that are wanted, or a line is broken.
    """
    data = _bytes(path)
    separator = _separator(data, wanted.truth_name)
    lines = _lines(data, separator, path)
    number, header = next(lines, (1, []))
    columns = find_columns(header, wanted, f"{path}:{number}")
    items: list[Item] = []
    seen: dict[str, int] = {}
    for number, cells in lines:
        where = f"{path}:{number}"
        if len(cells) != len(header):
            raise UsageError(
                say_count(
                    "{where}: has {number} cell; allowed: {allowed}, separated by {separators}",
                    "{where}: has {number} cells; allowed: {allowed}, separated by {separators}",
                    len(cells),
                    where=where,
                    allowed=len(header),
                    separators=say(SEPARATORS[separator]),
                )
            )
        seen[_id(cells, columns, where, number, seen)] = number
        items.append(_item(cells, columns, where))
        if len(items) > MAX_ITEMS:
            raise UsageError(say("{path}: has more than {most} items", path=path, most=in_figures(f"{MAX_ITEMS:,}")))
    if not items:
        raise UsageError(say("{path}: has no items; each is a line below the names of the columns", path=path))
    return Recorded(path, columns, [*seen], items)


def _id(cells: Sequence[str], columns: Columns, where: str, number: int, seen: dict[str, int]) -> str:
    if columns.id is None:
        return say("line {number}", number=number)
    name, own = cells[columns.id], named(columns.header[columns.id])
    if not name:
        raise UsageError(
            say("{where}: the id in the column {column} is empty; every item needs one", where=where, column=own)
        )
    if name in seen:
        raise UsageError(
            say(
                "{where}: the id {id} in the column {column} is also in line {line}; allowed: each once; `--id` names "
                "another column",
                where=where,
                id=shown(name),
                column=own,
                line=seen[name],
            )
        )
    return name


def _item(cells: Sequence[str], columns: Columns, where: str) -> Item:
    truth = cells[columns.truth]
    if not truth:
        column = named(columns.header[columns.truth])
        raise UsageError(say("{where}: the truth in the column {column} is empty", where=where, column=column))
    return Item(truth, {columns.header[place]: cells[place] or None for place in columns.voters})


def _bytes(path: str) -> bytes:
    data = read_input(path, MAX_BYTES)
    if len(data) > MAX_BYTES:
        raise UsageError(say("{path}: has more than {most} bytes", path=path, most=in_figures(f"{MAX_BYTES:,}")))
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = f"{path}:{_line_of(data, error.start)}"
        raise UsageError(say("{where}: is not UTF-8; save the file as UTF-8", where=where)) from None
    if b"\0" in data:
        where = f"{path}:{_line_of(data, data.index(bytes(1)))}"
        raise UsageError(say("{where}: has a NUL character; save the file as UTF-8 text", where=where))
    return data


def _line_of(data: bytes, place: int) -> int:
    return len(data[: place + 1].splitlines())


def _lines(data: bytes, separator: str, path: str) -> Iterator[tuple[int, list[str]]]:
    """Yield every line that is not blank: where it begins in the file, and its cells without spaces around them."""
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    reader = csv.reader(text, delimiter=separator, strict=True, skipinitialspace=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            fault = next((said for words, said in FAULTS.items() if words in str(error)), None)
            most = in_figures(f"{csv.field_size_limit():,}")
            why = say(fault, most=most) if fault else str(error)
            told = say("{where}: cannot be read as CSV: {why}", where=f"{path}:{number}", why=why)
            raise UsageError(told) from None
        if any(cells):
            yield number, cells


def _separator(data: bytes, truth: str) -> str:
    """Return what separates the cells of the header.

    The name of the truth is a whole cell under one separator only, whatever else the header holds, quoted or not. Where
    it is under none, the separator that makes the most cells gives the clearest complaint.
    """

    def fit(separator: str) -> tuple[bool, int]:
        try:
            _, header = next(_lines(data, separator, ""), (1, []))
        except UsageError:
            return False, 1
        return truth in header, len(header)

    return max(SEPARATORS, key=fit)
