"""Every page in every state: usable on a small phone and a wide screen, by day and by night, for everybody."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.board.browser.conftest import Stage
from tests.board.browser.looks import CONTROLS, SCHEMES, faults, looks, out_of_reach
from tests.board.browser.stage import write_facts
from tests.board.browser.stories import choose
from tests.board.watching import Reader
from tests.chromium import Scheme, Tab, open_tab

pytestmark = [pytest.mark.system, pytest.mark.needs("chromium", "ssh_keygen"), pytest.mark.timeout(300)]

PAGES = {
    **dict.fromkeys(("runs", "runs-none", "inbox", "inbox-none", "teams", "team", "team-plan", "watch"), 200),
    **dict.fromkeys(("run-live", "run-waits", "run-decided", "run-stopped", "run-lacks", "run-seat"), 200),
    **dict.fromkeys(("answer", "answer-fact", "answer-seat", "why", "why-none"), 200),
    **dict.fromkeys(("run-unknown", "answer-unknown", "team-unknown", "strange"), 404),
}
"""The status of each page."""
LATER = {
    "watch-moved": ("It should be taken again", "Taken again", "Nobody has looked at it yet"),
    "run-moved": ("A later look", "0.01", "0.09", "Take it again"),
    "run-replaced": ("It was taken again", "It is taken again as the thread", "0.01", "0.09"),
    "run-again": ("What it reopens", "0.01", "0.09"),
}
"""What is on the pages of decisions after a look at them."""


@pytest.fixture(scope="module")
def paths(stage: Stage) -> Iterator[dict[str, str]]:
    """The path of each page, with threads that run, wait, decided and stopped."""
    begun = stage.board.begun
    threads = {name: begun(name) for name in ("launch", "payments", "short", "numbers", "counsel")}
    write_facts(stage.board.home, rate=0.09)
    stage.model.may |= {("demand", 1), ("finance", 1)}
    live = begun("launch", voice="model", wait=False)
    runs = {name: f"/board/runs/{thread}" for name, thread in {**threads, "live": live}.items()}
    asked = {
        name: f"{runs[name]}/answer/{stage.board.question(threads[name])}" for name in ("launch", "numbers", "counsel")
    }
    yield {
        **{"runs": "/board", "runs-none": "/board?team=nobody", "inbox": "/board/inbox", "watch": "/board/watch"},
        **{"inbox-none": "/board/inbox?for=nobody", "teams": "/board/teams", "team": "/board/teams/launch"},
        **{"team-plan": "/board/teams/incident_report", "run-live": runs["live"], "run-waits": runs["launch"]},
        **{"run-decided": runs["payments"], "run-stopped": runs["short"], "run-lacks": runs["numbers"]},
        **{"run-seat": runs["counsel"], "run-unknown": "/board/runs/0000", "answer": asked["launch"]},
        **{
            "answer-fact": asked["numbers"],
            "answer-seat": asked["counsel"],
            "answer-unknown": f"{runs['payments']}/answer/q1",
        },
        **{"why": f"{runs['payments']}/why", "why-none": f"{runs['live']}/why", "report": f"{runs['payments']}/report"},
        **{"team-unknown": "/board/teams/nobody", "strange": "/board/nowhere"},
    }
    stage.model.is_free = True


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_used_by_everybody(name: str, paths: dict[str, str], stage: Stage, tab: Tab) -> None:
    assert faults(tab, stage.board.at(paths[name]), name, PAGES[name]) == {}


@pytest.fixture(scope="module")
def later(paths: dict[str, str], stage: Stage) -> dict[str, str]:
    """The path of each page after a look: one decision moved, one was taken again, others nobody looked at."""
    write_facts(stage.board.home, rate=0.01)
    moved, replaced = stage.board.begun("payments"), stage.board.begun("payments")
    write_facts(stage.board.home, rate=0.09)
    with stage.board.served.client() as client:
        reader = Reader(client)
        assert [reader.look(moved).status_code, reader.reopen(replaced).status_code] == [303, 303]
        assert reader.rested(f"{replaced}.r1")["final_decision"] == "no_go"
    runs = {"run-moved": moved, "run-replaced": replaced, "run-again": f"{replaced}.r1"}
    return {"watch-moved": "/board/watch", **{name: f"/board/runs/{thread}" for name, thread in runs.items()}}


@pytest.mark.parametrize("name", LATER)
def test_a_decision_whose_facts_moved_can_be_read_by_everybody(
    name: str, later: dict[str, str], stage: Stage, tab: Tab
) -> None:
    assert faults(tab, stage.board.at(later[name]), name) == {}
    for words in LATER[name]:
        expect(tab.page.get_by_role("main")).to_contain_text(words)


def test_the_page_to_sign_on_can_be_used_by_everybody(paths: dict[str, str], stage: Stage, tab: Tab) -> None:
    tab.open(stage.board.at(paths["answer"]), 320, 800)
    choose(tab.page, "Go with caution", "Because.\n" * 3 + "word" * 60)
    expect(tab.page.get_by_role("heading", name="Sign the answer")).to_be_visible()
    tab.page.wait_for_load_state()
    assert {seen: wrong for seen, wrong in looks(tab, "sign").items() if wrong} == {}
    assert tab.said == []


def test_the_report_can_be_used_by_everybody(paths: dict[str, str], stage: Stage, browser: Browser) -> None:
    """It is in a sandbox of its own making, in which a tool runs nothing either."""
    with open_tab(browser, bypass_csp=True) as tab:
        tab.open(stage.board.at(paths["report"]), 320, 800)
        assert {seen: wrong for seen, wrong in looks(tab, "report").items() if wrong} == {}


CONTROLS_SEEN = f"{CONTROLS}.map(each => each.outerHTML)"
ZOOMED = "html { font-size: 200% !important; }"
BARE = """[...document.querySelectorAll('button, input:not([type=hidden]), select, textarea')].filter(
  each => each.checkVisibility() && parseFloat(getComputedStyle(each).borderTopWidth) < 1
    && !['radio', 'checkbox'].includes(each.type)).map(each => each.outerHTML)"""
"""Controls whose edge nobody sees who has colours of their own."""


@pytest.mark.parametrize(
    "name", ["runs", "inbox", "watch", "run-waits", "run-decided", "answer", "answer-seat", "team"]
)
def test_no_control_is_lost_to_large_letters_or_to_colours_of_ones_own(
    name: str, paths: dict[str, str], stage: Stage, browser: Browser
) -> None:
    with open_tab(browser, bypass_csp=True) as plain:
        controls = len(controls_of(plain, stage.board.at(paths[name])))
        plain.page.add_style_tag(content=ZOOMED)
        plain.shoot(f"{name}-1280-large")
        assert (len(plain.ask(CONTROLS_SEEN)), out_of_reach(plain)) == (controls, [])
    with open_tab(browser, forced_colors="active") as forced:
        for scheme in SCHEMES:
            seen = controls_of(forced, stage.board.at(paths[name]), scheme)
            forced.shoot(f"{name}-1280-forced-{scheme}")
            assert (len(seen), out_of_reach(forced), forced.ask(BARE)) == (controls, [], [])


def controls_of(tab: Tab, url: str, scheme: Scheme = "light") -> list[str]:
    """Open a page, and return its controls once the page of a run is live."""
    tab.open(url, 1280, 800, scheme)
    if tab.page.locator("[data-followed]").count():
        tab.page.locator("[data-state=live]").wait_for()
    return list(tab.ask(CONTROLS_SEEN))


@pytest.mark.parametrize("name", ["runs", "inbox", "teams", "watch", "run-unknown"])
def test_a_page_in_french_has_room_for_its_words(
    name: str, paths: dict[str, str], stage: Stage, browser: Browser
) -> None:
    with open_tab(browser, locale="fr-FR") as tab:
        assert faults(tab, stage.board.at(paths[name]), f"{name}-fr", PAGES[name]) == {}
        assert tab.page.locator("html").get_attribute("lang") == "fr"
