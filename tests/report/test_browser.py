"""The page in a real browser, opened from disk: seen, measured, printed, and watched for what it asks for."""

import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from graph.report.html.page import FOLDER
from tests.chromium import Colour, Tab
from tests.report.conftest import Looking
from tests.report.works import EVERY, WORKS

pytestmark = [pytest.mark.system, pytest.mark.needs("chromium")]

WIDE, NARROW, SMALLEST = 1_100, 360, 320
HEIGHT = 900
LIGHT, DARK = re.findall(r":root \{(.*?)\}", (FOLDER / "palette.css").read_text(), flags=re.DOTALL)[:2]
ACCENTS = {
    "plan": "done",
    "go": "go",
    "go_with_caution": "caution",
    "capped": "block",
    "escalated": "human",
    "max_messages": "stopped",
}
HOSTILE_WORKS = ["hostile_world", *(name for name in WORKS if name.startswith("hostile"))]

BEYOND = """[...document.querySelectorAll('body *')].filter(each => !each.closest('.scroll, .unseen, title, defs')
  && each.getBoundingClientRect().right > innerWidth + 1).map(each => each.outerHTML.slice(0, 80))"""
CUT = """[...document.querySelectorAll('body *')].filter(each => !each.closest('.scroll, .unseen, svg')
  && each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== 'inline'
  ).map(each => each.outerHTML.slice(0, 80))"""
LABELS_THAT_MEET = """[...document.querySelectorAll('svg.gauge')].filter(each => {
  const [one, other] = [...each.querySelectorAll('text')].map(text => text.getBoundingClientRect());
  return one.bottom > other.top && one.top < other.bottom && one.right > other.left && one.left < other.right;
}).length"""

NODES = """[...document.querySelectorAll('svg.plan .node')].map(node => [node.querySelector('rect'),
  ...node.querySelectorAll('text')].map(each => each.getBoundingClientRect()).map(
    at => [at.left, at.top, at.right, at.bottom].map(Math.round)))"""


def colour(scheme: str, name: str) -> Colour:
    (found,) = re.findall(rf"--{name}: #([0-9a-f]{{6}})", scheme)
    return (int(found[:2], 16), int(found[2:4], 16), int(found[4:], 16))


@pytest.mark.parametrize(("name", "tone"), ACCENTS.items())
def test_the_decision_is_seen_in_its_colour_in_both_schemes(name: str, tone: str, look: Looking) -> None:
    def looking(tab: Tab, page: Path) -> list[Any]:
        pictures = []
        for scheme in ("light", "dark"):
            tab.open(page.as_uri(), WIDE, HEIGHT, scheme)
            pictures.append(tab.colours())
        return pictures

    for picture, scheme in zip(look(name, looking), (LIGHT, DARK), strict=True):
        assert picture.most_common(1)[0][0] == colour(scheme, "paper")
        assert picture[colour(scheme, tone)] > 8_000, "the bar, the mark and the word"
        assert len(picture) > 50, "there is text to be seen"


@pytest.mark.parametrize("name", EVERY)
def test_nothing_is_cut_at_any_width(name: str, look: Looking) -> None:
    def looking(tab: Tab, page: Path) -> list[Any]:
        found = []
        for width in (SMALLEST, NARROW, 600, 800, WIDE):
            tab.open(page.as_uri(), width, HEIGHT, "light")
            overflow = tab.ask("document.documentElement.scrollWidth - innerWidth")
            found.append([overflow, tab.ask(BEYOND), tab.ask(CUT), tab.ask(LABELS_THAT_MEET)])
        return found

    assert look(name, looking) == [[0, [], [], 0]] * 5


def test_three_rounds_fit_on_a_phone(look: Looking) -> None:
    def looking(tab: Tab, page: Path) -> Any:
        tab.open(page.as_uri(), NARROW, HEIGHT, "light")
        return tab.ask("(each => each.scrollWidth - each.clientWidth)(document.querySelector('.scroll'))")

    assert look("crowd", looking) == 0


