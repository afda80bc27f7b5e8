"""A decision is read, its facts move, and it is taken again: with scripts and without."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.board.browser.conftest import Stage
from tests.board.browser.looks import wrong
from tests.board.browser.stage import write_facts
from tests.chromium import Tab, open_tab

pytestmark = [pytest.mark.system, pytest.mark.needs("chromium", "ssh_keygen"), pytest.mark.timeout(300)]


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def either(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Tab]:
    """A tab that runs scripts, and one that runs none."""
    with open_tab(browser, scripts=request.param) as opened:
        yield opened


@pytest.fixture
def decided(stage: Stage) -> str:
    """A decision on facts that are as they were."""
    write_facts(stage.board.home, rate=0.01)
    return stage.board.begun("payments")


def row(page: Page, thread: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.locator(f'a[href="/board/runs/{thread}"]')).first


def press(page: Page, words: str, thread: str) -> None:
    """Press a button by the words that are seen; whoever cannot see its row hears its thread, too."""
    page.get_by_role("button", name=re.compile(f"^{words}.*{thread}")).click()


def test_one_reads_why_and_what_would_have_changed_it(stage: Stage, either: Tab, decided: str) -> None:
    either.open(stage.board.at("/board"), 360, 800)
    either.page.locator(f'a[href="/board/runs/{decided}"]').click()
    main = either.page.get_by_role("main")
    expect(main).to_contain_text("Shall we keep the payment provider?")
    expect(either.page.get_by_role("heading", level=1)).to_contain_text("Go")
    either.page.get_by_role("link", name=re.compile("^Why")).first.click()
    expect(either.page).to_have_url(re.compile(f"/board/runs/{decided}/why"))
    expect(main).to_contain_text("rate")
    expect(main).to_contain_text("0.03", use_inner_text=True)
    assert either.said == []


def test_a_decision_whose_facts_moved_is_taken_again(stage: Stage, either: Tab, decided: str) -> None:
    write_facts(stage.board.home, rate=0.09)
    either.open(stage.board.at("/board/watch"), 360, 800)
    expect(row(either.page, decided)).to_contain_text("Nobody has looked at it yet")
    press(either.page, "Look at it now", decided)
    expect(row(either.page, decided)).to_contain_text("0.09")
    expect(row(either.page, decided)).to_contain_text("0.01")
    if either.scripts:
        either.page.wait_for_load_state()
        either.shoot("watch-moved-360-light")
        assert wrong(either) == []
    press(either.page, "Take it again", decided)
    expect(either.page).to_have_url(re.compile(rf"/board/runs/(?!{decided}$)"))
    again = either.page.url.rpartition("/")[2].replace("%3A", ":")
    until_decided(either, again, stage)
    assert stage.board.record(again)["final_decision"] == "no_go"
    either.open(stage.board.at(f"/board/runs/{again}"), 360, 800)
    expect(either.page.get_by_role("main")).to_contain_text(decided)
    either.open(stage.board.at("/board/watch"), 360, 800)
    expect(row(either.page, decided).get_by_role("link", name=again)).to_be_visible()
    expect(row(either.page, decided).get_by_role("button", name="Take it again")).to_have_count(0)
    assert either.said == []


def until_decided(tab: Tab, thread: str, stage: Stage) -> None:
    for _ in range(200):
        if stage.board.record(thread)["status"] == "ok":
            return
        tab.page.wait_for_timeout(100)
    raise AssertionError("it was not decided again")


def test_a_form_sent_twice_takes_a_decision_again_once(stage: Stage, browser: Browser, decided: str) -> None:
    write_facts(stage.board.home, rate=0.09)
    with open_tab(browser) as one, open_tab(browser) as other:
        for tab in (one, other):
            tab.open(stage.board.at("/board/watch"), 1280, 800)
        press(one.page, "Look at it now", decided)
        expect(row(one.page, decided)).to_contain_text("0.09")
        other.page.reload()
        for tab in (one, other):
            press(tab.page, "Take it again", decided)
            expect(tab.page).to_have_url(re.compile("/board/runs/"))
        assert one.page.url == other.page.url


def test_a_report_prints_on_paper_and_the_page_of_a_run_without_its_navigation(
    stage: Stage, browser: Browser, decided: str
) -> None:
    with open_tab(browser, scripts=False) as tab:
        for path in ("report", ""):
            tab.open(stage.board.at(f"/board/runs/{decided}/{path}".rstrip("/")), 794, 1_100, "dark", "print")
            assert tab.ask("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)", path
            assert tab.page.locator("nav:visible, button:visible, .skip:visible").count() == 0, path
            pages = len(re.findall(rb"/Type /Page\b", tab.printed()))
            assert 1 <= pages <= 8, path
