"""Rows of a table as facts: what a database gives as JSON has it, and no more of it than may be kept."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from graph.facts.rows import MAX_CELLS, MAX_ROWS, facts_from_rows
from graph.facts.source import SourceError


def refusal(columns: list[str], rows: Any, how_many: Any = "one") -> str:
    with pytest.raises(SourceError) as caught:
        facts_from_rows(columns, rows, how_many)
    return str(caught.value)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (Decimal("0.02"), 0.02),
        (Decimal("2.00"), 2.0),
        (Decimal("2"), 2),
        (Decimal("-1E+3"), -1_000),
        (Decimal(1) / Decimal(3), 1 / 3),
        (date(2026, 1, 31), "2026-01-31"),
        (datetime(2026, 1, 31, 9, 30, tzinfo=UTC).replace(tzinfo=None), "2026-01-31T09:30:00"),
        (datetime(2026, 1, 31, 9, 30, tzinfo=UTC), "2026-01-31T09:30:00+00:00"),
        (time(9, 30), "09:30:00"),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        ({"limits": [Decimal("0.5"), date(2026, 1, 31)]}, {"limits": [0.5, "2026-01-31"]}),
        (None, None),
        (True, True),
        ("EU", "EU"),
    ],
)
def test_what_a_database_gives_is_kept_as_json_has_it(value: object, kept: object) -> None:
    found = facts_from_rows(["x"], [(value,)], "one")["x"]
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (b"secret", "`x` is a bytes; allowed: JSON values"),
        (memoryview(b"secret"), "`x` is a memoryview; allowed: JSON values"),
        (timedelta(1), "`x` is a timedelta; allowed: JSON values"),
        (Decimal("NaN"), "`x` is nan; allowed: finite numbers"),
        (Decimal("sNaN"), "`x` is nan; allowed: finite numbers"),
        (Decimal("-Infinity"), "`x` is -inf; allowed: finite numbers"),
        (float("inf"), "`x` is inf; allowed: finite numbers"),
        (2**53, "`x` is an integer beyond ±(2^53-1)"),
        (Decimal("1E+300"), "`x` is an integer beyond ±(2^53-1)"),
        (Decimal("1E+999999"), "`x` is inf; allowed: finite numbers"),
        ("\x00", "`x` has a NUL character or a lone surrogate"),
    ],
)
def test_what_may_not_enter_the_state_is_refused_by_its_column_and_row(value: object, told: str) -> None:
    assert refusal(["x"], [(value,)]) == told
    assert refusal(["x"], [(1,), (value,)], "all") == f"row 2: {told}"


def test_one_row_is_an_object_and_all_rows_are_a_list() -> None:
    assert facts_from_rows(["a", "b"], [(1, 2)], "one") == {"a": 1, "b": 2}
    assert facts_from_rows(["a"], [(1,), (2,)], "all") == [{"a": 1}, {"a": 2}]
    assert facts_from_rows(["a"], [], "all") == []


def test_one_row_is_wanted_where_nothing_else_is_said() -> None:
    assert refusal(["a"], []) == "there is no row; allowed: exactly one, or any number with `rows: all`"
    assert refusal(["a"], [(1,), (2,), (3,)]) == (
        "there is more than one row; allowed: exactly one, or any number with `rows: all`"
    )


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (["a", "b", "a"], "two columns are called 'a'; give each a name of its own"),
        (["a", ""], "column 2 has no name; give each column one"),
        (["a", " "], "column 2 has no name; give each column one"),
        (["a", " b"], "the column ' b' begins or ends with a space; leave the space out"),
    ],
)
def test_a_column_has_a_name_of_its_own(columns: list[str], told: str) -> None:
    assert refusal(columns, [(1,) * len(columns)]) == told


def endless() -> Iterator[tuple[int, ...]]:
    while True:
        yield (1,)


def test_a_query_that_gives_rows_without_end_is_left_after_those_that_are_too_many() -> None:
    assert (
        refusal(["a"], endless(), "all") == f"there are more than {MAX_ROWS} rows; read fewer, or what they add up to"
    )
    assert refusal(["a"], endless()).startswith("there is more than one row")
    assert len(facts_from_rows(["a"], [(1,)] * MAX_ROWS, "all")) == MAX_ROWS


def test_cells_are_counted_too() -> None:
    columns = [f"c{number}" for number in range(MAX_CELLS // MAX_ROWS + 1)]
    assert refusal(columns, [(1,) * len(columns)] * MAX_ROWS, "all") == (
        f"there are {MAX_ROWS} rows of {len(columns)} columns; allowed: at most {MAX_CELLS} cells"
    )
