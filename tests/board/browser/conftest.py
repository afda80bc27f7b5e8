"""A browser, a board with threads in every state, and a tab at it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.board.browser.elsewhere import Elsewhere, elsewhere
from tests.board.browser.guarded import Guarded, guarded
from tests.board.browser.stage import Board, Model, board, new_key, public_key, teams
from tests.chromium import Tab, open_browser, open_tab


@dataclass(frozen=True)
class Stage:
    """A board that anybody on this machine may use, and the home of the person who is asked."""

    board: Board
    cfo: Path

    @property
    def model(self) -> Model:
        return self.board.model


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    with open_tab(browser) as opened:
        yield opened


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    cfo = new_key(tmp_path_factory.mktemp("cfo"))
    with board(tmp_path_factory.mktemp("board"), teams(public_key(cfo))) as opened:
        yield Stage(opened, cfo)


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded(tmp_path_factory.mktemp("guarded")) as opened:
        yield opened


@pytest.fixture(scope="module")
def place() -> Iterator[Elsewhere]:
    with elsewhere() as opened:
        yield opened
