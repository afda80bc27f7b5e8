"""Every character that moves or hides text is seen on a terminal, on the page and in Markdown, and obeyed by none."""

import unicodedata
from pathlib import Path

import pytest

from graph.problems import neutral
from graph.report.texts import cleaned
from tests.harness import proposal, run, scripted, settings_at, team_of
from tests.hostile.command import Captured, accord
from tests.obeyed import CONTROLS, DIRECTIONS, FILLERS, HIDDEN, OBEYED, TAGS

EVERY = [chr(code) for code in range(0x110000)]
MOVING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "B", "S"}
"""The classes of characters that move text or end a paragraph; the marks LRM, RLM and ALM have those of letters."""

WRITTEN = (
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian
    "\u0915\u094d\u200d\u0937 \u0d28\u0d4d\u200d",  # Devanagari, Malayalam
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f\u200d\U0001f525",  # a family, a burning heart
    "\u0601\u0662\u0660 \u06dd\u0661",  # an Arabic year, the number of a verse
    "Stra\u00dfe \u4e2d\u6587 e\u0301 \u05e9\u05dc\u05d5\u05dd \u00a0\u2003 \u20ac \u2013 \u2019",
)


def test_no_direction_no_control_and_no_hidden_letter_passes() -> None:
    moving = [each for each in EVERY if unicodedata.bidirectional(each) in MOVING]
    assert {*DIRECTIONS} - {*moving} == {"\u200e", "\u200f", "\u061c"}

    for character in {*moving, *CONTROLS, *DIRECTIONS, *HIDDEN, *TAGS, *FILLERS, "\n"}:
        assert neutral(f"a{character}b") == "a\N{REPLACEMENT CHARACTER}b", ascii(character)


def test_what_is_seen_passes() -> None:
    seen = [each for each in EVERY if unicodedata.category(each)[0] in "LMNPS" or unicodedata.category(each) == "Zs"]

    assert len(seen) > 100_000
    assert {each for each in seen if neutral(each) != each} == {*FILLERS}
    assert [neutral(text) for text in WRITTEN] == [*WRITTEN]


def test_half_a_character_is_written_out_since_no_stream_can_say_it() -> None:
    assert neutral("a\udc9bb\ud800") == "a\\udc9bb\\ud800"


def test_a_cleaned_text_keeps_its_lines_and_its_other_characters_in_every_place() -> None:
    unseen = DIRECTIONS + HIDDEN + TAGS

    tidy = cleaned({f"k{unseen}": [f"a{unseen}\nb", {"c": unseen}], "n": 1})

    directions = "".join(f"\\u{ord(each):04x}" for each in DIRECTIONS)
    replaced = directions + "\N{REPLACEMENT CHARACTER}" * len(HIDDEN + TAGS)
    assert tidy == {f"k{replaced}": [f"a{replaced}\nb", {"c": replaced}], "n": 1}


@pytest.mark.slow
def test_terminal_page_and_markdown_show_each_of_them_and_pass_on_none(accord_home: Path, capsys: Captured) -> None:
    settings = settings_at(accord_home)
    hostile = " ".join(f"x{each}y" for each in DIRECTIONS + HIDDEN + TAGS[::8] + CONTROLS.replace("\0", ""))
    words = f"{hostile} {WRITTEN[0]} {WRITTEN[2]}"
    facts = {**(team_of(settings).own_facts or {}), "note": words, f"k{DIRECTIONS}": "v"}
    team = team_of(settings, goal=words, facts=facts)
    spoken = scripted(lambda question: proposal(question.name, summary=words, actions=[words[:400]]), brief=words)
    record = run(team, settings, "t", spoken)
    assert words in record["answer"]

    for command in (["show", "t"], ["show", "t", "--html", "-"], ["show", "t", "--markdown", "-"], ["why", "t"]):
        done = accord(capsys, *command)
        assert done.code == 0
        assert OBEYED.findall(done.out + done.err) == [], command
        if command[0] == "show":
            assert done.out.count("x\N{REPLACEMENT CHARACTER}y") >= len(hostile.split(" ")), command
            assert WRITTEN[0] in done.out
