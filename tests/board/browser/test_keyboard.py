"""Everything can be done with a keyboard alone, and whoever uses one always sees where they are."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.board.browser.conftest import Stage
from tests.board.browser.stage import run_in
from tests.board.browser.stories import copied
from tests.chromium import Tab

pytestmark = [pytest.mark.system, pytest.mark.needs("chromium", "ssh_keygen"), pytest.mark.timeout(300)]

MOST = 200
WHERE = """(() => { const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
  return [at === document.body ? '' : at.outerHTML.slice(0, 160),
    style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth]; })()"""
"""What has the focus, whether it has a ring around it, and whether it is in the window."""
REACHED = """(() => {
  const kinds = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]';
  const all = [...document.querySelectorAll(kinds)].filter(each => each.checkVisibility());
  const groups = new Set(all.filter(each => each.type === 'radio').map(each => each.name));
  return all.filter(each => each.type !== 'radio').length + groups.size; })()"""
"""How many places the keyboard must come to; a group of radio buttons is one."""


def stops(tab: Tab) -> list[Any]:
    """Press Tab from the top of the page until the end of it, and return where that led."""
    found: list[Any] = []
    for _ in range(MOST):
        tab.page.keyboard.press("Tab")
        where = tab.ask(WHERE)
        if not where[0] or (found and tab.ask("document.activeElement === window.first")):
            return found
        if not found:
            tab.ask("window.first = document.activeElement; 0")
        found.append(where)
    raise AssertionError("the end of the page was not reached")


def press_to(tab: Tab, wanted: str) -> None:
    """Press Tab until what has the focus matches a selector."""
    tab.page.wait_for_load_state()
    for _ in range(MOST):
        tab.page.keyboard.press("Tab")
        text, *seen = tab.ask(WHERE)
        assert seen == [True, True], text
        if tab.page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
    raise AssertionError(f"{wanted} was not reached")


@pytest.mark.parametrize("name", ["/board", "/board/inbox", "/board/teams", "/board/watch", "run", "answer", "why"])
def test_every_control_is_reached_and_seen_to_be(name: str, stage: Stage, tab: Tab) -> None:
    waits, decided = stage.board.begun("launch"), stage.board.begun("payments")
    place = {
        "run": f"/board/runs/{waits}",
        "answer": f"/board/runs/{waits}/answer/{stage.board.question(waits)}",
        "why": f"/board/runs/{decided}/why",
    }.get(name, name)
    tab.open(stage.board.at(place), 1280, 800)
    tab.page.wait_for_timeout(500)
    wanted = tab.ask(REACHED)
    found = stops(tab)
    assert [text for text, *seen in found if seen != [True, True]] == []
    assert len(found) == wanted
    assert "skip" in found[0][0], "the first one leads past the navigation"


def test_an_approval_is_given_and_signed_without_a_mouse(stage: Stage, tab: Tab) -> None:
    thread = stage.board.begun("launch")
    keys = tab.page.keyboard
    tab.open(stage.board.at("/board/inbox"), 1280, 800)
    keys.press("Tab")
    assert tab.ask(WHERE)[1:] == [True, True], "the skip link is seen once it has the focus"
    keys.press("Enter")
    assert tab.ask("document.activeElement.id") == "main"
    press_to(tab, f'h2 a[href^="/board/runs/{thread}/answer/"]')
    keys.press("Enter")
    expect(tab.page.get_by_role("heading", name="Your answer")).to_be_visible()
    press_to(tab, "select")
    keys.type("cfo")
    press_to(tab, "input[type=radio]")
    keys.press("Space")
    keys.press("ArrowDown")
    expect(tab.page.get_by_role("radio", name="No go")).to_be_checked()
    press_to(tab, "textarea")
    keys.type("Refunds first.")
    press_to(tab, "button")
    keys.press("Enter")
    expect(tab.page.get_by_role("heading", name="Sign the answer")).to_be_visible()
    signature = run_in(stage.cfo, copied(tab, "command"))
    press_to(tab, "textarea")
    keys.insert_text(signature)
    press_to(tab, "button")
    keys.press("Enter")
    expect(tab.page).to_have_url(re.compile(f"/board/runs/{thread}\\?"))
    record = stage.board.record(thread)
    assert (record["status"], record["final_decision"]) == ("ok", "no_go")
    assert tab.said == []
