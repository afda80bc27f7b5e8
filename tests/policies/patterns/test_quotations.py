"""Quotations: which lines of a text are somebody else's words."""

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
        ('a 5" pipe\ntwo\n\nthree', [OWN, QUOTED, OWN, OWN]),
        ('"\none', [OWN, QUOTED]),
        # Marks within other quotations open nothing.
        ('> he said "one\ntwo', [QUOTED, OWN]),
        ('```\n"one\n```\ntwo', [QUOTED, QUOTED, QUOTED, OWN]),
        ('"one\n> two"\nthree\n\nfour', [OWN, QUOTED, QUOTED, OWN, OWN]),
        ('"one\n```\ntwo\n```\nthree"\nfour', [OWN, QUOTED, QUOTED, QUOTED, QUOTED, OWN]),
        # Every way to end a line.
        ('"one\r\ntwo"\rthree\u2028four', [OWN, QUOTED, OWN, OWN]),
    ],
)
def test_a_line_is_quoted_in_a_fence_after_a_mark_or_within_quotation_marks(text: str, quoted: list[bool]) -> None:
    assert lines_of(text) == [*zip(text.splitlines(), quoted, strict=True)]


@given(st.text(st.sampled_from('ab\n\r >"“”„«»`~ '), max_size=60))
def test_every_text_keeps_its_lines(text: str) -> None:
    assert [line for line, _ in lines_of(text)] == text.splitlines()


@given(st.text(st.sampled_from("ab \n"), max_size=60))
def test_a_text_without_any_mark_is_nobody_elses(text: str) -> None:
    assert not any(is_quoted for _, is_quoted in lines_of(text))
    assert all(is_quoted for _, is_quoted in lines_of(re.sub("^", "> ", text, flags=re.MULTILINE)))


@pytest.mark.parametrize("part", ['"\n', '"\n\n', "“\n\n", "„\n\n", "«", "```\n", "~", "> ", '"', "\n"])
def test_a_hostile_text_is_read_in_a_moment(part: str) -> None:
    started = perf_counter()
    lines_of(part * (20_000 // len(part)))
    assert perf_counter() - started < 3
