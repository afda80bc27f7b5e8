"""The Markdown: tables to paste, and no text in it that is more than text."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from graph.report.markdown.markup import code, escaped, fenced, quoted, table
from tests.obeyed import OBEYED
from tests.report.conftest import Telling
from tests.report.stage import HOSTILE
from tests.report.test_dossier import unbegun
from tests.report.works import EVERY, WORKS

pytestmark = pytest.mark.slow

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
LIVE = {"html_inline", "html_block", "link_open", "image", "s_open", "em_open", "hr"}
HEADINGS = {
    *("Goal", "Next step", "Brief", "Why", "Stances", "Dissent", "Conflicts", "Flags", "Guards", "Facts"),
    *(
        "What would have changed it",
        "What would have spared people the question",
        "Power of roles",
        "Timeline",
        "Cost and usage",
        "Record",
    ),
    *("Answer", "Plan", "Plan 1 of 2", "Plan 2 of 2", "Stages", "Results", "Assignments", "Positions", "Verdict"),
    *("Notes", "Turns", "Ballots", "Messages", "People"),
    *("Stability", "A later look", "Facts that moved", "What it reopens"),
}
OWN = re.compile(r"Round \d+$|\S+ (?:A decision that|The answer of|A fact that|A name to)")
"""The headings of rounds and of questions to people, which have a mark."""
HOSTILES = ["hostile_world", *(name for name in WORKS if name.startswith("hostile"))]


def tokens_of(text: str) -> list[Token]:
    return [part for token in PARSER.parse(text) for part in (token, *(token.children or []))]


def headings_of(text: str) -> list[str]:
    tokens = PARSER.parse(text)
    return [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]


def widths_of(text: str) -> list[set[int]]:
    """How many cells the rows of each table have."""
    found: list[list[int]] = []
    for token in PARSER.parse(text):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append(0)
        elif token.type in ("td_open", "th_open"):
            found[-1][-1] += 1
    return [set(rows) for rows in found]


def shown(text: str) -> str:
    """What a reader sees of inline Markdown."""
    (inline,) = [token for token in PARSER.parse(text) if token.type == "inline"]
    return "".join(token.content for token in inline.children or [])


@pytest.mark.parametrize("name", EVERY)
def test_nothing_in_it_is_live(name: str, story: Telling) -> None:
    assert not LIVE & {token.type for token in tokens_of(story(name).markdown)}


@pytest.mark.parametrize("name", EVERY)
def test_its_headings_are_its_own(name: str, story: Telling) -> None:
    first, *others = headings_of(story(name).markdown)
    assert story(name).dossier["verdict"]["label"] in first
    assert {title for title in others if not OWN.match(title)} <= HEADINGS


@pytest.mark.parametrize("name", EVERY)
def test_every_row_of_a_table_has_all_its_cells(name: str, story: Telling) -> None:
    lines = [line for line in story(name).markdown.splitlines() if line.startswith("|")]
    assert lines
    assert all(len(widths) == 1 for widths in widths_of(story(name).markdown))


@pytest.mark.parametrize("name", EVERY)
def test_every_row_is_written_inside_its_table(name: str, story: Telling) -> None:
    """A renderer drops cells that are too many, so that rows are counted as they are written too."""
    for head, *rows in (block.splitlines() for block in story(name).markdown.split("\n\n") if block.startswith("|")):
        assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {len(re.findall(r"(?<!\\)\|", head))}


@pytest.mark.parametrize("name", ["hostile", "hostile_raw", *HOSTILES])
def test_no_address_and_no_name_is_left_for_a_reader_to_link(name: str, story: Telling) -> None:
    outside = "".join(token.content for token in tokens_of(story(name).markdown) if token.type == "text")
    assert not re.search(r"\w+://|www\.|@\w|#\d", outside)


@pytest.mark.parametrize("name", ["hostile", *HOSTILES])
def test_no_hostile_character_reaches_it(name: str, story: Telling) -> None:
    assert OBEYED.search(HOSTILE)
    assert OBEYED.findall(story(name).markdown) == []


def test_it_says_what_the_page_says(story: Telling) -> None:
    text = story("go_with_caution").markdown
    for said in (
        "# ⚠️ Go with caution",
        "| Risk analyst | ✅ go",
        "| **Outcome** | **⚠️ Go with caution (row 5)** |",
        "exceeded by 2 (40.0% of the limit)",
        "- Round 1: go against caution",
        "⚠️ Accepted: caution (0.90)",
        story("go_with_caution").dossier["record"]["head"],
    ):
        assert said in text


def test_a_thread_that_has_not_begun_is_told_too() -> None:
    assert headings_of(unbegun().markdown) == ["↻ Not begun", "Next step"]


# Letters that mean something to Markdown come often; controls were replaced before.
TEXTS = st.text(st.one_of(st.sampled_from("`*_~|\\[]()<>!#-+=.:@&$^{}1a \n"), st.characters(exclude_categories=["C"])))


@given(TEXTS)
def test_escaped_text_is_seen_as_it_was(text: str) -> None:
    one_line = " ".join(text.split())
    line = escaped(text)
    assert not LIVE & {token.type for token in tokens_of(line)}
    assert {token.type for token in PARSER.parse(line)} <= {"paragraph_open", "inline", "paragraph_close"}
    assert (shown(line) if line else "") == one_line


@given(TEXTS)
def test_a_cell_stays_one_cell(text: str) -> None:
    drawn = "\n".join(table(("a", "b"), [[escaped(text), code(text)]]))
    assert widths_of(drawn) == [{2}]
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 3 for line in drawn.splitlines())
    assert not LIVE & {token.type for token in tokens_of(drawn)}


@given(TEXTS)
def test_code_is_seen_as_it_was(text: str) -> None:
    cells = [token for token in tokens_of("\n".join(table(("a",), [[code(text)]]))) if token.type == "code_inline"]
    assert [token.content for token in cells] == ([" ".join(text.split())] if text.split() else [])


@given(TEXTS)
def test_a_quotation_ends_where_it_ends(text: str) -> None:
    tokens = PARSER.parse("\n".join([*quoted(text), "", "after"]))
    assert [token.content for token in tokens if token.type == "inline"][-1] == "after"
    assert [token.type for token in tokens if token.level == 0] == [
        *("blockquote_open", "blockquote_close"),
        *("paragraph_open", "paragraph_close"),
    ]
    assert {token.type for token in tokens if token.nesting == 1} == {"blockquote_open", "paragraph_open"}


@given(TEXTS)
def test_a_block_of_code_ends_where_it_ends(text: str) -> None:
    block, *rest = PARSER.parse("\n".join([*fenced(text), "after"]))
    assert (block.type, block.content) == ("fence", f"{text}\n")
    assert rest[1].content == "after"


def test_a_very_long_word_is_escaped_at_once() -> None:
    assert len(escaped("W" * 200_000 + "@")) >= 200_000
    assert HOSTILE.count("evil.example") > 5
