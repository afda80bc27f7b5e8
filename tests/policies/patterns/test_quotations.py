"""Quotations: which lines of a text are somebody else's words."""
# ruff: noqa: RUF001  (quotation marks are what this is about)

import re
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.patterns.quotations import lines_of

OWN, QUOTED = False, True


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("", []),
        ("one", [OWN]),
        ("one\n\ntwo\n", [OWN, OWN, OWN]),
        ("> one\n  > two\n>three\n\nfour", [QUOTED, QUOTED, QUOTED, OWN, OWN]),
        ("1 > 2", [OWN]),
        # Fenced blocks.
        ("```\none\n```\ntwo", [QUOTED, QUOTED, QUOTED, OWN]),
        ("  ```python\none\n```  \ntwo", [QUOTED, QUOTED, QUOTED, OWN]),
        ("~~~ any ` info\none\n~~~\ntwo", [QUOTED, QUOTED, QUOTED, OWN]),
        ("```\n~~~\none\n```\ntwo", [QUOTED, QUOTED, QUOTED, QUOTED, OWN]),
        ("````\n```\none\n`````\ntwo", [QUOTED, QUOTED, QUOTED, QUOTED, OWN]),
        ("```\n``` one\n```\ntwo", [QUOTED, QUOTED, QUOTED, OWN]),
        ("```one``` two\nthree", [OWN, OWN]),
        ("``\none", [OWN, OWN]),
        ("```\none\n\ntwo", [QUOTED, QUOTED, QUOTED, QUOTED]),
        # Quotation marks.
        ('"one\ntwo" three\nfour', [OWN, QUOTED, OWN]),
        ('say "one\n\ntwo\n\nthree"\nfour', [OWN, QUOTED, QUOTED, QUOTED, QUOTED, OWN]),
        ("“one\ntwo”\nthree", [OWN, QUOTED, OWN]),
        ("“one\n\ntwo\n”\nthree", [OWN, QUOTED, QUOTED, OWN, OWN]),
        ("„one\ntwo“\nthree", [OWN, QUOTED, OWN]),
        ("„one\ntwo”\nthree", [OWN, QUOTED, OWN]),
        ("«one\ntwo»\nthree", [OWN, QUOTED, OWN]),
        ('“one "two\nthree” four"\nfive\n\nsix', [OWN, QUOTED, QUOTED, OWN, OWN]),
        ('"one" two "three"\nfour', [OWN, OWN]),
        ("one” two\nthree", [OWN, OWN]),
        ('a 5" pipe\ntwo\n\nthree', [OWN, OWN, OWN, OWN]),
        ('it is "5"\ntwo', [OWN, OWN]),
        ('a 5 "pipe\ntwo', [OWN, QUOTED]),
        ('"\none', [OWN, QUOTED]),
        ("»one\ntwo« three\nfour", [OWN, QUOTED, OWN]),
        ("«one» two » three\nfour", [OWN, OWN]),
        ("‘one\ntwo’ three\nfour", [OWN, QUOTED, OWN]),
        ("‘one doesn’t\ntwo’\nthree", [OWN, QUOTED, OWN]),
        ("‘one\n\ntwo", [OWN, OWN, OWN]),
        ("‚one\ntwo‘\nthree", [OWN, QUOTED, OWN]),
        ("‹one\ntwo›\nthree", [OWN, QUOTED, OWN]),
        ("›one\ntwo‹\nthree", [OWN, QUOTED, OWN]),
        ("「one\ntwo」\nthree", [OWN, QUOTED, OWN]),
        ("『one\ntwo』\nthree", [OWN, QUOTED, OWN]),
        # Single quotes at the start of a line.
        ("'one\ntwo'\nthree", [OWN, QUOTED, OWN]),
        ("  '\none\n\ntwo\n'\nthree", [OWN, QUOTED, QUOTED, QUOTED, OWN, OWN]),
        ("zero\n'one doesn't\ntwo' three\nfour", [OWN, OWN, QUOTED, OWN]),
        ("'tis one\ntwo", [OWN, OWN]),
        ("the users' one\ntwo's\nthe users' three", [OWN, OWN, OWN]),
        # Backticks.
        ("say `one\ntwo` three\nfour", [OWN, QUOTED, OWN]),
        ("``one`\ntwo`` three\nfour", [OWN, QUOTED, OWN]),
        ("`one` two ` three\nfour", [OWN, OWN]),
        ("`one``\ntwo", [OWN, OWN]),
        # Indented blocks.
        ("zero\n\n    one\n\ttwo\n  \tthree\n   four", [OWN, OWN, QUOTED, QUOTED, QUOTED, OWN]),
        ("one\n     \ntwo", [OWN, OWN, OWN]),
        ('    "one\ntwo"\nthree', [QUOTED, QUOTED, OWN]),
        # Marks within other quotations open nothing.
        ('> he said "one\ntwo', [QUOTED, OWN]),
        ('```\n"one\n```\ntwo', [QUOTED, QUOTED, QUOTED, OWN]),
        ('"one\n> two"\nthree\n\nfour', [OWN, QUOTED, QUOTED, OWN, OWN]),
        ('"one\n```\ntwo\n```\nthree"\nfour', [OWN, QUOTED, QUOTED, QUOTED, QUOTED, OWN]),
        ('`one\n"two`\nthree', [OWN, QUOTED, OWN]),
        # Every way to end a line.
        ('"one\r\ntwo"\rthree', [OWN, QUOTED, OWN]),
    ],
)
def test_a_line_is_quoted_in_a_fence_after_a_mark_or_within_quotation_marks(text: str, quoted: list[bool]) -> None:
    assert lines_of(text) == [*zip(text.splitlines(), quoted, strict=True)]


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\f", "\v", "\x1c", "\x85"])
def test_what_is_no_line_feed_or_carriage_return_ends_no_line(end: str) -> None:
    assert lines_of(f"one{end}two\nthree") == [(f"one{end}two", OWN), ("three", OWN)]


@given(st.text(st.sampled_from("ab5\n\r\t >\"“”„«»‘’‹›「」'`~ "), max_size=60))
def test_every_text_keeps_its_lines(text: str) -> None:
    assert [line for line, _ in lines_of(text)] == text.splitlines()


@given(st.text(st.sampled_from("ab \n"), max_size=60).filter(lambda text: " " * 4 not in text))
def test_a_text_without_any_mark_is_nobody_elses(text: str) -> None:
    assert not any(is_quoted for _, is_quoted in lines_of(text))
    assert all(is_quoted for _, is_quoted in lines_of(re.sub("^", "> ", text, flags=re.MULTILINE)))


@pytest.mark.parametrize(
    "part", ['"\n', '"\n\n', "“\n\n", "„\n\n", "«", "```\n", "~", "> ", '"', "\n", "\n'a", "»", "‘a’a", "`\n", "`a``b"]
)
def test_a_hostile_text_is_read_in_a_moment(part: str) -> None:
    started = perf_counter()
    lines_of(part * (20_000 // len(part)))
    assert perf_counter() - started < 3
