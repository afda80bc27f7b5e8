"""The words of other guides: the table of the page is what the service reads."""

import re
from pathlib import Path

from graph.service.words import AGENT, EXECUTION, MESSAGE, PATTERNS
from policies.team.team import PATTERN_NAMES

PAGE = (Path(__file__).parents[2] / "docs" / "http.md").read_text(encoding="utf-8")


def rows_of(where: str) -> dict[str, str]:
    """Return what each word means that the table of the page has for a place."""
    rows = re.findall(rf"^\| {where} \| (.+?) \| `(\w+)`.* \|$", PAGE, flags=re.MULTILINE)
    return {word: meant for words, meant in rows for word in re.findall(r"`(\w+)`", words)}


def test_the_page_has_the_words_that_are_read() -> None:
    assert rows_of("execute") == EXECUTION
    assert rows_of("pattern") == PATTERNS
    assert rows_of("agent") == {**AGENT, "role": "preset"}
    assert rows_of("message") == MESSAGE


def test_no_word_for_a_pattern_is_the_name_of_another() -> None:
    assert not {*PATTERNS} & {*PATTERN_NAMES}
