"""The table of deliberate breaks fits the code: each can be made, and changes it."""

import ast

import pytest

from tests.breaks.table import BREAKS, ROOT, Break


def test_there_are_enough_breaks_and_each_promise_is_named_once() -> None:
    assert len(BREAKS) >= 60
    assert len({each.promise for each in BREAKS}) == len(BREAKS)


@pytest.mark.parametrize("each", BREAKS, ids=lambda each: each.promise)
def test_a_break_finds_its_place_once_and_leaves_a_file_that_can_be_read(each: Break) -> None:
    text = (ROOT / each.file).read_text(encoding="utf-8")
    assert text.count(each.old) == 1
    assert ast.dump(ast.parse(each.made_in(text))) != ast.dump(ast.parse(text))
