"""Lines of CSV: where each begins, its cells, and in words what cannot be read as CSV."""

import csv
import io
from collections.abc import Iterator

from graph.problems import UsageError
from policies.language import in_figures, phrase, say

FAULTS = {
    "unexpected end of data": phrase("a quote is opened and never closed"),
    "expected after": phrase("a quoted cell continues after its closing quote; write a quote inside it twice"),
    "field larger": phrase("a cell has more than {most} characters"),
}
"""What Python's reader of CSV complains of, and how a person says it."""


def read_lines(data: bytes, separator: str, name: str) -> Iterator[tuple[int, list[str]]]:
    r"""Yield every line that is not blank: where it begins in the file, and its cells without spaces around them.

    The bytes are UTF-8, with or without a mark at their beginning.

    Raises:
        UsageError: a line is not CSV.

    >>> [*read_lines(b'region, note\n\n"EU", "one\ntwo"\nUS,\n', ",", "facts.csv")]
    [(1, ['region', 'note']), (3, ['EU', 'one\ntwo']), (5, ['US', ''])]
    """
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
            told = say("{where}: cannot be read as CSV: {why}", where=f"{name}:{number}", why=why)
            raise UsageError(told) from None
        if any(cells):
            yield number, cells
