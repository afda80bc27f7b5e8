"""The page as people read it in a browser: short, folded, within the window, whole in print, open to everybody."""

from pathlib import Path
from typing import Any

import pytest

from graph.report.html.page import page_of
from tests.chromium import Media, Scheme, Tab
from tests.report.conftest import Looking, Telling
from tests.report.test_browser import BEYOND

pytestmark = [pytest.mark.system, pytest.mark.needs("chromium")]

WIDTHS = (360, 390, 1280)
HEIGHT = 900
LOOKS: tuple[tuple[Scheme, Media], ...] = (("light", "screen"), ("dark", "screen"), ("light", "print"))
MOST = 4_000
"""Pixels that the page of a run of one round may be high at 1280."""

READ = (
    *("go_with_caution", "many_rounds", "crowd", "refused", "hostile"),
    *("debate", "vote", "plan", "nested", "workspace", "messages"),
    *("sources", "many_sources", "unsteady", "drifted", "hostile_world"),
)
ONE_ROUND = ("go", "go_with_caution", "capped", "unread", "refused", "timeout")

FOLDED = """[...document.querySelectorAll('details')].map(each => [each.open,
  [...each.querySelectorAll('.folded *')].filter(inside => inside.checkVisibility({contentVisibilityAuto: true,
  opacityProperty: true, visibilityProperty: true}) && inside.getBoundingClientRect().height > 0).length])"""
HINTS = """[...document.querySelectorAll('.scroll:not(.list)')].map(each => [each.scrollWidth > each.clientWidth,
  getComputedStyle(each.querySelector('.hint')).visibility === 'visible'
  && each.querySelector('.hint').getBoundingClientRect().height > 10])"""
SEARCHED = """(words => { const range = document.createRange(); range.selectNodeContents(document.body);
  const chosen = getSelection(); chosen.removeAllRanges(); chosen.addRange(range); const copied = chosen.toString();
  chosen.removeAllRanges();
  return words.map(each => [document.body.textContent.includes(each), copied.includes(each), window.find(each)]); })"""


def everywhere(tab: Tab, page: Path, *questions: str) -> dict[tuple[int, Scheme, Media], list[Any]]:
    """Return what a page answers at every width, by day, by night and in print."""
    found = {}
    for width in WIDTHS:
        for scheme, media in LOOKS:
            tab.open(page.as_uri(), width, HEIGHT, scheme, media)
            found[width, scheme, media] = [tab.ask(question) for question in questions]
    return found


@pytest.mark.parametrize("name", READ)
def test_the_page_stays_within_the_window_on_screen_and_on_paper(name: str, look: Looking) -> None:
    def looking(tab: Tab, page: Path) -> Any:
        return everywhere(tab, page, "document.documentElement.scrollWidth - innerWidth", BEYOND)

    assert set(map(str, look(name, looking).values())) == {"[0, []]"}


@pytest.mark.parametrize("name", ONE_ROUND)
def test_a_run_of_one_round_is_a_short_page(name: str, look: Looking, story: Telling) -> None:
    def looking(tab: Tab, page: Path) -> Any:
        tab.open(page.as_uri(), 1280, HEIGHT, "light")
        return tab.ask("document.documentElement.scrollHeight")

    assert len(story(name).dossier["rounds"]) <= 1
    assert 1_500 < look(name, looking) <= MOST


@pytest.mark.parametrize("name", ["go", "crowd", "debate"])
def test_what_is_folded_on_screen_is_open_in_print(name: str, look: Looking) -> None:
    def looking(tab: Tab, page: Path) -> Any:
        return everywhere(tab, page, FOLDED)

    for (_, _, media), (folds,) in look(name, looking).items():
        assert len(folds) >= 3
        assert not any(is_open for is_open, _ in folds)
        assert all((seen > 0) == (media == "print") for _, seen in folds), media


@pytest.mark.parametrize("name", ["many_rounds", "crowd", "debate", "plan", "nested", "sources", "drifted"])
def test_a_table_says_that_it_scrolls_where_it_does_and_nowhere_else(name: str, look: Looking) -> None:
    def looking(tab: Tab, page: Path) -> Any:
        return everywhere(tab, page, HINTS)

    found = look(name, looking)
    assert any(hints for (hints,) in found.values())
    for (_, _, media), (hints,) in found.items():
        assert all(is_said == (is_wide and media == "screen") for is_wide, is_said in hints), media


def test_wide_tables_are_among_those_that_are_looked_at(look: Looking) -> None:
    def looking(tab: Tab, page: Path) -> Any:
        tab.open(page.as_uri(), 360, HEIGHT, "light")
        return tab.ask(HINTS)

    assert [True, True] in look("many_rounds", looking)


def test_a_word_that_may_break_is_found_and_copied_whole(look: Looking) -> None:
    words = ["policy_limits.payment_failure_block_threshold", "risk_signals.failed_payment_rate", "684,000"]

    def looking(tab: Tab, page: Path) -> Any:
        tab.open(page.as_uri(), 360, HEIGHT, "light", "print")
        return tab.ask(f"{SEARCHED}({words})")

    assert look("capped", looking) == [[True, True, True]] * 3


@pytest.mark.parametrize("name", READ)
def test_nobody_is_kept_out(name: str, look: Looking) -> None:
    def looking(tab: Tab, page: Path) -> Any:
        found = {}
        for width, (scheme, media) in zip((360, 1280, 1280), LOOKS, strict=True):
            tab.open(page.as_uri(), width, HEIGHT, scheme, media)
            found[width, scheme, media] = tab.barriers()
        return found

    assert {place: barriers for place, barriers in look(name, looking).items() if barriers} == {}


def test_what_comes_first_in_a_section_is_level_with_its_heading(look: Looking, story: Telling) -> None:
    warned = page_of({**story("go").dossier, "contradiction": "The brief names another decision: no go."})

    def looking(tab: Tab, page: Path) -> Any:
        page.write_text(warned, encoding="utf-8")
        tab.open(page.as_uri(), 1280, HEIGHT, "light")
        margins = "[...document.querySelectorAll('.body > :first-child')].map(each => getComputedStyle(each).marginTop)"
        below = "getComputedStyle(document.querySelector('.note + .brief')).marginTop"
        return tab.ask(f"[...new Set({margins})]"), tab.ask(below)

    assert look("go", looking) == (["0px"], "12.8px")


def test_open_is_said_in_the_size_of_its_round(look: Looking) -> None:
    def looking(tab: Tab, page: Path) -> Any:
        tab.open(page.as_uri(), 1280, HEIGHT, "light")
        inside = "document.querySelector('.matrix thead th .quiet')"
        sizes = f"[{inside}, {inside}.parentElement].map(each => getComputedStyle(each).fontSize)"
        return tab.ask(sizes)

    one, other = look("max_messages", looking)
    assert one == other
