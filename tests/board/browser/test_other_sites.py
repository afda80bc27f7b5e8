"""Pages of other places, in the browser of somebody who is logged in at the board: they can do nothing there."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Response

from tests.board.browser.elsewhere import Elsewhere
from tests.board.browser.guarded import Guarded
from tests.board.visitor import visitor
from tests.chromium import Tab

pytestmark = [pytest.mark.system, pytest.mark.needs("chromium"), pytest.mark.timeout(300)]

FORM = """<form method=post action="{url}"{more}>{fields}</form><script>document.forms[0].submit()</script>"""
FIELD = '<input type=hidden name="{name}" value="{value}">'
FETCHED = """([url, options]) => fetch(url, options).then(
  answer => [answer.type, answer.status], error => [String(error)])"""
TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")


@pytest.fixture(scope="module")
def waiting(guard: Guarded) -> str:
    """A thread that waits for the person whose browser it is."""
    return guard.board.begun("launch", guard.tokens["cfo"])


@pytest.fixture
def victim(guard: Guarded, browser: Browser) -> Iterator[Tab]:
    with guard.logged_in(browser, "cfo") as opened:
        yield opened


@pytest.fixture
def deeds(guard: Guarded, waiting: str) -> dict[str, dict[str, str]]:
    """What could be done at the board, with all that a form needs but what only its own page has."""
    question = guard.board.question(waiting, guard.tokens["cfo"])
    answer = {"step": "give", "by": "cfo", "decision": "no_go", "because": "So I say."}
    return {
        f"/board/runs/{waiting}/answer/{question}": answer,
        f"/board/runs/{waiting}/reopen": {},
        "/board/watch": {},
        "/board/logout": {},
        "/board/login": {"token": guard.tokens["gus"], "next": "/board"},
    }


@pytest.fixture(autouse=True)
def untouched(guard: Guarded, waiting: str, victim: Tab) -> Iterator[None]:
    """Nothing is written, and whoever was logged in still is."""

    def seen() -> Any:
        answer = [
            guard.board.read(f"/v1/{path}", guard.tokens["cfo"]).text for path in (f"runs/{waiting}/audit", "runs")
        ]
        return answer, sorted(map(json.dumps, kept(victim)))

    before = seen()
    yield
    assert seen() == before
    victim.open(guard.board.at("/board/watch"), 1280, 800)
    assert victim.page.get_by_text("cfo", exact=True).is_visible()
    assert victim.page.get_by_text("Nobody has asked here for a look").is_visible()


def kept(tab: Tab) -> list[Any]:
    return [each for each in tab.page.context.cookies() if each.get("name") == "accord_board"]


def posted(tab: Tab) -> list[int]:
    """Note the statuses of what is posted from now on."""
    found: list[int] = []

    def note(answer: Response) -> None:
        if answer.request.method == "POST":
            found.append(answer.status)

    tab.page.on("response", note)
    return found


def form(url: str, fields: dict[str, str], more: str = "") -> str:
    written = "".join(FIELD.format(name=name, value=value) for name, value in fields.items())
    return FORM.format(url=url, fields=written, more=more)


@pytest.mark.parametrize("kind", TYPES)
def test_a_form_that_sends_itself_is_refused(
    kind: str, guard: Guarded, deeds: dict[str, dict[str, str]], victim: Tab, place: Elsewhere
) -> None:
    with visitor(guard.board.served.url) as thief:
        thief.get("/board/login")
        stolen = thief.page.form("/board/login").fields["form"]
    statuses = posted(victim)
    for path, fields in deeds.items():
        for hidden in ({}, {"form": ""}, {"form": stolen}):
            page = form(guard.board.at(path), {**fields, **hidden}, f' enctype="{kind}"')
            victim.page.goto(place.put(page))
            victim.page.wait_for_url(f"**{path}")
    assert len(statuses) == 3 * len(deeds)
    assert {*statuses} <= {403, 415, 422}, statuses


@pytest.mark.parametrize("options", [{"mode": "no-cors"}, {"mode": "cors"}, {"headers": {"x-requested-with": "x"}}])
def test_a_script_elsewhere_cannot_post_with_the_cookies_of_the_board(
    options: dict[str, Any], guard: Guarded, deeds: dict[str, dict[str, str]], victim: Tab, place: Elsewhere
) -> None:
    victim.page.goto(place.put("Here."))
    statuses = posted(victim)
    for path, fields in deeds.items():
        body = "&".join(f"{name}={value}" for name, value in fields.items())
        kind = {"content-type": "application/x-www-form-urlencoded"}
        asked = {"method": "POST", "credentials": "include", "body": body, **options}
        asked["headers"] = {**kind, **options.get("headers", {})}
        told = victim.page.evaluate(FETCHED, [guard.board.at(path), asked])
        assert told in (["opaque", 0], ["TypeError: Failed to fetch"]), path
    assert {*statuses} <= {403}, statuses


def test_a_script_elsewhere_reads_no_page_of_the_board(
    guard: Guarded, waiting: str, victim: Tab, place: Elsewhere
) -> None:
    victim.page.goto(place.put("Here."))
    for path in (
        "/board",
        "/board/inbox",
        f"/board/runs/{waiting}",
        f"/board/runs/{waiting}/events",
        "/board/static/board.css",
    ):
        asked = {"credentials": "include"}
        assert victim.page.evaluate(FETCHED, [guard.board.at(path), asked]) == ["TypeError: Failed to fetch"], path
    heard = """async url => new Promise(done => { const source = new EventSource(url, {withCredentials: true});
      source.onopen = () => done('opened'); source.onerror = () => { source.close(); done('refused'); }; })"""
    assert victim.page.evaluate(heard, guard.board.at(f"/board/runs/{waiting}/events")) == "refused"


@pytest.mark.parametrize("frame", ["<iframe src='{}'></iframe>", "<object data='{}'></object>", "<embed src='{}'>"])
def test_no_page_of_the_board_is_framed(
    frame: str, guard: Guarded, waiting: str, victim: Tab, place: Elsewhere
) -> None:
    for path in ("/board", "/board/login", "/board/inbox", f"/board/runs/{waiting}", f"/board/runs/{waiting}/report"):
        victim.page.goto(place.put(frame.format(guard.board.at(path))))
        victim.page.wait_for_timeout(200)
        texts = [each.evaluate("document.body ? document.body.innerText : ''") for each in victim.page.frames[1:]]
        assert not [text for text in texts if "Accord" in text or "Runs" in text or "Log in" in text], path


def test_a_window_that_another_page_opens_is_out_of_its_reach(guard: Guarded, victim: Tab, place: Elsewhere) -> None:
    victim.page.goto(place.put("Here."))
    with victim.page.context.expect_page() as opened:
        victim.page.evaluate("url => { window.theirs = window.open(url); }", guard.board.at("/board/inbox"))
    opened.value.wait_for_load_state()
    assert victim.page.evaluate("window.theirs.closed"), "the opener has lost it"
    assert opened.value.evaluate("window.opener") is None
    opened.value.close()


def test_a_form_of_a_page_without_an_origin_is_refused(
    guard: Guarded, deeds: dict[str, dict[str, str]], victim: Tab, place: Elsewhere
) -> None:
    """`Origin` is null of a page in a sandbox."""
    statuses = posted(victim)
    for path, fields in deeds.items():
        sandboxed = form(guard.board.at(path), fields, " target=_top").replace('"', "&quot;")
        allowed = "allow-forms allow-scripts allow-top-navigation"
        victim.page.goto(place.put(f'<iframe sandbox="{allowed}" srcdoc="{sandboxed}"></iframe>'))
        victim.page.wait_for_url(f"**{path}")
    assert statuses == [403] * len(deeds)
