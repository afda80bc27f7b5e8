"""The runs of the reports, each made once a session of tests, and a browser to look at their pages."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.report.browser import Tab, open_browser
from tests.report.stage import Told
from tests.report.works import EVERY

Telling = Callable[[str], Told]
Look = Callable[[Tab, Path], Awaitable[Any]]
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


@pytest.fixture
def look(tmp_path: Path, story: Telling) -> Iterator[Looking]:
    """Shows a story's page to a function in a browser of its own."""

    def shown(name: str, looking: Look) -> Any:
        page = tmp_path / "page.html"
        page.write_text(story(name).page, encoding="utf-8")

        async def main() -> Any:
            async with open_browser(tmp_path / "profile") as tab:
                return await looking(tab, page)

        return asyncio.run(main())

    yield shown
    shutil.rmtree(tmp_path / "profile", ignore_errors=True)