@pytest.mark.parametrize("name", ["go_with_caution", "hostile", "hostile_raw", *HOSTILE_WORKS])
def test_the_page_asks_for_nothing_and_runs_nothing(name: str, look: Looking) -> None:
    def looking(tab: Tab, page: Path) -> Any:
        tab.open(page.as_uri(), WIDE, HEIGHT, "light")
        tab.colours()
        live = tab.ask("document.querySelectorAll('script, img, a, link, iframe, object, form, input').length")
        loaded = tab.ask("performance.getEntriesByType('resource').length")
        return live, loaded, tab.said, tab.asked, page

    live, loaded, said, asked, page = look(name, looking)
    assert (live, loaded, said) == (0, 0, [])
    assert set(asked) == {page.as_uri()}


def test_it_prints_in_light_on_every_machine_and_on_several_pages(look: Looking) -> None:
    def looking(tab: Tab, page: Path) -> Any:
        tab.open(page.as_uri(), WIDE, HEIGHT, "dark", media="print")
        ground = tab.ask("getComputedStyle(document.documentElement).backgroundColor")
        return ground, tab.printed()

    ground, pdf = look("crowd", looking)
    assert ground == "rgb(255, 255, 255)"
    assert pdf.startswith(b"%PDF-")
    assert len(pdf) > 20_000
    assert 4 <= len(re.findall(rb"/Type /Page\b", pdf)) <= 20


def test_the_outcome_of_a_long_matrix_is_printed_once(look: Looking) -> None:
    def looking(tab: Tab, page: Path) -> Any:
        tab.open(page.as_uri(), 794, HEIGHT, "light", media="print")
        return tab.ask("getComputedStyle(document.querySelector('tfoot')).display")

    assert look("crowd", looking) == "table-row-group", "a footer is repeated on every sheet"


def test_a_reader_with_a_keyboard_reaches_what_scrolls(look: Looking) -> None:
    def looking(tab: Tab, page: Path) -> Any:
        tab.open(page.as_uri(), NARROW, HEIGHT, "light")
        return tab.ask("[...document.querySelectorAll('.scroll')].map(each => [each.tabIndex, each.role])")

    assert look("many_rounds", looking) == [[0, "region"], [0, "region"]]


@pytest.mark.parametrize(("name", "count"), [("plan", 5), ("plan_failed", 10), ("plan_long", 200)])
def test_no_two_steps_of_a_plan_meet_and_each_holds_its_words(name: str, count: int, look: Looking) -> None:
    def looking(tab: Tab, page: Path) -> Any:
        tab.open(page.as_uri(), WIDE, HEIGHT, "light")
        return tab.ask(NODES), tab.ask("document.querySelector('svg.plan').getBoundingClientRect().height")

    nodes, height = look(name, looking)
    assert len(nodes) == count
    assert height < 640
    boxes = [rect for rect, *_ in nodes]
    for (left, top, right, bottom), *texts in nodes:
        assert texts
        assert all(left < x and top <= y and to_x < right and to_y <= bottom for x, y, to_x, to_y in texts)
    for one, other in combinations(boxes, 2):
        assert one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]


def test_the_steps_of_a_long_plan_scroll_in_a_box_on_screen_and_are_all_printed(look: Looking) -> None:
    def looking(tab: Tab, page: Path) -> Any:
        heights = []
        for media in ("screen", "print"):
            tab.open(page.as_uri(), 794, HEIGHT, "light", media=media)
            heights.append(tab.ask("document.querySelector('.list').clientHeight"))
        return heights, tab.ask("document.querySelector('.list').scrollHeight")

    (screen, printed), whole = look("plan_long", looking)
    assert screen < HEIGHT
    assert printed == whole > 10 * screen


def test_a_ballot_is_seen_in_the_colour_of_its_vote(look: Looking) -> None:
    def looking(tab: Tab, page: Path) -> Any:
        tab.open(page.as_uri(), WIDE, HEIGHT, "light")
        chips = "[...document.querySelectorAll('.ballots .chip')]"
        return tab.ask(f"{chips}.map(each => [each.innerText.trim(), getComputedStyle(each).color])")

    go, caution = (f"rgb{colour(LIGHT, name)}" for name in ("go", "caution"))
    assert look("vote", looking) == [["approve", go], ["approve", go], ["abstain", caution]]
