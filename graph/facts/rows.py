"""Rows of a table as facts: one row is an object of its columns, all rows are a list of such objects."""

from collections.abc import Iterable, Sequence
from datetime import date, time
from decimal import Decimal
from itertools import islice
from math import nan
from typing import Any
from uuid import UUID

from graph.facts.source import SourceError
from policies.language import say
from policies.plain import find_unplain, shown
from policies.team.sources import WhichRows

MAX_ROWS = 1_000
MAX_CELLS = 20_000
MAX_DIGITS = 400
"""Digits of a whole number that are written out before it is found to be too large."""


def facts_from_rows(columns: Sequence[str], rows: Iterable[Sequence[Any]], wanted: WhichRows) -> Any:
    """Return the rows of a table as facts; no more of them are read than it takes to see that they are too many.

    Raises:
        SourceError: columns without a name of their own, no row or several where one is wanted, too many rows or cells,
            or a value that may not enter the state.

    >>> facts_from_rows(["region", "rate"], [("EU", Decimal("0.02"))], "one")
    {'region': 'EU', 'rate': 0.02}
    >>> facts_from_rows(["n"], [(1,), (2,)], "all")
    [{'n': 1}, {'n': 2}]
    """
    _refuse_names(columns)
    if wanted == "one":
        found = [*islice(rows, 2)]
        _refuse_count(len(found))
        facts = _facts_in(columns, found[0])
        _refuse_unplain(facts)
        return facts
    listed = [_facts_in(columns, row) for row in _few(len(columns), rows)]
    for number, facts in enumerate(listed, 1):
        _refuse_unplain(facts, say("row {number}: ", number=number))
    return listed


def _refuse_unplain(facts: dict[str, Any], where: str = "") -> None:
    fault = find_unplain(facts)
    if fault:
        raise SourceError(f"{where}{fault}")


def _refuse_names(columns: Sequence[str]) -> None:
    for number, name in enumerate(columns, 1):
        if not name.strip():
            raise SourceError(say("column {number} has no name; give each column one", number=number))
        if name != name.strip():
            told = say("the column {name} begins or ends with a space; leave the space out", name=shown(name))
            raise SourceError(told)
        if name in columns[: number - 1]:
            raise SourceError(say("two columns are called {name}; give each a name of its own", name=shown(name)))


def _refuse_count(found: int) -> None:
    if found == 0:
        raise SourceError(say("there is no row; allowed: exactly one, or any number with `rows: all`"))
    if found > 1:
        raise SourceError(say("there is more than one row; allowed: exactly one, or any number with `rows: all`"))


def _few(columns: int, rows: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
    found = [*islice(rows, MAX_ROWS + 1)]
    if len(found) > MAX_ROWS:
        raise SourceError(say("there are more than {most} rows; read fewer, or what they add up to", most=MAX_ROWS))
    if len(found) * columns > MAX_CELLS:
        raise SourceError(
            say(
                "there are {rows} rows of {columns} columns; allowed: at most {most} cells",
                rows=len(found),
                columns=columns,
                most=MAX_CELLS,
            )
        )
    return found


def _facts_in(columns: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    return {name: plain_cell(value) for name, value in zip(columns, row, strict=True)}


def plain_cell(value: Any) -> Any:
    """Return a value of a database as JSON has it, times as ISO 8601 text; what JSON has no form for stays as it is.

    >>> plain_cell(Decimal("2.50")), plain_cell(Decimal(2)), plain_cell(date(2026, 1, 31)), plain_cell([Decimal(1)])
    (2.5, 2, '2026-01-31', [1])
    """
    if isinstance(value, list):
        return [plain_cell(item) for item in value]
    if isinstance(value, dict):
        return {key: plain_cell(item) for key, item in value.items()}
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return _number(value)
    return str(value) if isinstance(value, UUID) else value


def _number(value: Decimal) -> int | float:
    """Return a decimal as an integer where its column has no decimals, else as the nearest double."""
    if value.is_nan():
        return nan
    return int(value) if value.as_tuple().exponent in range(MAX_DIGITS) else float(value)
