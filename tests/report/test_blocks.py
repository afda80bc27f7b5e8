"""Rows at any width: nothing of them is cut, and no line is wider than its terminal."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from graph.report.terminal.blocks import rows_shown

WORD = st.text("abcdefgh_.", min_size=1, max_size=12)
SENTENCE = st.lists(WORD, min_size=1, max_size=12).map(" ".join)
HEADINGS = ("thread", "ended with", "reason")
ROWS = st.lists(st.tuples(WORD, SENTENCE, SENTENCE), min_size=1, max_size=4)


def shown(rows: list[tuple[str, ...]], width: int, *, lined: bool = False) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False)
    console.print(rows_shown(console, HEADINGS, rows, lined=lined))
    return out.getvalue().splitlines()


def without_spaces(text: str) -> str:
    return "".join(sorted("".join(text.split())))


@given(rows=ROWS, width=st.integers(40, 160), lined=st.booleans())
def test_nothing_is_cut_at_any_width(rows: list[tuple[str, ...]], width: int, lined: bool) -> None:
    lines = shown(rows, width, lined=lined)
    assert max(map(len, lines)) <= width
    told = without_spaces("".join(lines).replace("─", "").replace("…", "#"))
    for row in rows:
        for cell in row:
            for letter in set(cell) - {" "}:
                assert told.count(letter) >= sum(each.count(letter) for each in row)


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            80,
            [
                "thread  ended with  reason",
                "lot-7   no_go       " + "The cause is not known, and the door is not repaired.",
            ],
        ),
        (
            40,
            [
                "lot-7",
                "  ended with: no_go",
                "  reason: The cause is not known, and",
                "  the door is not repaired.",
            ],
        ),
    ],
)
def test_a_row_is_a_line_where_there_is_room_else_a_block(width: int, lines: list[str]) -> None:
    row = ("lot-7", "no_go", "The cause is not known, and the door is not repaired.")
    assert [line.rstrip() for line in shown([row], width)] == lines


def test_what_says_nothing_has_no_line_in_a_block() -> None:
    assert [line.rstrip() for line in shown([("t" * 30, "-", "Fine.")], 40)] == ["t" * 30, "  reason: Fine."]
