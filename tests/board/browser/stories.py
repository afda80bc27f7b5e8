"""What people come to the board for, step by step, as they do it: with a script or without one."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.board.browser.stage import run_in
from tests.chromium import Tab

CHOSEN = (
    "(() => { getSelection().selectAllChildren(document.getElementById('{}')); return getSelection().toString(); })()"
)


def copied(tab: Tab, name: str) -> str:
    """Return what somebody copies who marks a part of the page."""
    return str(tab.ask(CHOSEN.replace("{}", name)))


def find_question(page: Page, thread: str) -> None:
    """From the inbox, open the question of a thread."""
    waits = page.locator("li", has=page.get_by_role("link", name=thread))
    waits.get_by_role("heading").get_by_role("link").click()
    expect(page.get_by_role("heading", name="Your answer")).to_be_visible()


def choose(page: Page, decision: str, because: str, person: str | None = "cfo") -> None:
    """Fill in the form of a decision, and send it."""
    if person:
        page.get_by_label("You are").select_option(person)
    page.get_by_role("radio", name=decision).check()
    page.get_by_label("Why", exact=True).fill(because)
    page.locator("form.answer").get_by_role("button").first.click()


def sign(tab: Tab, home: Path) -> None:
    """Run the command that the page shows, and paste what it prints."""
    expect(tab.page.get_by_role("heading", name="Sign the answer")).to_be_visible()
    tab.page.get_by_label("Signature").fill(run_in(home, copied(tab, "command")))
    tab.page.get_by_role("button", name="Give this answer").click()
