"""The brief of a model: its lists are lists on the page and in Markdown, and no word of it is more than text."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.report.dossier.prose import blocks_of
from graph.report.html.page import breakable, page_of
from graph.report.markdown.markup import quoted_blocks
from tests.report.conftest import Telling
from tests.report.test_markdown import LIVE, PARSER, tokens_of
from tests.report.test_page import ALLOWED, Reader

BRIEF = """They agree, on two grounds:
1. Demand holds.
   It held in May too.
2. Risk is low:
   - no incident
   * few chargebacks

3. Margin is enough.

After that:
- watch <b>it</b> [here](https://evil.example)
- - [ ] `stop`
7. seven"""

Plain = dict[str, Any]


def item(text: str, *blocks: Plain) -> Plain:
    return {"text": text, "blocks": [*blocks]}


def listing(start: int | None, *items: Plain) -> Plain:
    return {"kind": "list", "start": start, "items": [*items]}


def paragraph(text: str) -> Plain:
    return {"kind": "text", "text": text}


BLOCKS = [
    paragraph("They agree, on two grounds:"),
    listing(
        1,
        item("Demand holds.\nIt held in May too."),
        item("Risk is low:", listing(None, item("no incident"), item("few chargebacks"))),
        item("Margin is enough."),
    ),
    paragraph("After that:"),
    listing(None, item("watch <b>it</b> [here](https://evil.example)"), item("- [ ] `stop`")),
    listing(7, item("seven")),
]


def test_a_brief_is_paragraphs_and_lists() -> None:
    assert blocks_of(BRIEF) == BLOCKS


@pytest.mark.parametrize(
    "text",
    ["-no list", "1.no list", "2026. It was a year.", "007. An agent", "-", "1.", "# a heading", "---", "> a quote"],
)
def test_what_is_no_item_stays_text(text: str) -> None:
    assert blocks_of(text) == [paragraph(text)]


def test_a_number_out_of_order_begins_a_list_that_keeps_it() -> None:
    assert blocks_of("1. one\n1. again\n5. five") == [
        *(listing(1, item("one")), listing(1, item("again")), listing(5, item("five"))),
    ]


def test_lists_within_lists_end_and_their_words_stay() -> None:
    deep = "\n".join(f"{'  ' * depth}- level {depth}" for depth in range(50))
    assert all(f"level {depth}" in str(blocks_of(deep)) for depth in range(50))


def shape_of_page(told: Any) -> list[str]:
    """The lists of the brief as they are nested in the page."""
    (brief,) = re.findall(r'<div class="brief">(.*?)</div>', page_of({**told.dossier, "text": BLOCKS}), re.DOTALL)
    return re.findall(r"</?(?:[uo]l|li)\b[^>]*>", brief)


@pytest.mark.slow
def test_the_lists_of_a_brief_are_lists_on_the_page(story: Telling) -> None:
    plain, nested = ["<li>", "</li>"], ["<li>", "<ul>", *["<li>", "</li>"] * 2, "</ul>", "</li>"]
    assert shape_of_page(story("go")) == [
        *('<ol start="1">', *plain, *nested, *plain, "</ol>"),
        *("<ul>", *plain * 2, "</ul>"),
        *('<ol start="7">', *plain, "</ol>"),
    ]


@pytest.mark.slow
def test_a_word_of_a_brief_is_only_text_on_the_page(story: Telling) -> None:
    reader = Reader(page_of({**story("go").dossier, "text": BLOCKS}))
    assert {tag for tag, _ in reader.tags} <= ALLOWED
    assert "watch <b>it</b> [here](https://evil.example)" in "".join(reader.text)


def test_the_lists_of_a_brief_are_lists_in_markdown() -> None:
    tokens = PARSER.parse("\n".join(quoted_blocks(BLOCKS)))
    lists = [(each.type, each.attrGet("start")) for each in tokens if each.type.endswith("list_open")]
    assert lists == [
        ("ordered_list_open", None),
        ("bullet_list_open", None),
        ("bullet_list_open", None),
        ("ordered_list_open", 7),
    ]
    assert sum(each.type == "list_item_open" for each in tokens) == 8
    assert not LIVE & {each.type for each in tokens_of("\n".join(quoted_blocks(BLOCKS)))}


def test_lists_that_follow_each_other_stay_apart_in_markdown() -> None:
    blocks = blocks_of("1. one\n1. again\n5. five")
    tokens = PARSER.parse("\n".join(quoted_blocks(blocks)))
    assert [each.attrGet("start") for each in tokens if each.type == "ordered_list_open"] == [None, None, 5]


# Characters that begin, indent and end lists come often.
TEXTS = st.text(st.one_of(st.sampled_from("-*+•1.)  \n\n`<[a_#>|"), st.characters(exclude_categories=["C", "Z"])))
BULLETS = re.compile(r"[-*+•\s]|\d{1,3}[.)]")


def said(blocks: list[Plain]) -> str:
    """All words of blocks, in order."""
    return "".join(block["text"] if block["kind"] == "text" else _said_in(block["items"]) for block in blocks)


def _said_in(items: list[Plain]) -> str:
    return "".join(item["text"] + said(item["blocks"]) for item in items)


@given(TEXTS)
def test_no_word_of_a_brief_is_lost_or_moved(text: str) -> None:
    assert BULLETS.sub("", said(blocks_of(text))) == BULLETS.sub("", text)


@given(TEXTS)
def test_nothing_of_a_brief_is_live_in_markdown(text: str) -> None:
    tokens = tokens_of("\n".join([*quoted_blocks(blocks_of(text)), "", "after"]))
    opened = {each.type for each in tokens if each.nesting == 1}
    assert opened <= {
        *("blockquote_open", "paragraph_open", "bullet_list_open", "ordered_list_open", "list_item_open"),
    }
    assert not LIVE & {each.type for each in tokens}


@given(TEXTS)
def test_the_markdown_of_a_brief_shows_its_words(text: str) -> None:
    blocks = blocks_of(text)
    inline = [part for token in PARSER.parse("\n".join(quoted_blocks(blocks))) for part in token.children or []]
    shown = "".join(part.content for part in inline)
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", said(blocks))


@given(st.text(st.one_of(st.sampled_from("_.<&\"'a1"), st.characters(exclude_categories=["C"]))))
def test_a_word_that_may_break_is_read_as_it_was(text: str) -> None:
    reader = Reader(f"<p>{breakable(text)}</p>")
    assert "".join(reader.text).splitlines() == text.splitlines()
    assert {tag for tag, _ in reader.tags} <= {"p", "wbr"}


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("policy_limits.payment_rate", "policy_<wbr>limits.<wbr>payment_<wbr>rate"),
        ("1,234,567.8901 and more", "1,234,567.8901 and more"),
        ("e.g. a_b", "e.g. a_b"),
        ("<script>x_very_long</script>", "&lt;script&gt;x_<wbr>very_<wbr>long&lt;/script&gt;"),
    ],
)
def test_a_long_word_breaks_at_its_joints_and_a_number_never(text: str, broken: str) -> None:
    assert breakable(text) == broken
