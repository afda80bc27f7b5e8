"""Headers and pages of the board: what a browser is told about them, and that nothing on them needs more."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.board.conftest import House
from tests.board.visitor import Page, Visitor

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
POLICY = {
    "default-src": "'none'",
    **dict.fromkeys(("script-src", "style-src", "connect-src", "img-src", "form-action"), "'self'"),
    **dict.fromkeys(("base-uri", "frame-ancestors"), "'none'"),
}
PAGES = (
    *("/board", "/board/inbox", "/board/watch", "/board/teams", "/board/teams/checkout_launch", "/board/login"),
    *("/board/x", "/board/runs/x", "/board?status=x", "/board/teams/x"),
)


def pages(house: House, somebody: Visitor) -> Iterator[tuple[str, httpx.Response]]:
    """Yield each page by a name: what is found and what is not, and what a form leads to, refused or to be checked."""
    yield "login", somebody.get("/board/login")
    decided, waits = (f"/board/runs/{house.thread_of('ada', team)}" for team in ("checkout_launch", "lacking"))
    somebody.log_in(house.tokens["cfo"])
    (asked,) = {each for each in Page(somebody.get(waits).text).links if each.startswith(f"{waits}/answer/")}
    runs = [f"{run}{part}" for run in (decided, waits) for part in ("", "/live", "/why")]
    for path in (*PAGES, *runs, f"{waits}/answer/x", asked):
        yield path, somebody.get(path)
    review, refused = (somebody.send(asked, {"value": value, "step": "check"}) for value in ("0.5", "[1,"))
    assert (review.status_code, Page(review.text).title, refused.status_code) == (200, "Check the answer – Accord", 422)
    yield from {"review": review, "refused": refused}.items()


def test_what_a_browser_may_do_with_a_page(house: House, somebody: Visitor) -> None:
    for path, answer in pages(house, somebody):
        told = answer.headers
        directives = dict(part.strip().split(" ", 1) for part in told["content-security-policy"].split(";"))
        assert directives == POLICY, path
        assert told["x-content-type-options"] == "nosniff"
        assert told["referrer-policy"] == "same-origin", "a form of a page without a referrer has the origin null"
        assert told["cache-control"] == "no-store"
        assert told["cross-origin-opener-policy"] == "same-origin"
        assert told["cross-origin-resource-policy"] == "same-origin"
        assert [name for name in told if name.startswith("access-control")] == []


def test_the_record_to_keep_is_no_page_and_is_kept_by_nobody_on_the_way(house: House) -> None:
    thread = house.thread_of("ada")
    told = house.served.ask("GET", f"/board/runs/{thread}/audit", house.tokens["ada"]).headers
    assert told["content-type"] == "application/x-ndjson"
    assert told["content-disposition"] == 'attachment; filename="record.ndjson"'
    assert told["accord-head"]
    assert (told["cache-control"], told["x-content-type-options"]) == ("no-store", "nosniff")
    assert "default-src 'none'" in told["content-security-policy"]


def test_a_redirect_is_not_kept_either(house: House, somebody: Visitor) -> None:
    for answer in (house.served.ask("GET", "/board"), somebody.log_in(house.tokens["ada"])):
        assert (answer.status_code, answer.headers["cache-control"]) == (303, "no-store")


def test_no_page_of_elsewhere_may_read_the_board(house: House) -> None:
    asked = {"access-control-request-method": "GET"}
    for origin in ("https://smith.langchain.com", "https://evil.example", "null"):
        for headers in ({"origin": origin}, {"origin": origin, **asked}):
            for method in ("GET", "OPTIONS"):
                answer = house.served.ask(method, "/board", house.tokens["ada"], headers=headers)
                assert answer.status_code == 403, (method, headers)
                assert [name for name in answer.headers if name.startswith("access-control")] == []


def test_a_page_has_nothing_that_its_own_policy_forbids(house: House, somebody: Visitor) -> None:
    for path, answer in pages(house, somebody):
        for tag, values in Page(answer.text).tags:
            assert tag not in ("style", "iframe", "object", "embed", "base"), path
            assert [name for name in values if name.startswith("on") or name == "style"] == [], path
            assert tag != "script" or (values.get("src") or "").startswith("/board/static/"), path
            for name in ("src", "href", "action", "formaction"):
                assert (values.get(name) or "/").startswith(("/board", "#", "/")), (path, tag, values)
                assert not (values.get(name) or "").startswith("//"), (path, tag, values)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "graph/web/board/templates").glob("*.html")), ids=lambda path: path.name
)
def test_every_form_of_a_template_has_the_hidden_field(path: Path) -> None:
    parts = path.read_text(encoding="utf-8").split('method="post"')[1:]
    assert [part.split("</form>")[0].count("form_field(") for part in parts] == [1] * len(parts)


@pytest.mark.parametrize("name", ["board.css", "board.js"])
def test_a_file_of_the_board_is_open_and_asked_for_again(name: str, house: House) -> None:
    answer = house.served.ask("GET", f"/board/static/{name}")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content == (ROOT / "graph/web/board/static" / name).read_bytes()
    again = house.served.ask("GET", f"/board/static/{name}", headers={"cookie": "accord_board=x; accord_board=y"})
    assert again.status_code == 200
    for strange in ("../pages.py", "..%2fpages.py", "%2e%2e/pages.py", "board.css%00", "x/board.css", "BOARD.CSS"):
        assert house.served.ask("GET", f"/board/static/{strange}").status_code in (400, 404)


def test_who_is_logged_in_is_on_each_page_that_was_found_or_not(house: House, somebody: Visitor) -> None:
    somebody.log_in(house.tokens["ada"])
    for path in ("/board", "/board/runs/x", "/board?status=x"):
        page = Page(somebody.get(path).text)
        assert "ada" in page.text, path
        assert page.form("/board/logout").method == "post"
