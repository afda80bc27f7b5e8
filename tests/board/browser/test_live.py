"""A run is watched as it happens: the page fills in by itself, and takes nothing from whoever is reading it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.board.browser.conftest import Stage
from tests.board.browser.looks import grave
from tests.board.browser.stage import ROLES
from tests.chromium import Tab

pytestmark = [pytest.mark.system, pytest.mark.needs("chromium", "ssh_keygen"), pytest.mark.timeout(300)]

PATIENCE = 20_000
"""Milliseconds in which the page has heard what happened, on a machine that does other things, too."""
TOLD = {"demand": "go", "finance": "caution", "risk": "block"}
STILL_HERE = "window.isTheSamePage === true"


@pytest.fixture(autouse=True)
def closed(stage: Stage) -> Iterator[None]:
    """No role may answer before a test lets it; when the test is over, all may."""
    stage.model.may.clear()
    stage.model.is_free = False
    yield
    stage.model.is_free = True


@pytest.fixture
def thread(stage: Stage, tab: Tab) -> str:
    """A run at work, with its page open."""
    begun = stage.board.begun("launch", voice="model", wait=False)
    tab.open(stage.board.at(f"/board/runs/{begun}"), 1280, 800)
    tab.ask("window.isTheSamePage = true")
    expect(cell(tab.page, "demand", 1)).to_be_visible(timeout=PATIENCE)
    return begun


def cell(page: Page, role: str, number: int) -> Locator:
    return page.locator(f'[data-seat="{role}"][data-round="{number}"]').first


def test_roles_and_rounds_fill_in_while_one_watches(stage: Stage, tab: Tab, thread: str) -> None:
    heard = tab.page.get_by_role("status")
    for role, stance in TOLD.items():
        expect(cell(tab.page, role, 1)).not_to_contain_text(re.compile(stance, re.IGNORECASE))
        stage.model.let(role, 1)
        expect(cell(tab.page, role, 1)).to_contain_text(re.compile(stance, re.IGNORECASE), timeout=PATIENCE)
        if role != "risk":
            expect(heard).to_contain_text(ROLES[role], timeout=PATIENCE)
    expect(tab.page.get_by_text("Customers ask for it every week.").first).to_be_visible(timeout=PATIENCE)
    expect(cell(tab.page, "risk", 2)).to_be_visible(timeout=PATIENCE)
    for role in ROLES:
        stage.model.let(role, 2)
    expect(tab.page.get_by_role("link", name="Answer this")).to_be_visible(timeout=PATIENCE)
    expect(cell(tab.page, "finance", 2)).to_contain_text(re.compile("go", re.IGNORECASE), timeout=PATIENCE)
    assert tab.ask(STILL_HERE)
    assert tab.said == []
    assert (grave(tab), stage.board.record(thread)["status"]) == ([], "waiting")


def test_what_one_reads_and_where_one_is_stays_as_it_is(stage: Stage, tab: Tab, thread: str) -> None:
    stage.model.let("demand", 1)
    folded = tab.page.locator("details", has_text="Customers ask for it every week.").first
    expect(folded).to_be_visible(timeout=PATIENCE)
    folded.locator("summary").focus()
    tab.page.keyboard.press("Enter")
    expect(folded).to_have_attribute("open", "")
    tab.page.mouse.wheel(0, 300)
    tab.page.wait_for_timeout(300)
    place = tab.ask("scrollY")
    for role in ("finance", "risk"):
        stage.model.let(role, 1)
        expect(cell(tab.page, role, 1)).to_contain_text(re.compile(TOLD[role], re.IGNORECASE), timeout=PATIENCE)
    expect(cell(tab.page, "risk", 2)).to_be_visible(timeout=PATIENCE)
    expect(folded.locator("summary")).to_be_focused()
    expect(folded).to_have_attribute("open", "")
    assert abs(tab.ask("scrollY") - place) < 120, "the page did not jump away"
    assert tab.ask(STILL_HERE)


def test_what_is_typed_while_somebody_else_answers_is_kept_as_it_was_typed(stage: Stage, tab: Tab) -> None:
    thread = stage.board.begun("pair")
    tab.open(stage.board.at(f"/board/runs/{thread}/answer/{stage.board.question(thread)}"), 1280, 800)
    tab.page.get_by_label("You are", exact=True).select_option("cfo")
    tab.page.get_by_role("radio", name="Go with caution").check()
    why = tab.page.get_by_label("Why", exact=True)
    why.press_sequentially("Half a sen")
    said = {"by": "cto", "answer": "go_with_caution", "because": "It is too early."}
    with stage.board.served.client() as client:
        client.post(f"/v1/runs/{thread}/decide", json={**said, "wait": True}).raise_for_status()
    assert stage.board.record(thread)["status"] == "waiting", "both must say so"
    expect(why).to_be_focused()
    why.press_sequentially("tence, and the rest.")
    tab.page.get_by_role("button", name="Give this answer").click()
    expect(tab.page).to_have_url(re.compile(f"/board/runs/{thread}\\?"))
    assert stage.board.record(thread)["final_decision"] == "go_with_caution"
    given = [each for each in stage.board.events(thread) if each["event"] == "answered"]
    assert [(each["by"], each["outcome"], each["because"]) for each in given] == [
        ("cto", "go_with_caution", "It is too early."),
        ("cfo", "go_with_caution", "Half a sentence, and the rest."),
    ]
    assert tab.said == []


def test_a_service_that_is_gone_is_said_and_heard_again(stage: Stage, tab: Tab, thread: str) -> None:
    expect(tab.page.locator("[data-state]")).to_contain_text("Live", timeout=PATIENCE)
    tab.page.context.set_offline(True)
    tab.page.route("**/events*", lambda route: route.abort())
    tab.page.route("**/live", lambda route: route.abort())
    tab.ask("dispatchEvent(new Event('pagehide'))")
    tab.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(tab.page.locator("[data-state] [data-say=lost]")).to_be_visible(timeout=PATIENCE)
    expect(tab.page.get_by_role("link", name="Look again")).to_be_visible()
    tab.page.unroute_all()
    tab.page.context.set_offline(False)
    stage.model.let("demand", 1)
    expect(cell(tab.page, "demand", 1)).to_contain_text(re.compile("go", re.IGNORECASE), timeout=60_000)
    assert tab.ask(STILL_HERE)
