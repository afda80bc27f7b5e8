"""A board for two tenants, and their people at it, each in a browser of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.board.browser.stage import Board, board, teams
from tests.chromium import Tab, open_tab
from tests.service.callers import token


@dataclass(frozen=True)
class Guarded:
    """The board, and the token of each person: `cfo` and `ron` are of one tenant, `gus` of another."""

    board: Board
    tokens: dict[str, str]

    @contextmanager
    def logged_in(self, browser: Browser, person: str) -> Iterator[Tab]:
        """Open a tab in which a person has logged in."""
        with open_tab(browser) as tab:
            tab.open(self.board.at("/board"), 1280, 800)
            log_in(tab.page, self.tokens[person])
            expect(tab.page.get_by_role("heading", name="Runs")).to_be_visible()
            yield tab


def log_in(page: Page, token: str) -> None:
    """Fill in the form of the login."""
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Log in").click()


@contextmanager
def guarded(folder: Path) -> Iterator[Guarded]:
    """Start a board for two tenants."""
    with board(folder, teams(None)) as opened:
        tokens = {
            "cfo": token(opened.home, "acme", "cfo"),
            "ron": token(opened.home, "acme", "ron", "read"),
            "gus": token(opened.home, "globex", "gus"),
        }
        yield Guarded(opened, tokens)
