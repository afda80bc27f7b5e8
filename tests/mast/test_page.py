"""The page on reliability says what the tests show: all modes, each with its status, and tests that are there."""

import ast
import re
from pathlib import Path

import pytest

from tests.mast.modes import MODES, Mode
from tests.mast.stage import SEEDS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| \[(\d\.\d)\]\(#([^)]+)\) \| (.+) \| ([\d.]+) % \| (.+) \|$", re.MULTILINE)
SECTIONS = dict(re.findall(r"^### (\d\.\d .+)\n((?:(?!##).*\n?)*)", PAGE, flags=re.MULTILINE))
CATEGORIES = {"1": 44.2, "2": 32.35, "3": 23.5}
"""What the paper gives each category in all; it rounds the second to 32.3."""


def names_in(file: str) -> list[str]:
    tree = ast.parse((HERE / file).read_text(encoding="utf-8"))
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


def anchor(heading: str) -> str:
    """The anchor that a heading gets, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_page_lists_all_modes_with_their_names_shares_and_status() -> None:
    said = [(number, name, float(share), status) for number, _, name, share, status in ROW.findall(PAGE)]

    assert said == [(mode.number, mode.name, mode.share, mode.claim) for mode in MODES]
    assert len(MODES) == 14
    assert [heading for heading in SECTIONS] == [f"{mode.number} {mode.name}" for mode in MODES]
    assert [target for _, target, *_ in ROW.findall(PAGE)] == [anchor(heading) for heading in SECTIONS]


def test_the_shares_are_those_of_the_categories() -> None:
    for category, share in CATEGORIES.items():
        assert sum(mode.share for mode in MODES if mode.number.startswith(category)) == pytest.approx(share)


def test_at_least_eleven_modes_are_contained_or_detected() -> None:
    assert sum(mode.status != "not detected" for mode in MODES) >= 11


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.number)
def test_a_section_names_the_tests_of_its_mode_and_they_are_there(mode: Mode) -> None:
    section = SECTIONS[f"{mode.number} {mode.name}"]

    assert re.findall(r"`(test_\w+)`", section) == [*mode.shown, *mode.left_open]
    assert re.findall(r"\*\*Tests\*\* in `(.+)`", section) == [f"tests/mast/{mode.file}"]
    assert {*mode.shown, *mode.left_open} <= {*names_in(mode.file)}


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.number)
def test_a_section_says_what_agents_do_what_answers_them_and_what_is_left_open(mode: Mode) -> None:
    parts = re.findall(r"^- \*\*(\w[\w ]+)\*\*", SECTIONS[f"{mode.number} {mode.name}"], flags=re.MULTILINE)
    is_answered = mode.status != "not detected"

    assert parts == ["Agents", "Answer", *(["Left open"] if is_answered else []), "Tests"]
    assert ("**Answer**: not detected." in SECTIONS[f"{mode.number} {mode.name}"]) is not is_answered


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode.setting], ids=lambda mode: mode.number)
def test_a_setting_is_named_in_the_answer_and_what_holds_without_it_is_tested(mode: Mode) -> None:
    answer = SECTIONS[f"{mode.number} {mode.name}"].partition("**Answer**")[2].partition("**Left open**")[0]

    assert mode.left_open
    for name in re.findall(r"`([^`]+)`", mode.setting):
        assert re.search(rf"`{re.escape(name)}[`:]", answer), name


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.number)
def test_the_name_of_a_test_says_whether_something_is_noticed(mode: Mode) -> None:
    unnoticed = [name for name in mode.shown if name.startswith("test_not_detected_")]

    assert bool(unnoticed) is (mode.status == "not detected")
    assert not [name for name in mode.shown if name.startswith("test_left_open_")]
    assert all(name.startswith("test_left_open_") for name in mode.left_open)


def test_every_test_of_a_mode_is_on_the_page() -> None:
    for file in {mode.file for mode in MODES}:
        named = [name for mode in MODES if mode.file == file for name in (*mode.shown, *mode.left_open)]
        assert sorted(named) == sorted(names_in(file))


def test_the_page_says_how_many_variants_are_run() -> None:
    assert f"scripts are run in {len(SEEDS)} variants" in " ".join(PAGE.split())
