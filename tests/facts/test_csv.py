"""CSV files as facts: what a cell holds, which files are refused and at which line."""

import csv
import io
import json
from random import Random
from typing import Any

import pytest

from graph.facts.csv_rows import cell, read_csv
from graph.problems import UsageError


def read(text: str, how_many: Any = "all") -> Any:
    return read_csv(text.encode(), how_many, "facts.csv")


def refusal(text: str | bytes, how_many: Any = "all") -> str:
    with pytest.raises(UsageError) as caught:
        read_csv(text if isinstance(text, bytes) else text.encode(), how_many, "facts.csv")
    return str(caught.value).removeprefix("facts.csv:")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("5", 5),
        ("-0.5", -0.5),
        ("1e3", 1000.0),
        ("5.0", 5.0),
        ("true", True),
        ("false", False),
        ("", None),
        ("True", "True"),
        ("null", "null"),
        ("007", "007"),
        ("+5", "+5"),
        (".5", ".5"),
        ("5.", "5."),
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        (" 5", " 5"),
        ("0,5", "0,5"),
        ("1_000", "1_000"),
        ("\u0665", "\u0665"),
        ('"5"', '"5"'),
        ("2026-01-31", "2026-01-31"),
    ],
)
def test_a_cell_is_a_json_number_true_false_or_nothing_and_else_text(written: str, kept: object) -> None:
    found = cell(written)
    assert (found, type(found)) == (kept, type(kept))


def test_quotes_spaces_and_line_ends_are_read_as_csv_has_them() -> None:
    text = '\ufeffregion, note\r\nEU ,"one, ""two""\nthree"\r\n\r\n,\r\nUS, 0.5\r\n'
    assert read(text) == [{"region": "EU", "note": 'one, "two"\nthree'}, {"region": "US", "note": 0.5}]


EMPTY = " is empty; allowed: a line with the names of the columns, and rows below it"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", EMPTY),
        ("\n \n", EMPTY),
        ("a;b\n1;2\n", " the cells are separated by semicolons; save the file with commas"),
        ("a\tb\n1\t2\n", " the cells are separated by tabs; save the file with commas"),
        ("a,b\n1,2\n3\n", "3: has 1 cell, and the first line 2; put text with a comma in quotes"),
        ('a,b\n"x\ny",2\n1,2,3\n', "4: has 3 cells, and the first line 2; put text with a comma in quotes"),
        ('a,b\n1,"2\n', "2: cannot be read as CSV: a quote is opened and never closed"),
        (
            'a,b\n1,"2"x\n',
            "2: cannot be read as CSV: a quoted cell continues after its closing quote; write a quote inside it twice",
        ),
        ("a\n" + "x" * 200_000, "2: cannot be read as CSV: a cell has more than 131,072 characters"),
        ("a\n" + "x" * 20_001, " row 1: `a` has 20001 characters; allowed: at most 20000"),
        ("a\nx\x00\n", " row 1: `a` has a NUL character or a lone surrogate"),
        ("a\n1e999\n", " row 1: `a` is inf; allowed: finite numbers"),
        ("a\n9007199254740993\n", " row 1: `a` is an integer beyond ±(2^53-1)"),
        ("a\n" + "9" * 5_000, " row 1: `a` is inf; allowed: finite numbers"),
        ("a,a\n1,2\n", " two columns are called 'a'; give each a name of its own"),
        ("a,\n1,2\n", " column 2 has no name; give each column one"),
        (b"a\n\xff\n", " is not UTF-8 at byte 2; write the text as UTF-8"),
        ("a\n" * 200_000, " has more than 262144 bytes; allowed: at most 262144"),
    ],
)
def test_a_file_that_is_no_use_is_refused_by_its_line(text: str | bytes, told: str) -> None:
    assert refusal(text) == told


def test_one_row_is_wanted_where_nothing_else_is_said() -> None:
    assert read("a,b\n1,x\n", "one") == {"a": 1, "b": "x"}
    assert refusal("a,b\n", "one").startswith(" there is no row")
    assert refusal("a,b\n1,2\n3,4\n", "one").startswith(" there is more than one row")


def as_read(written: str) -> Any:
    """Return what a cell holds, by the JSON reader alone."""
    written = written.strip()
    if not written:
        return None
    try:
        found = json.loads(written, parse_constant=str)
    except ValueError:
        return written
    return written if found is None or isinstance(found, str | list | dict) else found


@pytest.mark.parametrize("seed", range(20))
def test_what_another_program_writes_is_read(seed: int) -> None:
    random = Random(seed)
    pieces = ["5", "0", "-", ".", "true", "false", "null", ",", ";", '"', "\n", "é", "NaN", "[]", " "]
    columns = [f"c{number}" for number in range(random.randrange(2, 5))]
    rows = [["".join(random.choices(pieces, k=random.randrange(1, 4))) for _ in columns] for _ in range(30)]
    file = io.StringIO()
    csv.writer(file, quoting=random.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))).writerows([columns, *rows])
    wanted = [dict(zip(columns, map(as_read, row), strict=True)) for row in rows if any(map(str.strip, row))]
    assert read(file.getvalue()) == wanted
