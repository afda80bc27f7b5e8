"""Recorded sets: a CSV file of items, each with the truth and what every voter answered."""

from collections.abc import Sequence
from dataclasses import dataclass

from graph.assurance.columns import Columns, Wanted, find_columns, named
from graph.csv_lines import read_lines
from graph.inputs import read_input
from graph.problems import UsageError
from policies.assurance.evaluation import Item
from policies.language import in_figures, phrase, say, say_count
from policies.plain import shown

MAX_ITEMS = 1_000_000
MAX_BYTES = 500_000_000
SEPARATORS = {",": phrase("commas"), ";": phrase("semicolons"), "\t": phrase("tabs"), "|": phrase("bars")}


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
    lines = read_lines(data, separator, path)
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


def _separator(data: bytes, truth: str) -> str:
    """Return what separates the cells of the header.

    The name of the truth is a whole cell under one separator only, whatever else the header holds, quoted or not. Where
    it is under none, the separator that makes the most cells gives the clearest complaint.
    """

    def fit(separator: str) -> tuple[bool, int]:
        try:
            _, header = next(read_lines(data, separator, ""), (1, []))
        except UsageError:
            return False, 1
        return truth in header, len(header)

    return max(SEPARATORS, key=fit)
