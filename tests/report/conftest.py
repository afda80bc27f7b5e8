"""The runs of the reports, each made once a session of tests, and a browser to look at their pages."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import Tab, open_browser, open_tab
from tests.report.stage import Told
from tests.report.works import EVERY

Telling = Callable[[str], Told]
Look = Callable[[Tab, Path], Any]
Looking = Callable[[str, Look], Any]


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Telling:
    """Returns a story by its name."""
    known: dict[str, Told] = {}

    def tell(name: str) -> Told:
        if name not in known:
            known[name] = EVERY[name](tmp_path_factory.mktemp(name))
        return known[name]

    return tell


@pytest.fixture(scope="session")
def _in_the_browser() -> Iterator[Callable[[Callable[[Tab], Any]], Any]]:
    """Calls a function with a new tab of one browser, in a thread of its own: stories are told with `asyncio.run`."""
    with ThreadPoolExecutor(1) as thread, ExitStack() as opened:
        browser = thread.submit(opened.enter_context, open_browser()).result()

        def call(looking: Callable[[Tab], Any]) -> Any:
            with open_tab(browser) as tab:
                return looking(tab)

        yield lambda looking: thread.submit(call, looking).result()
        thread.submit(opened.close).result()


@pytest.fixture
def look(tmp_path: Path, story: Telling, _in_the_browser: Callable[[Callable[[Tab], Any]], Any]) -> Looking:
    """Shows a story's page to a function in a tab of its own."""

    def shown(name: str, looking: Look) -> Any:
        page = tmp_path / "page.html"
        page.write_text(story(name).page, encoding="utf-8")
        return _in_the_browser(lambda tab: looking(tab, page))

    return shown
