"""The browser of the tests sees what is wrong with a page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.chromium import open_browser, open_tab

pytestmark = [pytest.mark.system, pytest.mark.needs("chromium")]

POLICY = "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">"
HALF_RED = "<style>html { background: linear-gradient(90deg, #f00 50%, #00f 50%) }</style>"
REFUSED = "<script>document.title = 'ran'</script><img src=https://elsewhere.invalid/seen alt=x>"
PAGE = f"<!doctype html><html lang=en><head>{POLICY}<title>still</title>{HALF_RED}</head><body>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


def written(folder: Path, body: str) -> str:
    page = folder / "page.html"
    page.write_text(PAGE + body, encoding="utf-8")
    return page.as_uri()


def test_it_counts_colours_in_a_window_of_the_size_that_is_asked_for(browser: Browser, tmp_path: Path) -> None:
    with open_tab(browser) as tab:
        tab.open(written(tmp_path, ""), 300, 100)
        assert tab.colours() == {(255, 0, 0): 15_000, (0, 0, 255): 15_000}


def test_it_finds_barriers_whatever_the_page_forbids(browser: Browser, tmp_path: Path) -> None:
    with open_tab(browser) as tab:
        tab.open(written(tmp_path, "<main><h1>Name</h1><input></main>"), 300, 100)
        assert [(rule, impact) for rule, impact, _ in tab.barriers()] == [("label", "critical")]


def test_it_tells_what_was_refused_and_what_was_asked_for(browser: Browser, tmp_path: Path) -> None:
    with open_tab(browser) as tab:
        tab.open(place := written(tmp_path, REFUSED), 300, 100)
        assert tab.page.title() == "still"
        assert len(tab.said) == 2
        assert all("Content Security Policy" in line for line in tab.said)
        assert tab.asked == [place, "https://elsewhere.invalid/seen"]


def test_it_tells_of_dialogs_and_failures_of_scripts(browser: Browser) -> None:
    with open_tab(browser) as tab:
        tab.page.set_content("<script>alert('here'); console.log('there'); nothing.at.all</script>")
        assert tab.said == ["alert: here", "log: there", "failed: nothing is not defined"]


def test_without_scripts_a_page_is_as_it_was_sent(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<title>sent</title><script>document.title = 'ran'</script><noscript>plain</noscript>")
    for scripts, seen in ((True, ("ran", "")), (False, ("sent", "plain"))):
        with open_tab(browser, scripts) as tab:
            tab.open(page.as_uri(), 300, 100)
            assert (tab.page.title(), tab.page.inner_text("body")) == seen


def test_pictures_are_kept_where_somebody_wants_them_and_nowhere_else(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHOTS", raising=False)
    with open_tab(browser) as tab:
        tab.open(written(tmp_path, "<h1>Name</h1>"), 300, 100)
        tab.shoot("unwanted")
        monkeypatch.setenv("SHOTS", str(tmp_path))
        tab.shoot("wanted")
    assert [path.name for path in tmp_path.rglob("*.png")] == ["wanted.png"]
